"""The gate: safe only with nothing against it."""

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
    a_case_target,
    a_person,
)
from fakes import a_world

from workers.offboarding.discovery import look_at
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.gate import Asked, answer_of, meant
from workers.offboarding.model import (
    Adoption,
    Care,
    CaseKind,
    CaseResult,
    CaseStatus,
    FollowUp,
    KeyOwner,
    Leaver,
    ListedKey,
    Outcome,
    OwnerKind,
    Right,
    Scope,
    Unread,
    Visibility,
)

SETTLE = timedelta(minutes=30)
DENIED = PermanentError("403", reason=Reason.NO_ROLE)


def ask(world, leaver=None, cases=(), at=NOON, protected=()):
    accounts = world.tools.accounts
    leaver = leaver or Leaver("dana.lee@example.com")
    asked = Asked(
        user=str(leaver),
        leaver=leaver,
        views=[look_at(one.cloud, None) for one in accounts.values()],
        indexes=[world.index.of(one) for one in accounts],
        settle=SETTLE,
        at=at,
        same_people=world.tools.same_people,
        protected=protected,
    )
    return answer_of(asked, meant(asked), cases)


def reasons(answer):
    return [note.reason for note in answer.reasons]


def a_settled_case(result=CaseResult.SAFE, **changes):
    target = a_case_target(
        outcome=Outcome.VERIFIED, settled_at=NOON - timedelta(hours=1)
    )
    case = a_case(target, status=CaseStatus.SETTLED, result=result)
    return replace(case, **changes)


def test_who_owns_nothing_anywhere_may_go():
    world = a_world(DALLAS, owners={DALLAS: FID})

    answer = ask(world)

    assert (answer.is_safe, answer.reasons, answer.holdings) == (True, (), ())
    assert answer.checked_at == NOON


def test_who_owns_a_target_may_not_and_the_target_is_named():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.OWNS_TARGETS])
    assert [one.target.region for one in answer.holdings] == ["us-south"]


@pytest.mark.parametrize(
    "sees",
    [
        Visibility(Right.MISSING, Right.OK, Right.OK),
        Visibility(Right.OK, Right.CANNOT_TELL, Right.OK),
    ],
)
def test_without_proven_rights_it_is_never_green(sees):
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.sees = sees

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.VISIBILITY_NOT_PROVEN])


@pytest.mark.parametrize("call", ["people", "targets", "cluster_keys", "identities"])
@pytest.mark.parametrize("fault", [DENIED, TransientError("timeout")])
def test_a_list_that_fails_is_against_it(call, fault):
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.faults[call].append(fault)

    answer = ask(world)

    assert answer.is_safe is False
    assert Reason.LIST_UNREADABLE in reasons(answer)


def test_nobody_is_called_unknown_where_no_user_list_was_read():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.faults["people"].append(DENIED)

    answer = ask(world, Leaver("nobody@example.com"))

    assert Reason.LIST_UNREADABLE in reasons(answer)
    assert Reason.PERSON_NOT_FOUND not in reasons(answer)


def test_a_target_that_cannot_be_read_is_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.faults["key_owner"].append(DENIED)

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.NO_ROLE])
    assert [one.reason for one in answer.holdings] == [Reason.NO_ROLE]


def test_an_owner_whom_nobody_can_name_is_against_it():
    nameless = KeyOwner("IBMid-7", None, None, OwnerKind.PERSON)
    world = a_world(DALLAS, owners={DALLAS: nameless})
    world.cloud.users = [a_person(ROBIN), a_person(FID)]

    answer = ask(world)

    assert answer.is_safe is False
    assert Reason.OWNER_UNKNOWN in reasons(answer)


def test_a_key_of_theirs_without_a_cluster_is_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.listed = [
        ListedKey(FID.id, *DALLAS.place),
        ListedKey(DANA.id, "us-east", "empty"),
    ]

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.NO_CLUSTER])


def test_a_classic_credential_of_theirs_is_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.credentials[DALLAS.id] = "1234567_dana.lee@example.com"

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CLASSIC_CREDENTIAL])


def test_two_people_of_one_address_are_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.AMBIGUOUS_PERSON])


@pytest.mark.parametrize(
    "name", [Leaver("dana.lee@example.com"), Leaver(None, DANA.id)]
)
def test_nobody_who_is_protected_is_told_to_go(name):
    world = a_world(DALLAS, owners={DALLAS: FID})

    answer = ask(world, name, protected=("dana.lee@example.com",))

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.PROTECTED_USER])


def test_our_own_identity_is_never_told_to_go():
    world = a_world(DALLAS, owners={DALLAS: DANA})

    answer = ask(world, Leaver(None, FID.id))

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.PROTECTED_USER])


