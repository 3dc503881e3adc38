"""People and keys: a list is whole, or it is an error."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ibmcloud_scenes import STEWARD

from simulator import Fault, drop_after, status, truncate
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind, Person

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
FUNCTIONAL = "IBMid-6600001FID"
LEAVER = "IBMid-550000ABCD"
USERS = f"/v2/accounts/{ACCOUNT}/users"
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def a_key(description, created_at="2026-03-01T12:00:30.000Z", **changed):
    key = {"id": "k", "name": "containers-kubernetes-key", "iam_id": FUNCTIONAL}
    return key | {"description": description, "created_at": created_at} | changed


def lists(far, *keys):
    far.says("GET /v1/apikeys", {"apikeys": list(keys)})


def test_people_are_listed_with_lower_cased_emails(cloud):
    found = tuple(replace(one, added_at=None) for one in cloud.people())

    assert found == (
        Person(
            FUNCTIONAL,
            "steward@example.com",
            "Steward@Example.com",
            "Cluster Steward",
            "ACTIVE",
        ),
        Person(
            LEAVER,
            "dana.lee@example.com",
            "Dana.Lee@example.com",
            "Dana Lee",
            "ACTIVE",
        ),
    )


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2019-03-22T15:06:37.000Z", datetime(2019, 3, 22, 15, 6, 37, tzinfo=UTC)),
        ("long ago", None),
        (None, None),
        (7, None),
    ],
)
def test_when_somebody_was_added_is_read_where_it_is_a_time(far, far_cloud, said, at):
    user = {"iam_id": "IBMid-1", "added_on": said}
    far.says(f"GET /v2/accounts/{ACCOUNT}/users", {"resources": [user]})

    [found] = far_cloud.people()

    assert found.added_at == at


def test_all_pages_of_people_are_read(scene, simulator, cloud):
    for number in range(250):
        scene.add_person(f"IBMid-{number}", f"p{number}@example.com")

    assert len(cloud.people()) == 252
    assert len(simulator.journal.calls("GET", USERS)) == 3


@pytest.mark.parametrize(
    "action",
    [status(403), status(500), status(429), drop_after(), truncate(50), status(200)],
)
def test_a_fault_on_a_later_page_gives_no_people_at_all(
    scene, simulator, cloud, action
):
    for number in range(150):
        scene.add_person(f"IBMid-{number}", f"p{number}@example.com")
    simulator.faults.add(Fault("GET", USERS, action, skip=1))

    with pytest.raises((TransientError, PermanentError)):
        cloud.people()


@pytest.mark.parametrize("name", ["total_results", "total_count"])
def test_fewer_people_than_the_far_side_counts_is_an_error(far, far_cloud, name):
    far.says(f"GET {USERS}", {name: 2, "resources": [{"iam_id": "IBMid-1"}]})

    with pytest.raises(TransientError) as caught:
        far_cloud.people()

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER
    assert "1 users came of 2" in str(caught.value)


@pytest.mark.parametrize(
    "page",
    [
        {"resources": None},
        {},
        [],
        {"resources": [{"email": "a@example.com"}]},
        {"resources": [], "next_url": "/v2/accounts/x/users?limit=100"},
        {"resources": [], "next_url": "next_url"},
        {"resources": [], "next_url": "/u?_start=again"},
        {"resources": [], "total_results": "many"},
        "<html>sign in</html>",
    ],
)
def test_a_page_of_people_that_makes_no_sense_is_an_error(far, far_cloud, page):
    far.says(f"GET {USERS}", page)

    with pytest.raises(TransientError) as caught:
        far_cloud.people()

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_an_empty_next_url_ends_the_list(far, far_cloud):
    far.says(f"GET {USERS}", {"resources": [{"iam_id": "IBMid-1"}], "next_url": ""})

    assert far_cloud.people() == (Person("IBMid-1", None, None, None, None),)


def test_a_reset_shows_as_a_new_key_of_the_functional_id(cloud, resets, target):
    since = datetime.now(UTC)
    one = target("c1")
    before = cloud.has_new_key(one, STEWARD, since)

    resets.prepare(one, STEWARD).send()

    assert before is False
    assert cloud.has_new_key(one, STEWARD, since) is True


def test_the_functional_id_itself_looks_for_its_keys(simulator, cloud, target):
    cloud.has_new_key(target("c1"), STEWARD, datetime.now(UTC))

    (call,) = simulator.journal.calls("GET", "/v1/apikeys")
    assert call.caller == FUNCTIONAL
    assert call.query == {
        "account_id": ACCOUNT,
        "iam_id": FUNCTIONAL,
        "pagesize": "100",
        "scope": "entity",
    }


def test_all_pages_of_keys_are_read(scene, simulator, cloud, target):
    for number in range(230):
        scene.add_login_key(FUNCTIONAL, f"raw-{number}")
    scene.set_owner("us-south", PROD, FUNCTIONAL)

    assert cloud.has_new_key(
        target(), STEWARD, datetime.now(UTC) - timedelta(minutes=5)
    )
    assert len(simulator.journal.calls("GET", "/v1/apikeys")) == 3


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("2026-03-01T12:00:30.000Z", True),
        ("2026-03-01T11:59:30.000Z", True),
        ("2026-03-01T11:59:29.999Z", False),
        ("2026-03-01T13:00:28+0100", True),
        ("2026-03-01T12:00:31", True),
        # To the minute: it may be from after the half minute, so it counts as new.
        ("2026-03-01T12:00+0000", True),
        ("2026-03-01T12:00Z", True),
        ("2026-03-01T11:59+0000", True),
        ("2026-03-01T11:58+0000", False),
    ],
)
def test_a_key_is_new_from_a_minute_before(
    far, far_cloud, target, created_at, expected
):
    lists(far, a_key(f"us-south {PROD}", created_at))

    assert far_cloud.has_new_key(target(), STEWARD, NOON) is expected


@pytest.mark.parametrize("created_at", [None, "", "yesterday", 5])
def test_a_key_of_the_target_without_a_time_is_not_taken_for_old(
    far, far_cloud, target, created_at
):
    lists(far, a_key(f"us-south {PROD}", created_at))

    with pytest.raises(TransientError) as caught:
        far_cloud.has_new_key(target(), STEWARD, NOON)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    ("region", "description", "expected"),
    [
        ("us-south", f"region us-south, group {PROD}.", True),
        ("us-south", f"region:us-south;group:{PROD}", True),
        ("us-south", f"us-south_{PROD}", True),
        ("us-south", f"us-south-2 {PROD}", False),
        ("us-south-2", f"us-south-2 {PROD}", True),
        ("us-south-2", f"us-south {PROD}", False),
        ("eu-de", f"eu-de-1 {PROD}", False),
        ("eu-de", f"eu-central {PROD}", True),
        ("eu-central", f"eu-de {PROD}", True),
        ("eu-gb", f"uk-south {PROD}", True),
        ("eu-gb", f"eu-de {PROD}", False),
        ("us-south", f"us-south {PROD[::-1]}", False),
    ],
)
def test_a_key_counts_only_when_it_names_exactly_region_and_group(
    far, far_cloud, target, region, description, expected
):
    lists(far, a_key(description))

    assert far_cloud.has_new_key(target(region=region), STEWARD, NOON) is expected


@pytest.mark.parametrize(
    "description",
    [
        f"us-south {PROD}0",
        f"us-south a{PROD}",
        f"us-south {PROD[:-1]}",
        "us-south",
        PROD,
        None,
        f"xus-south {PROD}",
        f"us-south- {PROD}",
        f"us-south eu-de {PROD}",
        f"containers api-key for {PROD}, in-use",
        "made for you with love",
    ],
)
def test_a_new_cluster_key_in_other_words_is_not_taken_for_another_targets(
    far, far_cloud, target, description
):
    lists(far, a_key(description))

    with pytest.raises(TransientError) as caught:
        far_cloud.has_new_key(target(), STEWARD, NOON)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_an_old_cluster_key_in_other_words_is_nobodys_concern(far, far_cloud, target):
    lists(far, a_key("other words", "2026-02-01T12:00:30.000Z"))

    assert far_cloud.has_new_key(target(), STEWARD, NOON) is False


def test_an_empty_list_of_our_own_keys_is_no_answer(far, far_cloud, target):
    lists(far)

    with pytest.raises(TransientError):
        far_cloud.has_new_key(target(), STEWARD, NOON)


@pytest.mark.parametrize(
    "changed", [{"name": "my-key"}, {"name": None}, {"iam_id": LEAVER}]
)
def test_other_keys_do_not_count(far, far_cloud, target, changed):
    asking = a_key("the key that asks", name="offboard")
    lists(far, a_key(f"us-south {PROD}", **changed), asking)

    assert far_cloud.has_new_key(target(), STEWARD, NOON) is False


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"apikeys": None},
        [],
        "<html>",
        {"apikeys": [], "next": "https://example.com/v1/apikeys"},
        {"apikeys": [], "next": "https://example.com/v1/apikeys?pagetoken=again"},
    ],
)
def test_a_page_of_keys_that_makes_no_sense_is_not_no_key(far, far_cloud, target, page):
    far.says("GET /v1/apikeys", page)

    with pytest.raises(TransientError) as caught:
        far_cloud.has_new_key(target(), STEWARD, NOON)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_a_plain_text_429_of_iam_carries_its_wait(far, far_cloud, target):
    head = {"Content-Type": "text/plain", "Retry-After": "12"}
    far.says("GET /v1/apikeys", "User based rate limit", 429, head)

    with pytest.raises(TransientError) as caught:
        far_cloud.has_new_key(target(), STEWARD, NOON)

    assert caught.value.retry_after_seconds == 12.0


def test_our_identities_are_those_of_the_tokens(cloud, target):
    steward = KeyOwner(
        FUNCTIONAL,
        "Cluster Steward",
        "steward@example.com",
        OwnerKind.FUNCTIONAL_ID,
    )

    assert cloud.candidates(target()) == (steward,)
    assert cloud.identities() == (
        steward,
        KeyOwner(
            "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666",
            "reader",
            None,
            OwnerKind.SERVICE_ID,
        ),
    )


def test_without_a_reader_there_is_one_identity_and_one_token(far, far_cloud, target):
    far_cloud.candidates(target())

    assert [one.id for one in far_cloud.identities()] == [FUNCTIONAL]
    assert far.asked("POST /identity/token") == 1


def test_a_removed_functional_id_is_a_bad_key(scene, cloud, target):
    scene.remove_person(FUNCTIONAL)

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(target())

    assert caught.value.reason is Reason.BAD_KEY
    assert "BXNIM0415E" in str(caught.value)


def test_no_message_repeats_a_body(far, far_cloud):
    far.says(f"GET {USERS}", json.dumps({"message": "SECRET", "code": 403}), 403)

    with pytest.raises(PermanentError) as caught:
        far_cloud.people()

    assert str(caught.value) == ("Listing the account's users: IBM Cloud answered 403")
