"""The road of a case: what ends how, and what is never sent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    TOKYO,
    a_case,
    a_departure,
    a_person,
)
from fakes import WorkerDied, a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Leaver,
    NoOwner,
    Note,
    Outcome,
    Scope,
    Unread,
)
from workers.offboarding.ports import Discovery

DOWN = TransientError("timeout")
DENIED = PermanentError("403", reason=Reason.NO_ROLE)
DAY = timedelta(days=1)


def kinds(notifier):
    return [line.split(":")[1] for line, _, _ in notifier.got]


def reasons(notes):
    return [note.reason for note in notes]


def test_a_departure_ends_safe_and_both_channels_are_told():
    world = a_world(DALLAS, FRANKFURT, TOKYO, owners={TOKYO: ROBIN}, lag=9)

    case = world.settle()

    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.VERIFIED, None),
    }
    assert [one.owner_after for one in case.targets] == [FID, FID]
    assert world.cloud.truth(TOKYO) == ROBIN
    assert len(world.resets.sends) == 2
    assert kinds(world.slack) == kinds(world.mail) == ["final"]


def test_a_leaver_who_owns_nothing_ends_clean():
    world = a_world(DALLAS, owners={DALLAS: ROBIN})

    case = world.settle()

    assert (case.result, case.targets, case.warnings) == (CaseResult.CLEAN, (), ())


def test_a_person_nobody_knows_ends_clean_with_a_warning():
    world = a_world(DALLAS)

    case = world.settle(a_case(leaver=Leaver("nobody@example.com")))

    assert case.result is CaseResult.CLEAN
    assert reasons(case.warnings) == [Reason.PERSON_NOT_FOUND]
    assert world.resets.sends == []


@pytest.mark.parametrize(
    "reason", [Reason.NO_CLUSTER, Reason.NO_ROLE, Reason.OWNER_UNKNOWN]
)
def test_a_target_that_cannot_be_read_needs_attention_and_the_others_go_on(reason):
    world = a_world(DALLAS, TOKYO, owners={TOKYO: Unread(reason, "why")})

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "jp-tok": (Outcome.UNREAD, reason),
    }
    assert world.resets.sent(TOKYO) == 0


def test_an_owner_that_comes_into_sight_later_is_found_and_the_others_do_not_wait():
    world = a_world(DALLAS, TOKYO)
    world.cloud.faults["key_owner", TOKYO.id].extend([DOWN, DOWN, DOWN])

    case = world.settle()

    assert case.result is CaseResult.SAFE
    first, second = (at for _, at in world.resets.sends)
    assert first == NOON + timedelta(seconds=5)
    assert second > first


def test_an_owner_that_never_comes_into_sight_is_unread_in_the_end():
    world = a_world(DALLAS, TOKYO, owners={TOKYO: ROBIN})
    world.cloud.faults["key_owner", TOKYO.id].extend([DOWN] * 50)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes()["jp-tok"] == (Outcome.UNREAD, Reason.UNREACHABLE)


@pytest.mark.parametrize("call", ["people", "targets"])
def test_a_list_that_fails_for_a_moment_leaves_no_trace(call):
    world = a_world(DALLAS)
    world.cloud.faults[call].extend([DOWN, DOWN])

    case = world.settle()

    assert (case.result, case.warnings) == (CaseResult.SAFE, ())


@pytest.mark.parametrize("call", ["people", "targets"])
@pytest.mark.parametrize("fault", [DOWN, DENIED])
def test_a_list_that_fails_for_good_is_never_taken_for_nothing(call, fault):
    world = a_world(DALLAS, owners={DALLAS: ROBIN})
    world.cloud.faults[call].extend([fault] * 50)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_UNREADABLE in reasons(case.warnings)


def test_a_cluster_list_with_a_hole_is_never_taken_for_nothing():
    world = a_world()
    hole = Note(Reason.LIST_UNREADABLE, "The satellite clusters could not be listed.")
    world.cloud.unseen = (hole,)

    case = world.settle()

    hole = replace(hole, account_id="acct1")
    assert (case.result, case.warnings) == (CaseResult.ATTENTION, (hole,))


def test_nobody_is_acted_on_by_e_mail_while_the_user_list_may_show_a_second_one():
    world = a_world(DALLAS)
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))
    world.cloud.faults["people"].extend([DOWN, DOWN])

    world.open()
    world.run()

    assert world.case().status is CaseStatus.WAITING
    assert world.resets.sends == []


def test_a_key_that_changed_hands_is_left_alone():
    world = a_world(DALLAS)
    world.cloud.faults["key_owner", DALLAS.id].append(DANA)
    world.cloud.own(DALLAS, ROBIN)

    case = world.settle()

    assert world.outcomes() == {
        "us-south": (Outcome.CHANGED_HANDS, Reason.ANOTHER_OWNER)
    }
    assert (case.result, case.targets[0].owner_after) == (CaseResult.ATTENTION, ROBIN)
    assert world.resets.sends == []


def test_a_key_that_changed_hands_after_the_reset_is_not_called_verified():
    world = a_world(DALLAS, lag=30)
    world.cloud.own(DALLAS, ROBIN, at=NOON + timedelta(seconds=8))

    world.open()
    world.run(seconds=10)

    assert world.outcomes() == {
        "us-south": (Outcome.CHANGED_HANDS, Reason.ANOTHER_OWNER)
    }


@pytest.mark.parametrize("owner", [FID, OTHER_FID])
def test_a_key_a_functional_id_took_over_meanwhile_is_already_safe(owner):
    world = a_world(DALLAS)
    world.cloud.faults["key_owner", DALLAS.id].append(DANA)
    world.cloud.own(DALLAS, owner)

    case = world.settle()

    assert world.outcomes() == {"us-south": (Outcome.ALREADY, None)}
    assert case.result is CaseResult.SAFE
    assert world.resets.sends == []


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (NoOwner(), Reason.OWNER_UNKNOWN),
        (Unread(Reason.NOT_FOUND, "404"), Reason.NOT_FOUND),
    ],
)
def test_an_owner_that_cannot_be_read_again_is_not_reset(reading, reason):
    world = a_world(DALLAS)
    world.cloud.faults["key_owner", DALLAS.id].append(DANA)
    world.cloud.own(DALLAS, reading)

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.UNREAD, reason)}
    assert world.resets.sends == []


def test_two_candidates_wait_and_are_told_once():
    world = a_world(DALLAS)
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))

    world.open()
    world.run(seconds=60)
    world.open(departure=a_departure(event_key="okta:2"))
    world.run(seconds=60)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert reasons(case.plan.refused) == [Reason.AMBIGUOUS_PERSON]
    assert kinds(world.slack) == ["held"]
    assert world.resets.sends == []


def test_a_protected_person_waits_and_is_told():
    world = a_world(DALLAS, protected=("dana.lee@example.com",))

    world.open()
    world.run(seconds=60)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert reasons(case.plan.refused) == [Reason.PROTECTED_USER]
    assert kinds(world.mail) == ["held"]
    assert world.resets.sends == []


def test_a_functional_id_is_no_leaver():
    world = a_world(DALLAS, owners={DALLAS: FID})

    world.open(a_case(leaver=Leaver("fid@example.com")))
    world.run()

    assert reasons(world.case().plan.refused) == [Reason.PROTECTED_USER]
    assert world.store.protected == {"IBMid-9"}


def test_a_functional_id_the_plan_could_not_know_is_stopped_at_its_own_reset():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.ours = []

    world.settle(a_case(leaver=Leaver("fid@example.com")))

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.WRONG_IDENTITY)}
    assert world.resets.sends == []


def test_a_key_in_hand_that_is_not_the_planned_one_resets_nothing():
    world = a_world(DALLAS)
    world.resets.identity = OTHER_FID

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.WRONG_IDENTITY)}
    assert world.resets.sends == []


def test_a_dry_run_plans_and_sends_nothing():
    world = a_world(DALLAS, TOKYO, owners={TOKYO: Unread(Reason.NO_ROLE)})

    case = world.settle(a_case(dry_run=True))

    assert case.result is CaseResult.PLANNED
    assert world.outcomes() == {
        "us-south": (Outcome.PLANNED, None),
        "jp-tok": (Outcome.UNREAD, Reason.NO_ROLE),
    }
    assert world.resets.sends == []
    assert kinds(world.slack) == ["final"]


def test_a_dry_run_of_a_protected_person_says_that_it_would_be_held():
    world = a_world(DALLAS, protected=("dana.lee@example.com",))

    case = world.settle(a_case(dry_run=True))

    assert case.result is CaseResult.PLANNED
    assert reasons(case.plan.refused) == [Reason.PROTECTED_USER]


def test_a_worker_that_is_not_armed_makes_every_case_a_dry_run():
    world = a_world(DALLAS, armed=False)

    case = world.settle()

    assert (case.dry_run, case.result) == (True, CaseResult.PLANNED)
    assert reasons(case.warnings) == [Reason.NOT_ARMED]


def test_a_case_that_has_written_is_no_dry_run_when_the_service_is_disarmed():
    world = a_world(DALLAS, lag=60)
    world.open()
    world.run(until=lambda: world.resets.sends)
    accounts = {"acct1": replace(world.tools.accounts["acct1"], resets=None)}
    world.tools = replace(world.tools, accounts=accounts)

    world.open(departure=a_departure(event_key="okta:2"))
    world.run()

    assert (world.case().dry_run, world.case().result) == (False, CaseResult.SAFE)


def test_a_pause_before_the_plan_is_told_once_and_ends_with_the_work_done():
    world = a_world(DALLAS, FRANKFURT)
    world.store.paused.add("acct1")
    world.open()
    world.run(seconds=600)
    held = world.case()

    world.store.paused.clear()
    world.run()

    assert held.status is CaseStatus.WAITING
    assert reasons(held.plan.refused) == [Reason.PAUSED]
    case = world.case()
    assert (case.result, case.plan.refused) == (CaseResult.SAFE, ())
    assert kinds(world.slack) == ["held", "final"]


def test_a_pause_of_a_restored_store_says_that_it_is_one():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.store.restored = True
    world.open()
    world.run(seconds=60)

    [note] = world.case().plan.refused
    assert note.reason is Reason.PAUSED
    assert "since the store was restored or stood still for long" in note.text


def test_a_pause_between_two_targets_holds_the_second():
    world = a_world(DALLAS, FRANKFURT)
    world.open()
    world.run(until=lambda: world.resets.sends)
    world.store.paused.add("*")

    world.run(seconds=600)
    during = len(world.resets.sends)
    world.store.paused.clear()
    world.run()

    assert during == 1
    assert world.case().result is CaseResult.SAFE


def test_a_pause_that_comes_after_the_last_look_still_holds():
    world = a_world(DALLAS)
    world.store.before = lambda kind, change: (
        change.wrote and world.store.paused.add("acct1")
    )

    world.open()
    world.run(seconds=600)

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_no_token_is_asked_for_and_no_patience_lost_during_a_pause():
    world = a_world(DALLAS)
    world.store.paused.add("*")

    world.open()
    world.run(seconds=600)

    assert not [call for call in world.journal if call.startswith("prepare")]
    assert world.case().targets[0].tries == 0


def test_a_case_that_ends_during_the_pause_is_not_reported_as_paused():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=60)
    world.store.stored["01CASE"].targets[DALLAS.id] = (
        world.case().targets[0].ended(Outcome.ALREADY, NOON, owner_after=FID)
    )

    world.run()

    assert world.case().status is CaseStatus.SETTLED
    assert world.case().plan.refused == ()


def test_a_case_that_is_over_when_a_pause_is_seen_is_not_begun_anew():
    world = a_world(DALLAS)
    stored, see = world.store.stored, world.store.is_paused

    def over_meanwhile(account_id):
        mine = stored["01CASE"]
        [one] = mine.targets.values()
        mine.targets[DALLAS.id] = one.ended(Outcome.FAILED, NOON)
        mine.head = replace(mine.head, status=CaseStatus.SETTLED, settled_at=NOON)
        mine.rev += 1
        world.store.is_paused = see
        return see(account_id)

    world.store.is_paused = over_meanwhile
    world.store.paused.add("*")
    world.open()
    world.run(seconds=60)

    assert world.case().status is CaseStatus.SETTLED
    assert world.slack.got == []


def test_a_scheduled_case_does_not_begin_early():
    world = a_world(DALLAS)
    case = a_case(
        effective_at=NOON + 9 * DAY,
        starts_at=NOON + 8 * DAY,
        status=CaseStatus.SCHEDULED,
    )

    world.open(case)
    world.run(seconds=8 * 86_400 - 1)
    before = list(world.journal)
    world.run()

    assert [one for one in before if one != "again"] == []
    assert world.resets.sends == [(DALLAS.id, NOON + 8 * DAY)]


def test_an_earlier_date_begins_the_case_earlier():
    world = a_world(DALLAS)
    case = a_case(
        effective_at=NOON + 9 * DAY,
        starts_at=NOON + 8 * DAY,
        status=CaseStatus.SCHEDULED,
    )
    world.open(case)

    sooner = a_departure(event_key="okta:2", effective_at=NOON + 3 * DAY)
    world.open(departure=sooner)
    world.run(seconds=5 * 86_400)

    assert world.resets.sends == [(DALLAS.id, NOON + 2 * DAY)]
    assert world.case().started_at == NOON + 2 * DAY


def test_a_wider_scope_adds_a_second_plan_and_what_is_written_stays():
    world = a_world(DALLAS, FRANKFURT, lag=2)
    world.open(a_case(scope=Scope(("us-south",))))
    world.run(until=lambda: world.resets.sends)
    first = world.case().plan.hash

    world.open(departure=a_departure(event_key="okta:2"))
    world.run()

    case = world.case()
    assert (case.scope, case.result) == (None, CaseResult.SAFE)
    assert case.plan.hash != first
    assert [world.resets.sent(one) for one in (DALLAS, FRANKFURT)] == [1, 1]
    assert case.warnings == ()


def test_a_narrowed_case_says_so():
    world = a_world(DALLAS, FRANKFURT)

    case = world.settle(a_case(scope=Scope(("us-south",))))

    assert [one.target for one in case.targets] == [DALLAS]
    assert reasons(case.warnings) == [Reason.SCOPE_LIMITED]


@pytest.mark.parametrize("what", ["case.planned", "case.settled"])
def test_a_departure_that_joins_while_a_step_is_written_is_not_lost(what):
    world = a_world(DALLAS, FRANKFURT)
    joined = []

    def join(kind, change):
        if not joined and any(entry.what == what for entry in change.entries):
            joined.append(world.open(departure=a_departure(event_key="okta:2")))

    world.store.before = join
    world.open(a_case(scope=Scope(("us-south",))))
    world.run()

    assert joined == ["01CASE"]
    assert len(world.case().targets) == 2
    assert world.case().result is CaseResult.SAFE


def test_a_departure_that_names_another_identity_holds_what_was_not_begun():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.faults["key_owner", FRANKFURT.id].extend([DANA, DOWN, DOWN, DOWN])
    world.open()
    world.run(until=lambda: world.resets.sends)

    other = Leaver("dana.lee@example.com", "IBMid-2")
    world.open(departure=a_departure(event_key="okta:2", leaver=other))
    world.run()

    # It wrote, so it cannot wait to be cancelled: what was not begun ends failed.
    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert [world.resets.sent(one) for one in (DALLAS, FRANKFURT)] == [1, 0]
    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.FAILED, Reason.AMBIGUOUS_PERSON),
    }
    assert kinds(world.slack) == ["final"]


def test_the_later_of_two_cases_of_one_person_gives_way():
    world = a_world(DALLAS, FRANKFURT)
    world.open(a_case(scope=Scope(("us-south",))))
    world.open(a_case(id="02CASE", leaver=Leaver(iam_id="IBMid-1")))

    world.run()

    later, earlier = world.case("02CASE"), world.case("01CASE")
    assert (later.status, later.joined_to) == (CaseStatus.CANCELLED, "01CASE")
    assert reasons(later.warnings) == [Reason.JOINED]
    assert (earlier.result, len(earlier.targets)) == (CaseResult.SAFE, 2)
    assert len(world.resets.sends) == 2


def test_a_case_whose_other_is_over_goes_its_own_way():
    world = a_world(DALLAS)
    world.open(a_case(id="02CASE"))
    over = a_case(leaver=Leaver(iam_id="IBMid-1"), dry_run=True)
    world.open(replace(over, status=CaseStatus.CANCELLED))
    world.store.stored["02CASE"].gives_way = "01CASE"

    world.run()

    assert world.case("02CASE").result is CaseResult.SAFE
    assert world.case("02CASE").joined_to is None


def test_a_case_cancelled_before_the_first_write_sends_nothing():
    world = a_world(DALLAS)

    def cancel(kind, change):
        if change.wrote:
            stored = world.store.stored["01CASE"]
            stored.head = replace(stored.head, status=CaseStatus.CANCELLED)

    world.store.before = cancel
    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.store.due == {}


def test_a_planning_that_kills_its_workers_ends_with_attention():
    world = a_world(DALLAS)
    world.cloud.targets = lambda: (_ for _ in ()).throw(WorkerDied)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert [one.text for one in case.warnings] == [
        "5 workers ended without a word while they planned."
    ]


def test_a_list_that_comes_later_than_the_far_side_asked_for_is_not_asked_sooner():
    world = a_world(DALLAS)
    limited = TransientError("429", retry_after_seconds=40)
    world.cloud.faults["targets"].append(limited)
    world.cloud.faults["targets"].append(Discovery((DALLAS,)))

    world.settle()

    assert world.resets.sends[0][1] >= NOON + timedelta(seconds=40)
