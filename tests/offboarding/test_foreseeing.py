"""What a scheduled case would do, before its day: by surveys alone, daily, and told."""

from dataclasses import replace
from datetime import timedelta

from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, a_case, a_standing
from fakes import a_world

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Departure,
    Leaver,
    Outcome,
    Right,
    Scope,
    Told,
)

DAY = timedelta(days=1)
ON_FRIDAY = NOON + 9 * DAY


def scheduled(**changes):
    how = {
        "effective_at": ON_FRIDAY,
        "starts_at": ON_FRIDAY - DAY,
        "status": CaseStatus.SCHEDULED,
        "told": (Told("standard", ON_FRIDAY),),
    }
    return a_case(**{**how, **changes})


def a_surveyed_world(*targets, **how):
    world = a_world(*targets, **how)
    world.survey()
    world.journal.clear()
    return world


def foreseen(world, case=None, *, seconds=60):
    case_id = world.open(case or scheduled())
    world.run(seconds=seconds)
    return world.store.load(case_id)


def test_a_scheduled_case_is_planned_and_preflighted_when_it_arrives():
    world = a_surveyed_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})

    case = foreseen(world)

    (target,) = case.ahead.targets
    assert (target.target.id, target.owner_before, target.functional_id) == (
        DALLAS.id,
        DANA,
        FID,
    )
    assert (target.preflight, target.outcome) == (Right.OK, None)
    assert case.ahead.plan.refused == ()
    assert case.ahead.warnings == ()
    assert case.leaver.iam_id == DANA.id
    assert case.status is CaseStatus.SCHEDULED
    assert (case.plan, case.targets, case.started_at) == (None, (), None)


def test_what_is_foreseen_is_shown_as_the_plan_of_the_case():
    world = a_surveyed_world(DALLAS)

    shown = foreseen(world).as_foreseen

    assert shown.plan.hash.startswith("sha256:")
    assert [one.target.id for one in shown.targets] == [DALLAS.id]


def test_to_foresee_reads_no_account_and_no_target():
    world = a_surveyed_world(DALLAS)

    foreseen(world)

    calls = {one.split()[0] for one in world.journal}
    assert calls & {"people", "targets", "cluster_keys", "key_owner", "send"} == set()


def test_a_person_who_owns_nothing_costs_no_call_at_all():
    world = a_surveyed_world(DALLAS, owners={DALLAS: ROBIN})

    case = foreseen(world)

    assert case.ahead.targets == ()
    assert set(world.journal) <= {"adopt", "again"}


def test_a_red_preflight_is_seen_days_before():
    world = a_surveyed_world(DALLAS)
    world.cloud.standings[FID.id] = a_standing(policies=())

    case = foreseen(world)

    (target,) = case.ahead.targets
    assert (target.outcome, target.reason) == (Outcome.FAILED, Reason.MISSING_ROLE)
    assert world.resets.sends == []


def test_it_is_foreseen_anew_each_day_and_says_so_once():
    world = a_surveyed_world(DALLAS)
    case_id = world.open(scheduled())
    world.run(seconds=60)
    first = world.store.load(case_id).ahead.at

    world.run(seconds=20 * 3600)
    world.survey()
    world.run(seconds=4 * 3600)
    second = world.store.load(case_id).ahead.at

    assert timedelta(hours=21) < second - first <= timedelta(hours=24, minutes=1)
    whats = [one.what for one in world.store.ledger(case_id)]
    assert whats.count("case.foreseen") == 1


def test_what_changes_meanwhile_is_foreseen_the_next_day():
    world = a_surveyed_world(DALLAS)
    case_id = world.open(scheduled())
    world.run(seconds=60)
    world.cloud.found.append(FRANKFURT)
    world.cloud.own(FRANKFURT, DANA)

    world.run(seconds=20 * 3600)
    world.survey()
    world.run(seconds=4 * 3600)

    case = world.store.load(case_id)
    assert {one.target.id for one in case.ahead.targets} == {DALLAS.id, FRANKFURT.id}


def test_on_the_day_nothing_that_was_foreseen_is_taken_for_granted():
    world = a_surveyed_world(DALLAS, FRANKFURT)
    case_id = world.open(scheduled())
    world.run(seconds=3 * 86_400)
    world.cloud.own(FRANKFURT, ROBIN)

    world.run(seconds=8 * 86_400)

    case = world.store.load(case_id)
    assert case.ahead is None
    assert case.result is CaseResult.SAFE
    assert {one.target.id for one in case.targets} == {DALLAS.id}
    assert [one for one, _ in world.resets.sends] == [DALLAS.id]


