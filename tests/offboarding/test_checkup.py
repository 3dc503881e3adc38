"""What the doctor says of an account."""

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, a_person
from fakes import a_world

from workers.offboarding.checkup import checks_of
from workers.offboarding.discovery import look_at
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.health import Verdict
from workers.offboarding.model import (
    KeyOwner,
    ListedKey,
    Note,
    OwnerKind,
    Right,
    Unread,
    Visibility,
)

DENIED = PermanentError("Listing: 403", reason=Reason.NO_ROLE)
ALL = [
    "keys_in_hand",
    "user_list",
    "cluster_lists",
    "key_list",
    "sees_every_cluster",
    "sees_everybodys_keys",
    "sees_every_user",
    "owners",
    "owner_ids",
]


def check(world):
    return {one.what: one for one in checks_of(look_at(world.cloud, None))}


def test_all_is_well_where_everything_is_seen():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: FID})

    found = check(world)

    assert list(found) == ALL
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert {one.account_id for one in found.values()} == {"acct1"}
    assert {one.mend for one in found.values()} == {None}


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("identities", "keys_in_hand"),
        ("people", "user_list"),
        ("targets", "cluster_lists"),
        ("cluster_keys", "key_list"),
    ],
)
def test_what_cannot_be_read_is_red_and_says_how_to_mend_it(call, what):
    world = a_world(DALLAS)
    world.cloud.faults[call].append(DENIED)

    found = check(world)[what]

    assert found.verdict is Verdict.FAILED
    assert "Listing: 403" in found.text
    assert found.mend
    assert found.command


@pytest.mark.parametrize(
    ("sees", "what"),
    [
        (Visibility(Right.MISSING, Right.OK, Right.OK, ("Grant.",)), ALL[4]),
        (Visibility(Right.OK, Right.CANNOT_TELL, Right.OK, ("Grant.",)), ALL[5]),
        (Visibility(Right.OK, Right.OK, Right.CANNOT_TELL, ("Grant.",)), ALL[6]),
    ],
)
def test_a_right_that_is_not_proven_is_said_not_to_be(sees, what):
    world = a_world(DALLAS)
    world.cloud.sees = sees

    found = check(world)

    unproven = [one.what for one in found.values() if one.verdict is Verdict.UNPROVEN]
    assert unproven == [what]
    assert found[what].mend == "Grant."


def test_a_key_that_opens_nothing_is_told_once():
    world = a_world(DALLAS)
    calls = ("identities", "people", "targets", "cluster_keys", "visibility")
    for call in calls:
        world.cloud.faults[call].append(DENIED)

    found = check(world)

    assert list(found) == ["keys_in_hand"]
    assert found["keys_in_hand"].verdict is Verdict.FAILED
    text = found["keys_in_hand"].text
    assert text.endswith("Listing: 403. So nothing else could be looked at.")


def test_owner_ids_that_are_no_iam_ids_are_red():
    world = a_world(DALLAS, owners={DALLAS: KeyOwner("dana", "Dana", "d@example.com")})
    world.cloud.listed = [ListedKey(DANA.id, *DALLAS.place)]

    found = check(world)["owner_ids"]

    assert found.verdict is Verdict.FAILED
    assert found.text.startswith("In 1 of 1 targets")


def test_owner_ids_are_not_proven_without_a_key_to_compare_with():
    world = a_world(DALLAS)
    world.cloud.listed = []

    assert check(world)["owner_ids"].verdict is Verdict.UNPROVEN


def test_the_key_of_who_was_removed_proves_nothing_against_owner_ids():
    gone = KeyOwner("IBMid-7", "Gone", "gone@example.com", OwnerKind.PERSON)
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: gone})

    assert check(world)["owner_ids"].verdict is Verdict.OK


def test_an_unread_owner_is_not_proven_and_names_a_place():
    world = a_world(DALLAS)
    world.cloud.faults["key_owner"].append(DENIED)

    found = check(world)["owners"]

    assert found.verdict is Verdict.UNPROVEN
    assert "us-south / payments" in found.text


def test_a_target_without_a_readable_cluster_is_no_fault_of_the_set_up():
    world = a_world(DALLAS, owners={DALLAS: Unread(Reason.NO_CLUSTER, "none")})

    assert check(world)["owners"].verdict is Verdict.OK


def test_a_short_cluster_list_is_red():
    world = a_world(DALLAS)
    note = Note(Reason.LIST_SHORT, "2 clusters of the resource controller are missing.")
    world.cloud.unseen = (note,)

    found = check(world)["cluster_lists"]

    assert found.verdict is Verdict.FAILED
    assert note.text in found.text


def test_a_user_list_without_our_own_identity_is_red():
    world = a_world(DALLAS)
    world.cloud.users = [a_person(DANA)]

    assert check(world)["user_list"].verdict is Verdict.FAILED


def test_keys_that_do_not_say_their_target_are_not_proven():
    world = a_world(DALLAS)
    world.cloud.listed = [ListedKey(DANA.id, *DALLAS.place), ListedKey(DANA.id)]

    assert check(world)["key_list"].verdict is Verdict.UNPROVEN


def test_unread_classic_credentials_are_not_proven():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = Unread(Reason.NO_ROLE, "403")

    assert check(world)["classic_credentials"].verdict is Verdict.UNPROVEN
