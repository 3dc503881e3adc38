"""One account that hangs, slows down or refuses, and what the others have of it."""

from dataclasses import replace
from datetime import timedelta
from threading import Event, Timer

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    ROBIN,
    TOKYO,
    a_case,
    a_person,
)
from fakes import a_surveyed_world, a_world, perform

from workers.offboarding import discovery
from workers.offboarding.checking import check_all
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.health import Verdict
from workers.offboarding.kept_views import KeptViews
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Outcome,
    Scope,
    Step,
    Work,
)
from workers.offboarding.view import View

DOWN = TransientError("timeout")
NARROW = Scope(regions=("us-south",))


@pytest.fixture(autouse=True)
def _glances(monkeypatch):
    monkeypatch.setattr(discovery, "_GLANCE_SECONDS", 0.01)


@pytest.fixture
def end():
    """Hold what hangs until the test is over."""
    over = Event()
    yield over
    over.set()


def hangs(cloud, *calls, end):
    """Have calls of an account wait, and say how long they do; until it is told."""

    def hung(kept):
        def wait(*given, **more):
            if cloud.silent_for:
                end.wait(10)
                raise DOWN
            return kept(*given, **more)

        return wait

    cloud.silent_for = 60.0
    for each in calls:
        setattr(cloud, each, hung(getattr(cloud, each)))


def until_begun(world):
    """Work until the first target is reset, which is after the first look."""
    world.run(until=lambda: world.resets.sent(DALLAS) == 1)


def comes_back(cloud):
    cloud.silent_for = 0.0


def two_accounts(world, end, *calls):
    second, resets = world.add_account("acct2", TOKYO)
    hangs(second, *(calls or ("people", "targets", "cluster_keys")), end=end)
    return second, resets


def test_an_account_that_hangs_keeps_no_target_of_another_waiting(end):
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    two_accounts(world, end)

    world.open()
    until_begun(world)

    assert world.resets.sent(DALLAS) == 1
    assert world.clock() < NOON + timedelta(seconds=10)
    assert world.case().status is CaseStatus.OPEN
    assert world.whats().count("case.planned") == 1


def test_what_hung_is_looked_for_again_and_done_when_it_comes_back(end):
    world = a_world(DALLAS)
    second, resets = two_accounts(world, end)
    world.open()
    until_begun(world)

    comes_back(second)
    world.run()

    case = world.case()
    assert case.result is CaseResult.SAFE
    assert {one.target.account_id for one in case.targets} == {"acct1", "acct2"}
    assert len(resets.sends) == 1


def test_what_hangs_for_good_is_reported_as_not_seen(end):
    world = a_world(DALLAS)
    second, _ = two_accounts(world, end)
    world.tools = replace(world.tools, names={"acct1": "team-1", "acct2": "team-2"})
    world.open()
    until_begun(world)

    for call in ("people", "targets", "cluster_keys", "identities"):
        second.faults[call].extend([DOWN] * 9)
    comes_back(second)
    world.run()

    case = world.case()
    assert case.result is CaseResult.ATTENTION
    assert {one.reason for one in case.warnings} == {Reason.LIST_UNREADABLE}
    assert all("account team-2 (acct2)" in one.text for one in case.warnings)
    assert {one.outcome for one in case.targets} == {Outcome.VERIFIED}


def test_what_a_survey_knows_there_stands_in_the_case_as_unread(end):
    world = a_surveyed_world(DALLAS)
    second, _ = world.add_account("acct2", TOKYO)
    world.survey(second)
    hangs(second, "people", "targets", "cluster_keys", "cluster_keys_since", end=end)
    second.faults["targets"].extend([DOWN] * 9)
    second.faults["key_owner"].extend([DOWN] * 99)
    world.open()
    until_begun(world)
    assert world.resets.sent(DALLAS) == 1

    comes_back(second)
    world.run()

    by_account = {
        one.target.account_id: (one.outcome, one.reason) for one in world.case().targets
    }
    assert by_account == {
        "acct1": (Outcome.VERIFIED, None),
        "acct2": (Outcome.UNREAD, Reason.LIST_SHORT),
    }
    assert world.case().result is CaseResult.ATTENTION


def test_an_account_that_is_slow_is_waited_for_once_the_others_are_under_way(end):
    world = a_world(DALLAS)
    second, resets = two_accounts(world, end)
    world.open()
    until_begun(world)

    # It still takes long, and now somebody waits for it.
    Timer(0.2, comes_back, [second]).start()
    Timer(0.3, end.set).start()
    world.run()

    assert len(resets.sends) == 1
    assert world.case().result is CaseResult.SAFE


def test_nobody_is_left_out_where_there_is_one_account_alone(end):
    world = a_world(DALLAS)
    world.cloud.silent_for = 60.0

    assert world.settle().result is CaseResult.SAFE


def test_what_was_seen_whole_is_not_read_again_for_the_sake_of_another_account():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    second, _ = world.add_account("acct2", TOKYO)
    second.faults["targets"].extend([DOWN] * 3)

    world.settle()

    assert world.journal.count(f"key_owner {FRANKFURT.id}") == 1
    # The second account shows its users at each of four looks, the first at one.
    assert world.journal.count("people") == 5
    assert world.case().result is CaseResult.SAFE


def test_who_joins_meanwhile_has_everything_looked_at_anew():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    second, _ = world.add_account("acct2", TOKYO)
    second.faults["targets"].extend([DOWN] * 3)
    world.open()
    until_begun(world)

    world.open()
    world.run()

    assert world.journal.count(f"key_owner {FRANKFURT.id}") == 2