def test_it_begins_to_the_second_and_not_before():
    world = a_surveyed_world(DALLAS)
    world.open(scheduled())

    world.run(seconds=9 * 86_400)

    ((_, at),) = world.resets.sends
    assert timedelta() <= at - (ON_FRIDAY - DAY) < timedelta(minutes=1)


def test_an_account_that_no_survey_saw_is_said_and_looked_for_again_soon():
    world = a_world(DALLAS)

    case = foreseen(world)
    world.survey()
    world.run(seconds=2 * 3600)

    assert [one.reason for one in case.ahead.warnings] == [
        Reason.INDEX_STALE,
        Reason.PERSON_NOT_FOUND,
    ]
    later = world.store.load(case.id).ahead
    assert [one.target.id for one in later.targets] == [DALLAS.id]
    assert later.warnings == ()


def test_a_plan_that_would_be_held_says_so_before_the_day():
    world = a_surveyed_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)

    case = foreseen(world)

    assert [one.reason for one in case.ahead.plan.refused] == [Reason.TOO_MANY_TARGETS]
    assert case.status is CaseStatus.SCHEDULED


def test_a_protected_person_is_known_before_the_day():
    world = a_surveyed_world(DALLAS, protected=("dana.lee@example.com",))

    case = foreseen(world)

    assert [one.reason for one in case.ahead.plan.refused] == [Reason.PROTECTED_USER]


def test_a_narrowed_case_foresees_what_it_is_narrowed_to():
    world = a_surveyed_world(DALLAS, FRANKFURT)

    case = foreseen(world, scheduled(scope=Scope(regions=("eu-de",))))

    assert [one.target.id for one in case.ahead.targets] == [FRANKFURT.id]


def test_nobody_is_told_of_a_departure_before_its_day():
    world = a_surveyed_world(DALLAS)

    foreseen(world, seconds=7 * 86_400)

    assert (world.slack.got, world.mail.got) == ([], [])


def test_a_date_that_is_moved_is_foreseen_at_its_new_day():
    world = a_surveyed_world(DALLAS)
    case_id = world.open(scheduled())
    world.run(seconds=60)
    later = ON_FRIDAY + 30 * DAY

    world.open(
        scheduled(id="02CASE"),
        Departure("standard", Leaver("dana.lee@example.com"), effective_at=later),
    )
    world.run(seconds=60)

    case = world.store.load(case_id)
    assert (case.effective_at, case.starts_at) == (later, later - DAY)
    assert case.status is CaseStatus.SCHEDULED
    assert world.resets.sends == []


def test_two_scheduled_cases_of_one_person_become_one_before_the_day():
    world = a_surveyed_world(DALLAS)
    first = world.open(scheduled())
    second = world.open(scheduled(id="02CASE", leaver=Leaver(iam_id=DANA.id)))

    world.run(seconds=120)

    cases = {each: world.store.load(each) for each in (first, second)}
    assert sorted(one.status for one in cases.values()) == ["cancelled", "scheduled"]
    assert cases["02CASE"].joined_to == "01CASE"


def test_a_cancelled_case_is_foreseen_no_more():
    world = a_surveyed_world(DALLAS)
    case_id = world.open(scheduled())
    world.run(seconds=60)
    case = world.store.load(case_id)
    ended = replace(case, status=CaseStatus.CANCELLED)
    world.store.turn(ended, case.ahead, expected=(CaseStatus.SCHEDULED,), takes=False)

    world.run(seconds=20 * 86_400)

    assert world.store.load(case_id).ahead.at == case.ahead.at
    assert world.resets.sends == []


def test_who_is_proved_gone_by_the_event_has_no_canary_in_that_account():
    world = a_world(DALLAS, FRANKFURT, canary=True, lag=4)

    case = world.settle(a_case(gone_from=("acct1",)))

    assert (case.canaries, case.is_gone, case.has_dead_keys) == ((), False, True)
    times = {at for _, at in world.resets.sends}
    assert len(times) == 1


def test_in_another_account_of_theirs_a_canary_goes_first_all_the_same():
    world = a_world(DALLAS, FRANKFURT, canary=True, lag=4)

    world.settle(a_case(gone_from=("acct2",)))

    assert len({at for _, at in world.resets.sends}) == 2
