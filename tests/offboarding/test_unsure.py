"""What is not done while it cannot be seen who is meant, or what is theirs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    ROBIN,
    a_case,
    a_departure,
    a_person,
)
from fakes import a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    KeyOwner,
    Leaver,
    Note,
    Outcome,
    OwnerKind,
    Scope,
)

DOWN = TransientError("503")
DENIED = PermanentError("403", reason=Reason.NO_ROLE)
DAY = timedelta(days=1)
BY_ID = Leaver(iam_id="IBMid-1")


def reasons(notes):
    return [note.reason for note in notes]


def test_a_report_waits_for_a_plan_that_looks_again():
    world = a_world(DALLAS, FRANKFURT)
    world.open(a_case(scope=Scope(("us-south",))))
    world.run(until=lambda: world.resets.sends)
    world.open(departure=a_departure(event_key="okta:2", source="okta"))
    world.cloud.faults["targets"].append(DOWN)

    world.run()

    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.VERIFIED, None),
    }
    assert world.case().result is CaseResult.SAFE


def test_a_protected_login_holds_even_when_the_user_list_comes_late():
    world = a_world(DALLAS, protected=("dlee",))
    world.cloud.users[0] = a_person(DANA, user_id="dlee")
    world.cloud.faults["people"].append(DOWN)
    world.open(a_case(leaver=BY_ID))

    world.run()

    assert reasons(world.case().plan.refused) == [Reason.PROTECTED_USER]
    assert world.resets.sends == []


@pytest.mark.parametrize(
    "leaver",
    [Leaver("dana.lee@example.com"), Leaver("dana.lee@example.com", "IBMid-1")],
)
def test_nobody_named_by_address_is_reset_without_the_user_list(leaver):
    world = a_world(DALLAS)
    world.cloud.faults["people"].extend([DENIED] * 20)

    case = world.settle(a_case(leaver=leaver))

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.LIST_UNREADABLE)}
    assert world.resets.sends == []


def test_who_may_be_protected_is_not_reset_without_the_user_list():
    world = a_world(DALLAS, protected=("dlee",))
    world.cloud.faults["people"].extend([DENIED] * 20)

    world.settle(a_case(leaver=BY_ID))

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.LIST_UNREADABLE)}
    assert world.resets.sends == []


def test_somebody_named_by_id_alone_is_reset_without_the_user_list():
    world = a_world(DALLAS)
    world.cloud.faults["people"].extend([DENIED] * 20)

    case = world.settle(a_case(leaver=BY_ID))

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}
    assert reasons(case.warnings) == [Reason.LIST_UNREADABLE]
    assert case.result is CaseResult.ATTENTION


def test_one_event_that_names_two_people_waits_for_the_user_list():
    world = a_world(DALLAS)
    world.cloud.faults["people"].append(DOWN)
    world.open(a_case(leaver=Leaver(ROBIN.email, DANA.id)))

    world.run()

    assert reasons(world.case().plan.refused) == [Reason.AMBIGUOUS_PERSON]
    assert world.resets.sends == []


def test_our_own_reader_is_held_when_its_token_fails_at_first():
    reader = KeyOwner("IBMid-1", "Reader", "dana.lee@example.com", OwnerKind.PERSON)
    world = a_world(DALLAS, owners={DALLAS: reader})
    world.cloud.ours = [FID, reader]
    world.cloud.faults["identities"].append(DOWN)
    world.open(a_case(leaver=BY_ID))

    world.run()

    assert reasons(world.case().plan.refused) == [Reason.PROTECTED_USER]
    assert world.resets.sends == []


def test_our_own_reader_is_held_when_only_another_worker_knows_it():
    world = a_world(DALLAS)
    world.store.protect([DANA])
    world.cloud.faults["identities"].extend([DENIED] * 20)
    world.open(a_case(leaver=BY_ID))

    world.run()

    assert reasons(world.case().plan.refused) == [Reason.PROTECTED_USER]
    assert world.resets.sends == []


def test_a_user_list_without_our_own_identity_is_not_a_whole_one():
    world = a_world(DALLAS)
    world.cloud.users = [a_person(DANA)]

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_UNREADABLE]
    assert world.resets.sends == []


def test_an_empty_account_is_not_clean():
    world = a_world()
    world.cloud.users = []

    case = world.settle()

    assert case.result is CaseResult.ATTENTION


def test_a_removed_persons_key_without_an_address_is_not_nobodys():
    nameless = KeyOwner("IBMid-7", "Dana Lee", None, OwnerKind.PERSON)
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: nameless, FRANKFURT: ROBIN})
    world.cloud.users = [a_person(ROBIN), a_person(FID)]

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {"us-south": (Outcome.UNREAD, Reason.OWNER_UNKNOWN)}


def test_a_second_address_that_is_somebody_elses_holds_the_case():
    world = a_world(DALLAS)
    world.cloud.faults["targets"].append(DOWN)
    world.open(a_case(leaver=BY_ID, starts_at=NOON + DAY, effective_at=NOON + 2 * DAY))
    for number, email in enumerate((DANA.email, ROBIN.email)):
        joined = a_departure(event_key=f"k:{number}", leaver=Leaver(email, DANA.id))
        world.open(departure=joined)

    world.run()

    assert reasons(world.case().plan.refused) == [Reason.AMBIGUOUS_PERSON]
    assert world.resets.sends == []


def test_a_misspelt_scope_is_not_nothing_to_do():
    world = a_world(DALLAS)

    case = world.settle(a_case(scope=Scope(("us-suoth",), ("payments", "paymnets"))))

    assert case.result is CaseResult.ATTENTION
    assert [note.text for note in case.warnings[1:]] == [
        "No cluster lies in region us-suoth: see its spelling.",
        "No cluster lies in resource group paymnets: see its spelling.",
    ]


def put_off(**changes):
    note = Note(Reason.NOT_ARMED, "The service is not armed: nothing was changed.")
    case = a_case(
        dry_run=True,
        status=CaseStatus.SCHEDULED,
        effective_at=NOON + 3 * DAY,
        starts_at=NOON + 2 * DAY,
        warnings=(note,),
    )
    return replace(case, **changes)


def test_a_departure_put_off_unarmed_follows_the_setting_on_its_day():
    world = a_world(DALLAS)

    case = world.settle(put_off())

    assert (case.dry_run, case.result, case.warnings) == (False, CaseResult.SAFE, ())
    assert len(world.resets.sends) == 1


def test_a_dry_run_that_was_asked_for_stays_one_on_its_day():
    world = a_world(DALLAS)

    case = world.settle(put_off(is_dry_as_asked=True))

    assert (case.dry_run, case.result) == (True, CaseResult.PLANNED)
    assert world.resets.sends == []


def test_an_unarmed_case_that_began_stays_a_dry_run():
    world = a_world(DALLAS)
    begun = put_off(status=CaseStatus.OPEN, starts_at=NOON, effective_at=NOON)

    case = world.settle(begun)

    assert (case.dry_run, case.result) == (True, CaseResult.PLANNED)


def test_a_pause_is_told_once_whoever_joins():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=20)
    for number in range(3):
        world.open(departure=a_departure(event_key=f"k:{number}", source="okta"))
        world.run(seconds=20)

    held = [line for line, _, _ in world.slack.got if ":held:" in line]

    assert len(held) == 1
    assert world.case().status is CaseStatus.WAITING


def test_owners_of_the_same_name_are_told_apart_by_id_only():
    twin = replace(ROBIN, name=DANA.name)
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: twin})

    world.settle()

    assert list(world.outcomes()) == ["us-south"]
