"""The short form of ``make chaos``: every kind of fault, and a share of the crashes."""

import pytest
from hypothesis import HealthCheck, settings

from .crash_points import ROADS, crash_points, crashed, walked
from .faults import EVERY_KIND, Fault
from .history import lived
from .machine import Chaos
from .virtual import quiet

# One of so many crash points is tried here; ``make chaos`` tries all.
_EVERY = 151
_SHARE = 10
_SEEDS = [range(at, at + _SHARE, 5) for at in range(0, len(EVERY_KIND), _SHARE)]

TestChaos = Chaos.TestCase
TestChaos.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _quiet():
    with quiet():
        yield


@pytest.mark.parametrize("seeds", _SEEDS, ids=lambda seeds: f"from {seeds[0]}")
def test_no_rule_breaks_in_any_history(seeds):
    told = [lived(seed) for seed in seeds]

    assert [(one.seed, one.broken) for one in told if one.broken] == []
    assert sum(one.fired.total() for one in told) >= 1


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.name)
def test_no_rule_breaks_wherever_a_process_dies(road):
    points = crash_points(road)[::_EVERY]

    broken = [what for point in points for what in crashed(road, point)]

    assert broken == []
    assert len(points) >= 2


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.name)
def test_no_call_of_the_store_acts_twice_when_it_is_repeated(road):
    world, broken = walked(road, asks_twice=True)

    assert broken == []
    assert len(world.sent) >= 2


def test_nobody_writes_under_a_lease_that_another_has_by_then():
    assert broken_where_frozen("pipeline", "finish") == []


def test_nobody_intends_a_reset_under_a_lease_that_ran_out():
    assert broken_where_frozen("paused") == []


def broken_where_frozen(*names):
    """Stop a worker for longer than its lease, wherever it asks the store for these."""
    road = ROADS[0]
    points = [
        point
        for point in crash_points(road)
        if point[0][1] == "frozen_past_the_lease"
        and point[1][1] == "store"
        and point[1][2] in names
    ]
    # One that is called otherwise by now would leave nothing to try.
    assert {where[2] for _, where in points} == set(names)
    return [what for point in points for what in crashed(road, point)]


def test_no_report_is_asked_for_before_the_last_read_back():
    _, broken = walked(ROADS[0])

    assert broken == []


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("turn", 1, "hinted"), Fault("look_up", 1, "unreadable")],
        [Fault("turn", 1, "hinted"), Fault("look_up", 1, "killed_after")],
        [Fault("turn", 1, "named_nobody")],
    ],
    ids=lambda faults: faults[-1].kind,
)
def test_what_was_acknowledged_is_in_a_case_or_on_a_list(faults):
    told = lived(8, faults)

    assert told.broken == ()
    assert told.fired.total() == len(faults)


def test_two_cases_never_have_a_reset_of_one_target_out_at_once():
    road = next(one for one in ROADS if one.name == "adoption beside it")

    world, broken = walked(road)

    assert broken == []
    assert len({one.target_id for one in world.sent}) == len(world.sent) == 2


@pytest.mark.parametrize("kind", ["lost_after", "killed_after", "half_a_json"])
def test_a_reset_whose_answer_is_lost_is_sent_once(kind):
    world, broken = walked(ROADS[0], faults=[Fault("send", 1, kind)])

    assert world.plan.fired == {f"send:{kind}": 1}
    assert len(world.sent) == 2
    assert broken == []


def test_a_seed_gives_the_same_history_again():
    first, again = lived(77), lived(77)

    assert again == first
    assert first.fired.total() > 0
