"""What surveys find, and what exposure makes of it."""

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
    TOKYO,
    a_person,
    a_target,
)
from fakes import a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.exposure import ReadingKind, exposure_of
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    ListedKey,
    Note,
    OwnerKind,
    Right,
    Unread,
    Visibility,
)

DENIED = PermanentError("403", reason=Reason.NO_ROLE)
DOWN = TransientError("timeout")
UNKNOWN = Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")


def rows(found):
    return {
        one.target.region: (
            one.reading,
            one.owner.id if one.owner else None,
            one.has_left,
        )
        for one in found.index.holdings
    }


def remove(world, owner):
    world.cloud.users = [one for one in world.cloud.users if one.iam_id != owner.id]


def test_a_survey_knows_every_target_with_its_owner():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: FID})

    found = world.survey()

    assert rows(found) == {
        "us-south": (ReadingKind.OWNER, DANA.id, False),
        "eu-de": (ReadingKind.OWNER, FID.id, False),
    }
    assert (found.index.surveyed_at, found.index.has_people) == (NOON, True)
    assert found.index.notes == ()


def test_a_target_that_cannot_be_read_keeps_the_owner_read_before():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.faults["key_owner"].append(DOWN)

    found = world.survey()

    assert rows(found) == {"us-south": (ReadingKind.UNREAD, DANA.id, False)}
    assert found.index.holdings[0].reason is Reason.UNREACHABLE


def test_a_place_with_a_key_and_no_cluster_is_unread():
    world = a_world(DALLAS)
    world.cloud.listed = [
        ListedKey(DANA.id, *DALLAS.place),
        ListedKey(ROBIN.id, "us-east", "empty"),
    ]

    found = world.survey()

    assert rows(found)["us-east"] == (ReadingKind.UNREAD, None, False)
    [empty] = [one for one in found.index.holdings if not one.target.clusters]
    assert empty.reason is Reason.NO_CLUSTER


def test_a_target_whose_key_nobody_has_is_nobodys():
    world = a_world(DALLAS, owners={DALLAS: UNKNOWN})
    world.cloud.listed = []

    found = world.survey()

    assert rows(found) == {"us-south": (ReadingKind.NONE, None, False)}


def test_an_owner_whose_address_is_on_the_list_under_another_id_has_not_left():
    other_id = replace(DANA, id="HR-4711", email="Dana.Lee@example.com")
    world = a_world(DALLAS, owners={DALLAS: other_id})
    world.survey()

    found = world.survey()

    assert rows(found) == {"us-south": (ReadingKind.OWNER, "HR-4711", False)}
    assert found.gone == ()


def test_who_left_one_account_and_is_in_another_has_not_left():
    world = a_world(DALLAS)
    world.add_account("acct2", FRANKFURT)
    other = world.tools.accounts["acct2"].cloud
    remove(world, DANA)
    world.survey()
    world.survey(other)
    here = exposure_of([world.index.of("acct1")])

    both = exposure_of([world.index.of("acct1"), world.index.of("acct2")])

    assert [(one.owner.id, one.has_left) for one in here.people] == [(DANA.id, True)]
    assert [(one.owner.id, one.has_left) for one in both.people] == [(DANA.id, False)]


def test_an_owner_who_left_the_user_list_is_newly_gone_once():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    first = world.survey()
    remove(world, DANA)

    second, third = world.survey(), world.survey()

    assert first.gone == ()
    assert [one.id for one in second.gone] == [DANA.id]
    assert third.gone == ()
    assert rows(third)["us-south"] == (ReadingKind.OWNER, DANA.id, True)


def test_who_is_gone_is_known_though_their_key_names_nobody_any_more():
    world = a_world(DALLAS)
    world.survey()
    remove(world, DANA)
    world.cloud.own(DALLAS, UNKNOWN)

    found = world.survey()

    assert [one.id for one in found.gone] == [DANA.id]
    assert rows(found)["us-south"] == (ReadingKind.UNREAD, DANA.id, True)


def test_who_was_gone_at_the_first_survey_is_listed_and_opens_nothing():
    world = a_world(DALLAS)
    remove(world, DANA)

    found = world.survey()

    assert found.gone == ()
    assert rows(found)["us-south"] == (ReadingKind.OWNER, DANA.id, True)


def test_nobody_is_gone_by_a_user_list_that_was_not_whole():
    world = a_world(DALLAS)
    world.survey()
    remove(world, DANA)
    world.cloud.faults["people"].append(DENIED)

    found = world.survey()

    assert found.gone == ()
    assert rows(found)["us-south"] == (ReadingKind.OWNER, DANA.id, False)


def test_who_left_while_the_user_list_could_not_be_read_is_gone_at_the_next_one():
    world = a_world(DALLAS)
    world.survey()
    remove(world, DANA)
    world.cloud.faults["people"].append(DENIED)
    world.survey()

    found = world.survey()

    assert [one.id for one in found.gone] == [DANA.id]


def test_who_became_an_owner_and_left_between_two_surveys_is_gone():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.survey()
    world.cloud.own(DALLAS, DANA)
    remove(world, DANA)

    found = world.survey()

    assert [one.id for one in found.gone] == [DANA.id]


def test_it_is_said_whether_somebody_may_be_hidden():
    world = a_world(DALLAS)
    world.cloud.sees = Visibility(Right.OK, Right.OK, Right.CANNOT_TELL)

    assert world.survey().is_sure is False


