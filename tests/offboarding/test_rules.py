"""The rules that hold always (design, section 7), one by one.

``scripts/break_rules.py`` breaks each on purpose and sees these tests fail.
"""

from dataclasses import replace

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    OTHER_FID,
    ROBIN,
    a_case,
    a_departure,
    a_person,
    a_standing,
)
from fakes import a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    KeyOwner,
    Leaver,
    Outcome,
    OwnerKind,
    Unread,
)

DOWN = TransientError("timeout")


def test_rule_1_nothing_is_written_unless_the_service_is_armed():
    world = a_world(DALLAS, armed=False)

    case = world.settle()

    assert world.cloud.truth(DALLAS) == DANA
    assert (case.dry_run, case.result) == (True, CaseResult.PLANNED)


def test_rule_1_nothing_is_written_while_it_is_paused():
    world = a_world(DALLAS)
    world.store.paused.add("acct1")

    world.open()
    world.run(seconds=3600)

    assert world.resets.sends == []


def test_rule_1_nothing_is_written_when_the_pause_comes_at_the_last_moment():
    world = a_world(DALLAS)
    world.store.before = lambda kind, change: (
        change.wrote and world.store.paused.add("*")
    )

    world.open()
    world.run(seconds=3600)

    assert world.resets.sends == []


def test_rule_1_nothing_is_written_once_a_later_plan_is_stopped():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=30)
    other = Leaver("dana.lee@example.com", "IBMid-2")
    world.open(departure=a_departure(event_key="okta:2", leaver=other))
    world.run(seconds=30)

    world.store.paused.clear()
    world.run()

    assert world.case().status is CaseStatus.WAITING
    assert world.resets.sends == []


def test_rule_1_nothing_is_written_where_preflight_is_red():
    world = a_world(DALLAS)
    world.cloud.standings[FID.id] = a_standing(policies=())

    world.settle()

    assert world.resets.sends == []
    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.MISSING_ROLE)}


def test_rule_1_nothing_is_written_where_preflight_cannot_tell():
    world = a_world(DALLAS)
    world.cloud.standings[FID.id] = a_standing(policies=(), policies_fault="403")

    world.open()
    world.run(seconds=3600)

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_rule_1_a_preflight_older_than_five_minutes_is_made_again():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=301)
    world.cloud.standings[FID.id] = a_standing(policies=())
    world.store.paused.clear()

    world.run()

    assert world.resets.sends == []


def test_rule_1_nothing_is_written_before_the_plan_is_accepted():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)

    world.open()
    world.run(seconds=3600)

    assert world.resets.sends == []


def test_rule_3_a_target_whose_owner_is_not_the_leaver_any_more_is_left_alone():
    world = a_world(DALLAS)
    world.cloud.faults["key_owner", DALLAS.id].append(DANA)
    world.cloud.own(DALLAS, ROBIN)

    world.settle()

    assert world.resets.sends == []
    assert world.outcomes()["us-south"][0] is Outcome.CHANGED_HANDS


def test_rule_3_the_owner_is_read_again_right_before_the_intent():
    world = a_world(DALLAS)

    world.settle()

    at = world.journal.index("record intent")
    assert world.journal[at - 1] == f"key_owner {DALLAS.id}"
    assert world.journal[at + 1] == f"send {DALLAS.id}"


def test_rule_4_nobody_is_chosen_of_two():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))

    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_rule_4_a_protected_user_is_never_acted_on_by_any_of_their_names():
    world = a_world(DALLAS, protected=("boss@example.com",))
    world.cloud.users = [a_person(DANA, user_id="boss@example.com")]

    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.case().plan.refused[0].reason is Reason.PROTECTED_USER


def test_rule_5_nothing_is_called_safe_because_the_answer_was_204():
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].append("nothing")

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes()["us-south"][0] is Outcome.FAILED


def test_rule_5_another_owner_than_the_leaver_is_not_yet_the_functional_id():
    world = a_world(DALLAS)
    stranger = KeyOwner("IBMid-5", None, None, OwnerKind.UNKNOWN)
    world.store.after = lambda kind, change: (
        change.wrote and world.cloud.faults["key_owner", DALLAS.id].append(stranger)
    )

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes()["us-south"][0] is Outcome.CHANGED_HANDS


def test_rule_6_a_lost_answer_is_not_sent_again_before_it_is_disproved():
    world = a_world(DALLAS, lag=100)
    world.resets.script[DALLAS.id].append("lost_after")

    world.settle()

    assert len(world.resets.sends) == 1
    assert world.outcomes()["us-south"][0] is Outcome.VERIFIED


def test_rule_6_resets_are_at_most_one_more_than_proven_failures():
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].extend(["lost_before"] * 5)

    world.settle()

    target = world.case().targets[0]
    assert (len(world.resets.sends), target.resets, target.proven_failures) == (2, 2, 2)


def test_rule_7_a_target_that_could_not_be_read_is_told_as_unread():
    denied = Unread(Reason.NO_ROLE, "403")
    world = a_world(DALLAS, owners={DALLAS: denied})

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {"us-south": (Outcome.UNREAD, Reason.NO_ROLE)}


def test_rule_7_a_list_that_could_not_be_read_is_not_an_empty_account():
    world = a_world()
    denied = PermanentError("403", reason=Reason.NO_ROLE)
    world.cloud.faults["targets"].append(denied)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert case.warnings[0].reason is Reason.LIST_UNREADABLE


def test_rule_9_a_dry_run_writes_nothing_even_with_the_means_in_its_hands():
    world = a_world(DALLAS)
    world.open(a_case(dry_run=True))

    world.run()

    assert world.resets.sends == []
    assert not [call for call in world.journal if call.startswith("prepare")]


def test_rule_9_a_dry_run_that_holds_an_unfinished_target_writes_nothing():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=30)
    stored = world.store.stored["01CASE"]
    stored.head = replace(stored.head, dry_run=True)

    world.store.paused.clear()
    world.run()

    assert world.resets.sends == []


def test_rule_12_the_token_is_in_hand_before_the_last_look_and_the_intent():
    world = a_world(DALLAS)

    world.settle()

    begun = world.journal.index("record intent") - 2
    assert world.journal[begun : begun + 4] == [
        f"prepare {DALLAS.id}",
        f"key_owner {DALLAS.id}",
        "record intent",
        f"send {DALLAS.id}",
    ]


def test_rule_12_no_identity_resets_but_the_one_the_plan_named():
    world = a_world(DALLAS)
    world.resets.identity = OTHER_FID

    world.settle()

    assert world.resets.sends == []


def test_rule_12_a_leaver_never_resets_their_own_target():
    world = a_world(DALLAS)
    world.resets.identity = replace(FID, id="IBMid-1")

    world.settle()

    assert world.resets.sends == []