def test_a_name_that_no_account_knows_proves_nothing_of_whoever_is_meant():
    world = a_world(DALLAS, owners={DALLAS: FID})

    answer = ask(world, Leaver("nobody@example.com"))

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.PERSON_NOT_FOUND])


@pytest.mark.parametrize(
    "case",
    [
        a_case(status=CaseStatus.OPEN),
        a_case(status=CaseStatus.WAITING),
        a_case(status=CaseStatus.SCHEDULED),
        a_settled_case(CaseResult.ATTENTION),
        a_settled_case(
            targets=(
                a_case_target(outcome=Outcome.VERIFIED, settled_at=NOON - SETTLE / 2),
            )
        ),
        a_settled_case(
            targets=(
                a_case_target(
                    outcome=Outcome.VERIFIED,
                    settled_at=NOON - timedelta(hours=1),
                    follow_ups=(FollowUp("refresh_master", "Refresh it."),),
                ),
            )
        ),
    ],
)
def test_a_case_short_of_fully_safe_is_against_it(case):
    world = a_world(DALLAS, owners={DALLAS: FID})

    answer = ask(world, cases=[case])

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CASE_NOT_SAFE])
    assert case.id in answer.reasons[0].text


@pytest.mark.parametrize(
    "kind",
    [
        "recreate_addon_pods",
        "refresh_master",
        "retire_old_key",
        "classic_credential",
    ],
)
def test_an_open_follow_up_holds_it_red_until_it_is_ticked_off(kind):
    world = a_world(DALLAS, owners={DALLAS: FID})
    left = FollowUp(kind, "Do it.", "c1", care=Care(NOON))
    before = ask(world, cases=[a_case_that_left(left)])
    after = ask(world, cases=[a_case_that_left(replace(left, done_at=NOON))])

    assert (before.is_safe, reasons(before)) == (False, [Reason.CASE_NOT_SAFE])
    assert before.reasons[0].text == "Case 01CASE has follow-ups that are not done."
    assert (after.is_safe, after.reasons) == (True, ())


def test_one_follow_up_of_several_is_enough_to_hold_it_red():
    world = a_world(DALLAS, owners={DALLAS: FID})
    left = FollowUp("recreate_addon_pods", "Do it.", "c1", "cluster-autoscaler")
    done = FollowUp("refresh_master", "Do it.", "c1", done_at=NOON)

    answer = ask(world, cases=[a_case_that_left(done, left)])

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CASE_NOT_SAFE])


def a_case_that_left(*follow_ups):
    target = a_case_target(
        outcome=Outcome.VERIFIED,
        settled_at=NOON - timedelta(hours=1),
        follow_ups=follow_ups,
    )
    return a_settled_case(targets=(target,))


@pytest.mark.parametrize(
    "case",
    [
        a_settled_case(),
        a_settled_case(CaseResult.CLEAN, targets=()),
        a_case(status=CaseStatus.CANCELLED),
        a_case(status=CaseStatus.OPEN, dry_run=True),
    ],
)
def test_a_case_that_is_over_and_settled_in_is_not_against_it(case):
    world = a_world(DALLAS, owners={DALLAS: FID})

    assert ask(world, cases=[case]).is_safe is True


def test_a_second_departure_that_found_nothing_does_not_hide_what_has_to_settle_in():
    world = a_world(DALLAS, owners={DALLAS: FID})
    target = a_case_target(outcome=Outcome.VERIFIED, settled_at=NOON - SETTLE / 2)
    first = a_settled_case(targets=(target,), id="01A")
    second = a_settled_case(CaseResult.CLEAN, targets=(), id="01B")

    answer = ask(world, cases=[first, second])

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CASE_NOT_SAFE])


def test_a_user_list_that_may_hide_people_turns_nothing_green():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.sees = Visibility(Right.OK, Right.OK, Right.CANNOT_TELL)

    assert ask(world).is_safe is False


def test_an_old_attention_is_made_up_for_by_a_newer_case():
    world = a_world(DALLAS, owners={DALLAS: FID})
    old = a_settled_case(CaseResult.ATTENTION, id="01A")

    assert ask(world, cases=[a_settled_case(id="01B"), old]).is_safe is True


REGION = Scope(regions=("us-south",))


@pytest.mark.parametrize(
    ("old", "new"), [(None, None), (REGION, None), (REGION, REGION)]
)
def test_a_newer_case_that_looked_at_as_much_decides_instead(old, new):
    world = a_world(DALLAS, owners={DALLAS: FID})
    cases = [
        a_settled_case(CaseResult.ATTENTION, id="01A", scope=old),
        a_settled_case(CaseResult.CLEAN, id="01B", scope=new, targets=()),
    ]

    assert ask(world, cases=cases).is_safe is True