def test_a_service_id_or_functional_id_is_never_gone():
    service = KeyOwner("iam-ServiceId-1", "ci", None, OwnerKind.SERVICE_ID)
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: service, FRANKFURT: FID})
    world.survey()

    found = world.survey()

    assert found.gone == ()
    assert {left for _, _, left in rows(found).values()} == {False}


def test_a_person_who_owns_what_a_functional_id_owned_is_news_once():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.survey()
    world.cloud.own(DALLAS, ROBIN)

    second, third = world.survey(), world.survey()

    [taken] = second.taken_over
    assert (taken.target, taken.before, taken.now) == (DALLAS, FID, ROBIN)
    assert third.taken_over == ()


def test_a_list_that_fails_keeps_what_was_known():
    world = a_world(DALLAS, FRANKFURT)
    world.survey()
    world.cloud.found = [DALLAS]
    world.cloud.unseen = (Note(Reason.LIST_UNREADABLE, "Satellite failed."),)

    found = world.survey()

    assert rows(found)["eu-de"] == (ReadingKind.UNREAD, DANA.id, False)
    assert found.index.holdings[-1].reason is Reason.LIST_SHORT


def test_a_cluster_list_that_fails_wipes_no_owner_away():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.faults["targets"].append(DENIED)

    found = world.survey()

    [dallas] = found.index.holdings
    assert (dallas.owner, dallas.target.clusters) == (DANA, DALLAS.clusters)
    assert (dallas.reading, dallas.reason) == (ReadingKind.UNREAD, Reason.LIST_SHORT)


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
def test_what_may_be_hidden_is_kept_for_a_month(days, is_kept):
    world = a_world(DALLAS, FRANKFURT)
    world.survey()
    world.cloud.found = [DALLAS]
    world.cloud.sees = Visibility(Right.MISSING, Right.OK, Right.OK)
    world.clock.advance(days * 86_400)

    found = world.survey()

    assert ("eu-de" in rows(found)) is is_kept


def test_a_functional_id_whose_kind_was_not_known_takes_nothing_over_from_itself():
    world = a_world(DALLAS, owners={DALLAS: FID})
    world.survey()
    world.cloud.own(DALLAS, replace(FID, kind=OwnerKind.PERSON))

    assert world.survey().taken_over == ()


def test_whole_lists_forget_a_target_that_is_gone():
    world = a_world(DALLAS, FRANKFURT)
    world.survey()
    world.cloud.found = [DALLAS]
    world.cloud.listed = [ListedKey(DANA.id, *DALLAS.place)]

    found = world.survey()

    assert set(rows(found)) == {"us-south"}


def test_exposure_counts_what_hangs_on_whom():
    gone = replace(ROBIN, id="IBMid-7", email="gone@example.com", name="Gone Person")
    more = (Cluster("c8", "a", "vpc-gen2"), Cluster("c9", "b", "vpc-gen2"))
    osaka = a_target("jp-osa", "platform", clusters=more)
    deleted = Cluster("c7", "old", "classic", readable=False)
    empty = a_target("br-sao", "platform", clusters=(deleted,))
    world = a_world(
        DALLAS,
        FRANKFURT,
        TOKYO,
        osaka,
        empty,
        owners={FRANKFURT: FID, TOKYO: gone, osaka: gone, empty: ROBIN},
    )
    world.survey()

    shown = exposure_of([world.index.of("acct1")])

    people = [
        (one.owner.id, one.targets, one.clusters, one.has_left) for one in shown.people
    ]
    assert people == [
        ("IBMid-7", 2, 3, True),
        (DANA.id, 1, 1, False),
        (ROBIN.id, 1, 0, False),
    ]
    assert shown.departures_from_outage == 2
    assert (shown.unread, shown.checked_at) == (0, NOON)


def test_exposure_is_as_old_as_its_oldest_survey():
    world = a_world(DALLAS)
    world.add_account("acct2", FRANKFURT)
    world.survey()
    world.survey(world.tools.accounts["acct2"].cloud, at=NOON + timedelta(hours=1))

    both = exposure_of([world.index.of("acct1"), world.index.of("acct2")])
    never = exposure_of([world.index.of("acct1"), world.index.of("acct3")])

    assert both.checked_at == NOON
    assert never.checked_at is None


def test_an_owner_whom_nobody_can_name_is_listed():
    nameless = KeyOwner("SL-123", None, None, OwnerKind.UNKNOWN)
    world = a_world(DALLAS, owners={DALLAS: nameless})
    world.survey()

    shown = exposure_of([world.index.of("acct1")])

    assert [one.owner for one in shown.people] == [nameless]
    assert shown.departures_from_outage == 1


def test_the_same_person_in_two_accounts_is_one_person():
    world = a_world(DALLAS)
    world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})
    world.survey()
    world.survey(world.tools.accounts["acct2"].cloud)

    shown = exposure_of([world.index.of("acct1"), world.index.of("acct2")])

    assert [(one.owner.id, one.targets) for one in shown.people] == [(DANA.id, 2)]
    assert shown.departures_from_outage == 1


def test_a_user_without_an_e_mail_is_a_person_all_the_same():
    world = a_world(DALLAS)
    world.cloud.users = [a_person(DANA, email=None), a_person(FID)]

    found = world.survey()

    assert rows(found)["us-south"][2] is False
