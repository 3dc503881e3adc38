"""Every cluster API key of the account, or an error: never a part of the list."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import Fault, Policy, drop_after, status, truncate
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyList, ListedKey

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
FUNCTIONAL = "IBMid-6600001FID"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
LEAVER = "IBMid-550000ABCD"
KEYS = "/v1/apikeys"
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def a_key(description, **changed):
    key = {"id": "k", "name": "containers-kubernetes-key", "iam_id": LEAVER}
    stamped = {"created_at": "2026-03-01T12:00:30.000Z"}
    return key | stamped | {"description": description} | changed


def lists(far, users=(), services=()):
    far.says(f"GET {KEYS}", {"apikeys": list(users)})
    far.says(f"GET {KEYS}", {"apikeys": list(services)})


def test_users_and_service_ids_keys_are_listed_by_the_reader(scene, simulator, cloud):
    scene.set_owner("us-south", SANDBOX, READER)

    found = cloud.cluster_keys()

    places = {(one.iam_id, one.place) for one in found.keys}
    assert places == {(LEAVER, ("us-south", PROD)), (READER, ("us-south", SANDBOX))}
    assert found.has_own
    calls = simulator.journal.calls("GET", KEYS)
    assert {call.caller for call in calls} == {READER}
    assert [call.query for call in calls] == [
        {
            "account_id": ACCOUNT,
            "scope": "account",
            "type": kind,
            "pagesize": "100",
            "sort": "name",
        }
        for kind in ("user", "serviceid")
    ]


def test_the_call_is_the_published_scripts(far, far_cloud):
    name = "terraform_module_expected_list_apikeys.json"
    path = Path(__file__).parent / "samples" / name
    wanted = json.loads(path.read_text())["request"]["query"]
    lists(far)

    far_cloud.cluster_keys()

    first, _ = far.queries_of(f"GET {KEYS}")
    assert first == wanted | {"account_id": ACCOUNT}


def test_superseded_keys_and_keys_without_a_cluster_are_listed_too(scene, cloud):
    scene.set_owner("us-south", PROD, FUNCTIONAL)
    scene.set_owner("eu-de", SANDBOX, LEAVER)

    owners = [(one.iam_id, one.region) for one in cloud.cluster_keys().keys]

    assert sorted(owners) == [
        (LEAVER, "eu-de"),
        (LEAVER, "us-south"),
        (FUNCTIONAL, "us-south"),
    ]


def test_a_key_is_read_field_by_field(far, far_cloud):
    lists(far, [a_key(f"{ACCOUNT}: uk-south {PROD}", locked=False, disabled=True)])

    (key,) = far_cloud.cluster_keys().keys

    assert key == ListedKey(LEAVER, "eu-gb", PROD, NOON, "k", is_disabled=True)


@pytest.mark.parametrize("said", [{}, {"locked": None}, {"locked": "false"}])
def test_a_key_that_does_not_say_whether_it_is_locked_counts_as_locked(
    far, far_cloud, said
):
    lists(far, [a_key(f"us-south {PROD}", **said)])

    (key,) = far_cloud.cluster_keys().keys

    assert (key.is_locked, key.is_disabled) == (True, False)


@pytest.mark.parametrize(
    ("description", "region", "group_id"),
    [
        (f"us-south-2 {PROD}", "us-south-2", PROD),
        (f"us-south {PROD}0", "us-south", None),
        (f"us-south eu-de {PROD}", None, PROD),
        (f"api-key for {PROD}", None, PROD),
        (f"us-south {PROD} {SANDBOX}", "us-south", None),
        ("us-south", "us-south", None),
        (None, None, None),
    ],
)
def test_what_a_key_does_not_plainly_say_is_not_guessed(
    far, far_cloud, description, region, group_id
):
    lists(far, [a_key(description)])

    (key,) = far_cloud.cluster_keys().keys

    assert (key.region, key.resource_group_id) == (region, group_id)


@pytest.mark.parametrize("style", ["plain", "legacy", "packed"])
def test_however_the_service_words_it_the_target_is_found(scene, cloud, style):
    scene.description_style = style

    assert [one.place for one in cloud.cluster_keys().keys] == [("us-south", PROD)]


def test_a_region_seen_in_the_cluster_lists_is_known(far, far_cloud):
    cluster = {"id": "c1", "region": "moon1", "resourceGroup": PROD}
    far.says("GET /global/v2/vpc/getClusters", [cluster])
    lists(far, [a_key(f"moon1 {PROD}")])
    far_cloud.targets().checked()

    (key,) = far_cloud.cluster_keys().keys

    assert key.place == ("moon1", PROD)


def test_keys_of_other_names_are_not_listed_but_prove_our_own(far, far_cloud):
    lists(far, [a_key("laptop", name="my-key", iam_id=FUNCTIONAL)])

    assert far_cloud.cluster_keys() == KeyList((), has_own=True)


@pytest.mark.parametrize(
    "name", ["Containers-Kubernetes-Key", "containers-kubernetes-key-2", None]
)
def test_a_name_that_is_only_alike_is_another_name(far, far_cloud, name):
    lists(far, [a_key(f"us-south {PROD}", name=name)])

    assert far_cloud.cluster_keys().keys == ()


def test_without_our_own_key_the_list_is_not_whole(far, far_cloud):
    lists(far, [a_key(f"us-south {PROD}")])

    assert far_cloud.cluster_keys().has_own is False


def test_our_own_key_may_be_in_the_second_list(far, far_cloud):
    lists(far, [], [a_key("x", name="mine", iam_id=FUNCTIONAL)])

    assert far_cloud.cluster_keys().has_own is True


def test_a_reader_without_rights_sees_itself_alone_and_that_shows_nobody(scene, cloud):
    scene.set_policies(READER, [Policy(("Viewer",), service_name="iam-identity")])

    found = cloud.cluster_keys()

    assert found == KeyList((), has_own=True)


def test_a_key_in_both_lists_is_one_key(far, far_cloud):
    far.says(f"GET {KEYS}", {"apikeys": [a_key(f"us-south {PROD}")]})

    assert len(far_cloud.cluster_keys().keys) == 1
    assert far.asked(f"GET {KEYS}") == 2


def test_keys_without_ids_are_not_taken_for_one(far, far_cloud):
    both = [a_key(f"us-south {PROD}", id=""), a_key(f"eu-de {PROD}", id="")]
    lists(far, both)

    assert len(far_cloud.cluster_keys().keys) == 2


def test_all_pages_of_both_lists_are_read(scene, simulator, cloud):
    for number in range(130):
        scene.add_login_key(LEAVER, f"raw-{number}")
        scene.add_login_key(READER, f"raw-of-reader-{number}")
    scene.set_owner("us-south", SANDBOX, READER)

    assert len(cloud.cluster_keys().keys) == 2
    assert len(simulator.journal.calls("GET", KEYS)) == 4


@pytest.mark.parametrize(
    "action",
    [status(403), status(500), status(429), drop_after(), truncate(50), status(200)],
)
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_fault_on_any_page_gives_no_keys_at_all(
    scene, simulator, cloud, action, skip
):
    for number in range(110):
        scene.add_login_key(LEAVER, f"raw-{number}")
    simulator.faults.add(Fault("GET", KEYS, action, skip=skip))

    with pytest.raises((TransientError, PermanentError)):
        cloud.cluster_keys()


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"apikeys": None},
        [],
        "<html>",
        {"apikeys": [], "next": "https://example.com/v1/apikeys"},
        {"apikeys": [], "next": "https://example.com/v1/apikeys?pagetoken=again"},
        {"apikeys": [], "next": "https://[half"},
    ],
)
def test_a_page_that_makes_no_sense_is_not_the_end(far, far_cloud, page):
    far.says(f"GET {KEYS}", page)

    with pytest.raises(TransientError) as caught:
        far_cloud.cluster_keys()

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize("iam_id", [None, "", 5])
def test_a_cluster_key_that_is_nobodys_is_not_passed_over(far, far_cloud, iam_id):
    lists(far, [a_key(f"us-south {PROD}", iam_id=iam_id)])

    with pytest.raises(TransientError) as caught:
        far_cloud.cluster_keys()

    assert str(caught.value) == (
        "Listing the account's API keys: a cluster API key does not say whose it is"
    )