def test_a_hanging_account_does_not_take_the_warm_start_from_the_others(end):
    world = a_surveyed_world(DALLAS)
    second, _ = world.add_account("acct2", TOKYO)
    world.survey(second)
    # A later survey could not see it any more.
    for call in ("people", "targets"):
        second.faults[call].append(DOWN)
    world.survey(second, at=NOON + timedelta(minutes=1))
    hangs(second, "people", "targets", "cluster_keys", end=end)
    world.journal.clear()

    world.open()
    until_begun(world)

    assert "case.planned_from_index" in world.whats()
    assert world.resets.sent(DALLAS) == 1


def test_a_user_list_that_is_too_old_begins_nobody_from_the_index(end):
    world = a_surveyed_world(DALLAS)
    second, _ = world.add_account("acct2", TOKYO)
    world.survey(second, at=NOON - timedelta(hours=13))
    for call in ("people", "targets"):
        second.faults[call].append(DOWN)
    world.survey(second)

    world.settle()

    assert "case.planned_from_index" not in world.whats()


def test_views_are_kept_for_five_minutes_of_one_case():
    kept, view = KeptViews(), View("acct1")
    kept.keep("01CASE", NOON, [view])

    assert kept.of("01CASE", NOON + timedelta(minutes=5)) == {"acct1": view}
    assert kept.of("01CASE", NOON + timedelta(minutes=5, seconds=1)) is None
    assert kept.of("01OTHER", NOON) is None


def test_their_life_counts_from_the_first_look():
    kept, view = KeptViews(), View("acct1")
    kept.keep("01CASE", NOON, [view])
    kept.keep("01CASE", NOON + timedelta(minutes=4), [view])

    assert kept.of("01CASE", NOON + timedelta(minutes=6)) is None


@pytest.mark.parametrize(
    ("scope", "known", "is_kept"),
    [
        (NARROW, ["one", "two"], True),
        (None, ["one", "two"], False),
        (NARROW, ["two"], False),
    ],
)
def test_what_was_asked_for_less_is_not_given_out(scope, known, is_kept):
    kept, view = KeptViews(), View("acct1")
    kept.keep("01CASE", NOON, [view], NARROW, ["one"])

    assert (kept.of("01CASE", NOON, scope, known) is not None) is is_kept


def test_a_scope_that_was_widened_at_another_worker_is_looked_at_here_too():
    world = a_world(DALLAS, FRANKFURT)
    second, _ = world.add_account("acct2", TOKYO, owners={TOKYO: ROBIN})
    second.faults["people"].extend([DOWN] * 2)
    another = replace(world.tools, kept=KeptViews())
    world.open(a_case(scope=NARROW))
    plan = Work("01CASE", Step.PLAN)
    perform(world.tools, world.store, plan)

    world.open(a_case(id="01WIDE"))
    world.cloud.faults["targets"].append(DOWN)
    world.clock.advance(3)
    perform(another, world.store, plan)
    assert world.case().scope is None
    world.clock.advance(3)
    world.run()

    assert {one.target for one in world.case().targets} == {DALLAS, FRANKFURT}
    assert world.case().result is CaseResult.SAFE


def test_what_is_looked_at_anew_is_kept_for_as_long_again():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    second, _ = world.add_account("acct2", TOKYO)
    slow = TransientError("429", retry_after_seconds=200)
    second.faults["targets"].extend([slow] * 3)

    assert world.settle().result is CaseResult.SAFE

    # At first, and where that was too old; not at the looks behind these.
    assert world.journal.count(f"key_owner {FRANKFURT.id}") == 2


def test_of_many_cases_the_oldest_look_at_everything_anew():
    kept = KeptViews()
    for number in range(33):
        kept.keep(f"case-{number}", NOON, [View("acct1")])

    assert kept.of("case-0", NOON) is None
    assert kept.of("case-32", NOON) == {"acct1": View("acct1")}


def test_the_leaver_is_looked_for_under_the_names_of_the_last_whole_user_list():
    world = a_surveyed_world(DALLAS)
    second, _ = world.add_account("acct2", TOKYO)
    world.survey(second)
    for call in ("people", "targets"):
        second.faults[call].append(DOWN)
    world.survey(second, at=NOON + timedelta(minutes=1))

    index = world.index.of("acct2")

    assert not index.has_people
    assert index.people_read_at == NOON
    assert [one.owner_now for one in index.of(DANA.id)] == [None]


@pytest.mark.parametrize("how", ["hangs", "refuses"])
def test_two_people_of_one_name_are_two_though_the_list_of_one_is_not_shown(how, end):
    world = a_surveyed_world(DALLAS)
    second, _ = world.add_account("acct2", TOKYO, owners={TOKYO: ROBIN})
    twin = a_person(ROBIN, email=DANA.email)
    second.users = [twin, a_person(FID)]
    world.survey(second)
    if how == "hangs":
        hangs(second, "people", "targets", end=end)
    second.faults["people"].extend([DOWN] * 2)

    world.open()
    world.run(seconds=10, until=lambda: world.case().plan is not None)

    assert world.resets.sent(DALLAS) == 0
    assert world.case().status is CaseStatus.WAITING
    assert {one.reason for one in world.case().plan.refused} == {
        Reason.AMBIGUOUS_PERSON
    }


def test_the_doctor_names_the_account_that_is_silent_and_checks_the_others(end):
    world = a_world(DALLAS)
    second, _ = two_accounts(world, end)

    checks = check_all([world.cloud, second])

    silent = [one for one in checks if one.account_id == "acct2"]
    assert [(one.what, one.verdict) for one in silent] == [
        ("account", Verdict.UNPROVEN)
    ]
    assert "did not answer within 8 seconds" in silent[0].text
    others = {one.what for one in checks if one.account_id == "acct1"}
    assert {"user_list", "cluster_lists"} <= others