def test_a_newer_case_of_one_region_makes_up_for_no_other():
    world = a_world(DALLAS, owners={DALLAS: FID})
    old = a_settled_case(CaseResult.ATTENTION, id="01A")

    answer = ask(world, cases=[old, a_settled_case(id="01B", scope=REGION)])

    assert "Case 01A ended with attention" in answer.reasons[0].text


def test_a_newer_case_decides_nothing_about_a_later_retry_of_an_older_one():
    world = a_world(DALLAS, owners={DALLAS: FID})
    retried = a_settled_case(CaseResult.ATTENTION, id="01A", settled_at=NOON)
    newer = a_settled_case(id="01B", settled_at=NOON - SETTLE)

    answer = ask(world, cases=[retried, newer])

    assert reasons(answer) == [Reason.CASE_NOT_SAFE]
    assert "Case 01A ended with attention" in answer.reasons[0].text


def test_what_an_attention_of_old_took_over_has_to_settle_in_all_the_same():
    world = a_world(DALLAS, owners={DALLAS: FID})
    target = a_case_target(outcome=Outcome.VERIFIED, settled_at=NOON - SETTLE / 2)
    old = a_settled_case(CaseResult.ATTENTION, id="01A", targets=(target,))

    answer = ask(world, cases=[old, a_settled_case(id="01B")])

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.CASE_NOT_SAFE])
    assert answer.reasons[0].text.startswith("Case 01A is owner-safe, and fully safe")


def test_a_follow_up_that_an_attention_of_old_left_is_to_be_done_all_the_same():
    world = a_world(DALLAS, owners={DALLAS: FID})
    left = a_case_that_left(FollowUp("refresh_master", "Refresh it.", "c1"))
    old = replace(left, id="01A", result=CaseResult.ATTENTION)

    answer = ask(world, cases=[old, a_settled_case(id="01B")])

    assert answer.reasons[0].text == "Case 01A has follow-ups that are not done."


def test_what_is_read_now_keeps_it_red_whatever_the_newest_case_says():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.cloud.own(DALLAS, Unread(Reason.UNREACHABLE, "timeout"))
    old = a_settled_case(CaseResult.ATTENTION, id="01A")

    answer = ask(world, cases=[old, a_settled_case(id="01B")])

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.UNREACHABLE])


def test_one_account_of_several_is_enough_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})

    answer = ask(world)

    assert [one.target.account_id for one in answer.holdings] == ["acct2"]


def test_what_surveys_remember_names_who_was_removed():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.users = [a_person(ROBIN), a_person(FID)]
    world.cloud.own(DALLAS, Unread(Reason.OWNER_UNKNOWN, "no owner"))
    world.cloud.listed = []

    answer = ask(world)

    assert (answer.is_safe, reasons(answer)) == (False, [Reason.OWNER_UNKNOWN])


def test_without_any_account_nothing_is_safe():
    world = a_world()
    world.tools = replace(world.tools, accounts={})

    answer = ask(world)

    assert answer.is_safe is False
    assert Reason.LIST_UNREADABLE in reasons(answer)


def an_adoption_of(owner, **changes):
    target = a_case_target(
        owner_before=owner, outcome=Outcome.VERIFIED, settled_at=NOON, resets=1
    )
    case = a_case(
        target,
        kind=CaseKind.ADOPTION,
        adoption=Adoption("acct1"),
        leaver=Leaver(),
        status=CaseStatus.SETTLED,
        result=CaseResult.SAFE,
        settled_at=NOON,
    )
    return replace(case, **changes)


def test_what_an_adoption_took_over_has_to_settle_in_before_they_go():
    world = a_world(DALLAS, owners={DALLAS: FID})
    adoption = an_adoption_of(DANA)

    early = ask(world, cases=[adoption], at=NOON + timedelta(minutes=29))
    late = ask(world, cases=[adoption], at=NOON + timedelta(minutes=31))

    assert reasons(early) == [Reason.CASE_NOT_SAFE]
    assert late.is_safe


def test_an_adoption_that_is_under_way_is_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    adoption = an_adoption_of(
        DANA, status=CaseStatus.OPEN, result=None, settled_at=None
    )

    answer = ask(world, cases=[adoption], at=NOON + timedelta(hours=2))

    assert reasons(answer) == [Reason.CASE_NOT_SAFE]


def test_what_an_adoption_took_over_from_others_is_not_against_it():
    world = a_world(DALLAS, owners={DALLAS: FID})
    adoption = an_adoption_of(ROBIN, result=CaseResult.ATTENTION)

    assert ask(world, cases=[adoption]).is_safe
