"""What holds whatever happens: any faults, any order, any number of deliveries."""

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    OTHER_FID,
    ROBIN,
    TOKYO,
    a_departure,
)
from fakes import WorkerDied, a_world, perform
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import CaseStatus, Outcome, Step, Unread, Work

TARGETS = (DALLAS, FRANKFURT, TOKYO)
DOWN = TransientError("timeout")
ENDS = (
    "ok",
    "lost_before",
    "lost_after",
    "refused",
    "transient",
    "limited",
    "unshown",
    "nothing",
    "died_before",
    "died_after",
)
owners = st.sampled_from(
    [
        DANA,
        DANA,
        ROBIN,
        FID,
        OTHER_FID,
        Unread(Reason.NO_ROLE),
        Unread(Reason.NOT_FOUND),
    ]
)
plenty = st.integers(0, 12)


@st.composite
def worlds(draw):
    """A world in which each kind of fault comes a number of times, and then no more."""
    world = a_world(
        *TARGETS,
        owners={one: draw(owners) for one in TARGETS},
        lag=draw(st.sampled_from([0, 3, 100, 400])),
    )
    for call in ("people", "targets", "identities"):
        world.cloud.faults[call].extend([DOWN] * draw(plenty))
    for one in TARGETS:
        for call in ("key_owner", "candidates", "has_new_key"):
            world.cloud.faults[call, one.id].extend([DOWN] * draw(plenty))
        script = st.lists(st.sampled_from(ENDS), max_size=4)
        world.resets.script[one.id].extend(draw(script))
    world.resets.faults.extend([DOWN] * draw(plenty))
    world.slack.script.extend([DOWN] * draw(plenty))
    deaths = draw(st.sets(st.integers(0, 40), max_size=4))
    world.store.after = dying_at(deaths)
    return world


def dying_at(deaths):
    writes = []

    def after(kind, change):
        writes.append(kind)
        if len(writes) in deaths:
            raise WorkerDied

    return after


def believed(world):
    """Return who the reader said owned each target before anything was sent."""
    return {one.id: world.cloud.truth(one) for one in TARGETS}


@given(worlds())
@settings(max_examples=120, deadline=None)
def test_whatever_happens_a_case_ends_and_keeps_to_the_rules(world):
    before = believed(world)
    shown = {one.id: [] for one in TARGETS}
    read = world.cloud.key_owner

    def key_owner(target):
        reading = read(target)
        shown[target.id].append(reading)
        return reading

    world.cloud.key_owner = key_owner

    case = world.settle()

    assert case.status is CaseStatus.SETTLED
    assert all(before[one] == DANA for one, _ in world.resets.sends)
    for one in case.targets:
        assert one.is_settled
        assert one.resets <= 1 + one.proven_failures
        assert world.resets.sent(one.target) <= one.resets
        if one.outcome is Outcome.VERIFIED:
            assert FID in shown[one.target.id]
            assert one.owner_after == FID


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Step)), st.sampled_from(TARGETS)), max_size=12
    ),
    st.integers(0, 30),
)
@settings(max_examples=60, deadline=None)
def test_any_order_and_repetition_of_deliveries_ends_in_the_same_case(stray, moment):
    world = a_world(*TARGETS, owners={TOKYO: ROBIN}, lag=10)
    world.open()
    world.run(seconds=moment)

    for step, target in stray:
        is_of_target = step in (Step.RESET, Step.VERIFY)
        work = Work("01CASE", step, target.id if is_of_target else "")
        perform(world.tools, world.store, work)
    world.run()

    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.VERIFIED, None),
    }
    assert sorted(one for one, _ in world.resets.sends) == [FRANKFURT.id, DALLAS.id]
    assert [line for line, _, _ in world.slack.got] == ["slack:final:1"]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_number_of_departures_at_any_time_resets_each_target_once(moments):
    world = a_world(*TARGETS, lag=15)
    world.open()

    for number, seconds in enumerate(moments):
        world.run(seconds=seconds)
        if world.case().status is CaseStatus.SETTLED:
            break
        world.open(departure=a_departure(event_key=f"okta:{number}"))
    world.run()

    assert [world.resets.sent(one) for one in TARGETS] == [1, 1, 1]
    assert world.case().result == "safe"
