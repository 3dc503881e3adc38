"""An account that lists not one cluster is not taken at its word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, a_case
from fakes import a_world

from workers.offboarding.discovery import look_at
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.exposure import ReadingKind, exposure_of
from workers.offboarding.gate import Asked, answer_of, meant
from workers.offboarding.model import (
    CaseResult,
    Leaver,
    ListedKey,
    Outcome,
    Right,
    Visibility,
)
from workers.offboarding.ports import Discovery

DAY_SECONDS = 86_400
NOTHING = Discovery(())
DENIED = PermanentError("403", reason=Reason.NO_ROLE)


def reasons(notes):
    return [note.reason for note in notes]


def remove(cloud, owner=DANA):
    """Remove somebody: IBM Cloud deletes their keys with them."""
    cloud.users = [one for one in cloud.users if one.iam_id != owner.id]
    listed = cloud.listed if cloud.listed is not None else []
    cloud.listed = [one for one in listed if one.iam_id != owner.id]


def listings(world):
    return world.journal.count("targets")


def gate(world, leaver=None, cases=()):
    clouds = [one.cloud for one in world.tools.accounts.values()]
    asked = Asked(
        user="dana",
        leaver=leaver or Leaver(DANA.email),
        views=[look_at(one, None) for one in clouds],
        indexes=[world.index.of(one.account_id) for one in clouds],
        settle=timedelta(minutes=30),
        at=world.clock(),
    )
    return answer_of(asked, meant(asked), cases)


def an_empty_account(listed=()):
    world = a_world()
    world.cloud.listed = list(listed)
    return world


# what is believed


def test_an_account_without_clusters_keys_and_history_ends_clean_at_one_look():
    world = an_empty_account()

    case = world.settle()

    assert (case.result, case.warnings) == (CaseResult.CLEAN, ())
    assert listings(world) == 1
    assert gate(world).is_safe


def test_it_ends_clean_of_who_is_gone_when_a_survey_saw_none_either():
    world = an_empty_account()
    remove(world.cloud)
    world.survey()
    world.journal.clear()

    case = world.settle()

    assert case.result is CaseResult.CLEAN
    assert reasons(case.warnings) == [Reason.PERSON_NOT_FOUND]
    assert listings(world) == 1


def test_without_a_survey_who_is_gone_is_believed_to_own_nothing_at_the_second_look():
    world = an_empty_account()
    remove(world.cloud)

    case = world.settle()

    assert case.result is CaseResult.CLEAN
    assert listings(world) == 2
    assert case.settled_at > NOON


def test_an_account_with_one_cluster_is_looked_at_once():
    world = a_world(DALLAS, owners={DALLAS: FID})
    remove(world.cloud)

    world.settle()

    assert listings(world) == 1


# what speaks against it, and the second look that shows what there is


def a_key_of_the_leaver(world):
    world.cloud.listed = [ListedKey(DANA.id, *DALLAS.place)]


def a_key_of_somebody(world):
    world.cloud.listed = [ListedKey(ROBIN.id, *FRANKFURT.place)]


def a_key_of_ours(world):
    world.cloud.listed = [ListedKey(FID.id, *FRANKFURT.place)]


def a_survey(world):
    world.survey()
    world.cloud.listed = []
    # Too old to begin with.
    stale = replace(world.index.of("acct1"), has_people=False, people_at=None)
    world.index.indexes["acct1"] = stale
    world.journal.clear()


AGAINST = [a_key_of_the_leaver, a_key_of_somebody, a_key_of_ours, a_survey]


@pytest.mark.parametrize("against", AGAINST)
def test_what_speaks_against_an_empty_list_has_it_looked_at_until_it_is_whole(against):
    world = a_world(DALLAS)
    against(world)
    world.cloud.faults["targets"].extend([NOTHING] * 3)

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}
    assert listings(world) == 4


@pytest.mark.parametrize("against", AGAINST)
def test_where_it_stays_empty_the_case_asks_for_attention_and_the_gate_is_red(against):
    world = a_world(DALLAS)
    against(world)
    world.cloud.found = []

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_SHORT in reasons(case.warnings)
    assert world.resets.sends == []
    assert listings(world) == 7
    assert Reason.LIST_SHORT in reasons(gate(world).reasons)


def test_who_is_gone_and_was_never_surveyed_is_found_at_the_second_look():
    world = a_world(DALLAS)
    remove(world.cloud)
    world.cloud.faults["targets"].append(NOTHING)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_a_removal_that_an_event_proves_has_it_looked_at_twice():
    world = a_world(DALLAS)
    world.cloud.listed = []
    world.cloud.faults["targets"].append(NOTHING)

    world.settle(a_case(gone_from=("acct1",)))

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


@pytest.mark.parametrize("right", ["clusters", "keys"])
def test_a_key_list_that_may_hide_keys_bears_nothing_out(right):
    world = a_world(DALLAS)
    world.cloud.listed = []
    world.cloud.sees = replace(world.cloud.sees, **{right: Right.CANNOT_TELL})
    world.cloud.faults["targets"].append(NOTHING)

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_a_look_that_failed_is_no_look_that_saw_nothing():
    world = a_world(DALLAS)
    remove(world.cloud)
    world.cloud.faults["targets"].extend([TransientError("timeout"), NOTHING])

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_one_empty_look_at_the_very_end_is_not_believed():
    world = an_empty_account()
    remove(world.cloud)
    world.cloud.faults["targets"].extend([TransientError("timeout")] * 6)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_SHORT in reasons(case.warnings)


def test_another_accounts_clusters_go_on_while_one_is_looked_at_again():
    world = a_world(DALLAS)
    world.add_account("acct2", replace(FRANKFURT, account_id="acct2"))
    world.tools.accounts["acct2"].cloud.faults["targets"].append(NOTHING)
    key = ListedKey(DANA.id, *FRANKFURT.place)
    world.tools.accounts["acct2"].cloud.listed = [key]

    world.open()
    world.run(until=lambda: bool(world.resets.sends))

    assert (len(world.resets.sends), listings(world)) == (1, 2)


# the gate


def test_the_gate_does_not_believe_one_empty_list_of_who_is_gone_there():
    world = an_empty_account()
    world.add_account("acct2", owners={})
    remove(world.cloud)

    answer = gate(world)

    assert reasons(answer.reasons) == [Reason.LIST_SHORT]


def test_the_gate_believes_what_a_case_saw_twice():
    world = an_empty_account()
    world.add_account("acct2", owners={})
    remove(world.cloud)
    case = world.settle()

    assert case.result is CaseResult.CLEAN
    assert gate(world, cases=[case]).is_safe


# surveys


def test_a_survey_that_lists_nothing_forgets_no_owner_and_says_so():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.faults["targets"].append(NOTHING)
    world.clock.advance(6 * 3600)

    found = world.survey()

    [dallas] = found.index.holdings
    assert (dallas.reading, dallas.reason, dallas.owner) == (
        ReadingKind.UNREAD,
        Reason.LIST_SHORT,
        DANA,
    )
    shown = exposure_of([found.index])
    assert (reasons(shown.notes), shown.unread) == ([Reason.LIST_SHORT], 1)


def test_an_account_that_surveys_saw_empty_for_a_day_is_believed_to_be():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.found = []
    world.cloud.listed = [ListedKey(FID.id, *FRANKFURT.place)]
    for _ in range(2):
        world.clock.advance(DAY_SECONDS)
        found = world.survey()

    assert reasons(found.index.notes) == []
    assert [one.reason for one in found.index.holdings] == [Reason.NO_CLUSTER]
    assert world.settle().result is CaseResult.CLEAN
    assert gate(world).is_safe


@pytest.mark.parametrize("why", ["young", "rights", "came back", "failed at first"])
def test_it_is_not_believed_before_surveys_saw_it_so_for_a_whole_day(why):
    world = a_world(DALLAS)
    world.cloud.found = []
    world.cloud.listed = [ListedKey(ROBIN.id, *FRANKFURT.place)]
    if why == "rights":
        world.cloud.sees = Visibility(Right.CANNOT_TELL, Right.OK, Right.OK)
    if why == "failed at first":
        world.cloud.faults["targets"].append(DENIED)
    world.survey()
    world.clock.advance(DAY_SECONDS - (300 if why == "young" else 0))
    if why == "came back":
        world.cloud.faults["targets"].append(Discovery((DALLAS,)))
    world.survey()

    assert world.settle().result is CaseResult.ATTENTION


def test_a_survey_that_fails_between_does_not_begin_the_day_anew():
    world = an_empty_account([ListedKey(ROBIN.id, *FRANKFURT.place)])
    world.survey()
    world.survey()
    world.clock.advance(DAY_SECONDS / 2)
    world.cloud.faults["targets"].append(DENIED)
    world.survey()
    world.clock.advance(DAY_SECONDS / 2)

    assert world.settle().result is CaseResult.CLEAN


def test_one_survey_that_no_other_bore_out_since_is_none_for_a_day():
    world = an_empty_account([ListedKey(ROBIN.id, *FRANKFURT.place)])
    world.survey()
    world.cloud.faults["targets"].append(DENIED)
    world.clock.advance(DAY_SECONDS)
    world.survey()

    assert world.settle().result is CaseResult.ATTENTION


def test_a_key_of_the_leaver_stays_in_sight_however_long_the_account_is_empty():
    world = an_empty_account([ListedKey(DANA.id, *FRANKFURT.place)])
    world.survey()
    world.survey()
    world.clock.advance(DAY_SECONDS)

    world.settle()

    assert world.outcomes() == {FRANKFURT.region: (Outcome.UNREAD, Reason.NO_CLUSTER)}
