"""What a caller with narrower policies sees, over HTTP and by the rules alone."""

import pytest
import requests

from simulator import Policy, account_reader, on_resource_group
from simulator.rights import ACCESS, ACCESS_GROUPS, IDENTITY, USERS, Rights
from simulator.scenario import (
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_APIKEY,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)

WEAK = "iam-ServiceId-weak"
WEAK_KEY = "made-up-key-of-a-weak-reader"
VIEWER = Policy(("Viewer",), service_name="containers-kubernetes")
WEEKDAYS = {
    "key": "{{environment.attributes.day_of_week}}",
    "operator": "dayOfWeekAnyOf",
    "value": ["1+00:00", "2+00:00"],
}


@pytest.fixture
def give(simulator):
    """Give the weak reader these policies, and no others."""
    account = simulator.account
    account.add_service_id(WEAK, "weak-reader")
    account.add_login_key(WEAK, WEAK_KEY)

    def give(*policies):
        account.set_policies(WEAK, policies)

    give()
    return give


@pytest.fixture
def weak(give, token):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token(WEAK_KEY)}"
        yield session


@pytest.fixture
def names(simulator, weak):
    """The names in all three cluster lists, as the weak reader gets them."""

    def read():
        kinds = ("vpc", "classic", "satellite")
        url = f"{simulator.containers_url}/v2/{{}}/getClusters"
        return {
            one["name"] for kind in kinds for one in weak.get(url.format(kind)).json()
        }

    return read


def test_without_a_policy_nothing_is_seen_and_nothing_is_said_of_it(
    simulator, weak, names
):
    classic = weak.get(f"{simulator.containers_url}/v1/clusters")
    groups = weak.get(f"{simulator.url}/v2/resource_groups")
    instances = weak.get(f"{simulator.url}/v2/resource_instances")

    assert names() == set()
    assert (classic.status_code, classic.json()) == (200, [])
    assert groups.json() == {"resources": []}
    assert instances.json()["resources"] == []


def test_who_was_given_a_login_key_alone_sees_everything(simulator, token):
    headers = {"Authorization": f"Bearer {token(LEAVER_APIKEY)}"}
    url = f"{simulator.containers_url}/v2/vpc/getClusters"

    found = requests.get(url, headers=headers, timeout=60).json()

    assert len(found) == 5


@pytest.mark.parametrize(
    ("narrowed", "seen"),
    [
        ({}, 7),
        ({"region": "eu-de"}, 3),
        ({"resource_group_id": PAYMENTS_GROUP_ID}, 4),
        ({"region": "eu-de", "resource_group_id": PAYMENTS_GROUP_ID}, 2),
        (
            {
                "attributes": (
                    ("serviceInstance", "stringEquals", "cq1plt00eude000006"),
                )
            },
            1,
        ),
        ({"attributes": (("region", "stringMatch", "us-*"),)}, 4),
        ({"attributes": (("region", "stringEqualsAnyOf", ["eu-de", "jp-tok"]),)}, 3),
        ({"attributes": (("region", "stringMatchAnyOf", ["eu-*", "*east"]),)}, 4),
        ({"attributes": (("resourceGroupId", "stringExists", True),)}, 7),
        ({"attributes": (("resourceGroupId", "stringExists", False),)}, 0),
        ({"attributes": (("namespace", "stringExists", False),)}, 7),
        ({"attributes": (("namespace", "stringEquals", "default"),)}, 0),
        ({"attributes": (("region", "stringGuesses", "eu-de"),)}, 0),
        ({"tags": (("env", "prod"),)}, 0),
        ({"state": "deleted"}, 0),
        ({"rule": WEEKDAYS}, 7),
        ({"rule": WEEKDAYS, "rule_is_met": False}, 0),
    ],
)
def test_a_narrower_policy_shortens_the_cluster_lists(give, names, narrowed, seen):
    give(Policy(("Viewer",), service_name="containers-kubernetes", **narrowed))

    assert len(names()) == seen


def test_a_policy_on_a_region_covers_clusters_under_its_older_name(
    simulator, give, names
):
    simulator.account.add_cluster(
        "cq9", "older", region="eu-central", group_id=PAYMENTS_GROUP_ID
    )

    give(Policy(("Viewer",), service_name="containers-kubernetes", region="eu-de"))

    assert "older" in names()


def test_two_policies_add_up(give, names):
    give(
        Policy(("Viewer",), service_type="service", region="us-east"),
        Policy(("Editor",), resource_group_id=PLATFORM_GROUP_ID),
    )

    assert names() == {"sandbox", "platform-tools", "platform-eu"}


@pytest.mark.parametrize(
    "policy",
    [
        Policy(("Reader",), service_name="containers-kubernetes"),
        Policy(("Manager",), service_name="containers-kubernetes"),
        Policy(("Administrator",), service_name="is"),
        Policy(("Administrator",), service_type="platform_service"),
        on_resource_group("Administrator"),
        Policy(
            ("crn:v1:bluemix:public:iam::a/1::customRole:Watcher",),
            service_name="containers-kubernetes",
        ),
    ],
)
def test_what_is_no_viewer_role_on_clusters_shows_none(give, names, policy):
    give(policy)

    assert names() == set()


def test_an_unseen_cluster_is_not_found_by_any_call_that_names_it(
    simulator, weak, give
):
    give(Policy(("Viewer",), service_name="containers-kubernetes", region="us-south"))
    base = simulator.containers_url

    answers = [
        weak.get(f"{base}/v1/logging/payments-eu/clusterkeyowner"),
        weak.get(f"{base}/v1/clusters/payments-eu/addons"),
    ]
    seen = weak.get(f"{base}/v1/logging/payments-prod/clusterkeyowner")

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "G0004")] * 2
    assert seen.json()["id"] == LEAVER_IAM_ID


def test_the_classic_list_and_credentials_are_shortened_too(simulator, weak, give):
    simulator.account.add_cluster(
        "bq9", "far", region="eu-de", group_id=DEFAULT_GROUP_ID, provider="classic"
    )
    give(Policy(("Viewer",), service_name="containers-kubernetes", region="us-south"))
    base, group = simulator.containers_url, {"X-Auth-Resource-Group": PAYMENTS_GROUP_ID}

    listed = weak.get(f"{base}/v1/clusters").json()
    near = weak.get(f"{base}/v1/credentials", headers={"X-Region": "us-south", **group})
    far = weak.get(f"{base}/v1/credentials", headers={"X-Region": "eu-de", **group})

    assert [one["name"] for one in listed] == ["payments-batch"]
    assert (near.status_code, near.json()["code"]) == (404, "E0051")
    assert (far.status_code, "code" in far.json()) == (403, False)


def test_resource_groups_are_shown_by_policies_on_them_alone(simulator, weak, give):
    give(VIEWER, on_resource_group("Viewer", group_id=PLATFORM_GROUP_ID))
    one = weak.get(f"{simulator.url}/v2/resource_groups").json()["resources"]

    give(on_resource_group("Viewer"))
    everything = weak.get(f"{simulator.url}/v2/resource_groups").json()["resources"]

    assert [group["name"] for group in one] == ["platform"]
    assert len(everything) == 3


def keys(simulator, session, **query):
    asked = {"scope": "account", "pagesize": "100", **query}
    return session.get(f"{simulator.iam_url}/v1/apikeys", params=asked)


def test_a_weak_callers_key_list_is_short_without_a_word(simulator, weak, give):
    give(Policy(("Editor",), service_name="iam-identity"))

    answer = keys(simulator, weak)

    (only,) = answer.json()["apikeys"]
    assert (answer.status_code, only["iam_id"]) == (200, WEAK)
    assert "next" not in answer.json()


@pytest.mark.parametrize(
    "query", [{}, {"scope": "entity", "iam_id": LEAVER_IAM_ID}], ids=["account", "hers"]
)
def test_a_weak_callers_key_list_can_be_refused(simulator, weak, query):
    simulator.account.key_list_refusal = "403"

    refused = keys(simulator, weak, **query)
    own = weak.get(f"{simulator.iam_url}/v1/apikeys")

    assert refused.status_code == 403
    assert [key["iam_id"] for key in own.json()["apikeys"]] == [WEAK]


def test_an_administrator_of_iam_identity_lists_everybodys_keys(simulator, weak, give):
    give(Policy(("Administrator",), service_group_id="IAM"))

    found = keys(simulator, weak).json()["apikeys"]

    assert len(found) == 9


def users(simulator, session):
    account_id = simulator.account.account_id
    return session.get(f"{simulator.url}/v2/accounts/{account_id}/users")


def test_the_user_list_is_whole_unless_the_account_restricts_it(simulator, weak):
    whole = users(simulator, weak).json()
    simulator.account.restrict_user_list_visibility = "RESTRICTED"
    short = users(simulator, weak).json()

    assert (len(whole["resources"]), whole["total_results"]) == (3, 3)
    assert (short["resources"], short["total_results"]) == ([], 0)


def test_a_restricted_person_finds_only_themselves(simulator, token):
    account = simulator.account
    account.restrict_user_list_visibility = "RESTRICTED"
    account.set_policies(LEAVER_IAM_ID, [VIEWER])
    account_id = account.account_id
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token(LEAVER_APIKEY)}"

        page = users(simulator, session).json()
        other = session.get(
            f"{simulator.url}/v2/accounts/{account_id}/users/{FUNCTIONAL_ID_IAM_ID}"
        )

    assert [person["iam_id"] for person in page["resources"]] == [LEAVER_IAM_ID]
    assert page["total_results"] == 1
    assert other.status_code == 404


def test_a_viewer_of_user_management_is_not_restricted(simulator, weak, give):
    simulator.account.restrict_user_list_visibility = "RESTRICTED"

    give(Policy(("Viewer",), service_name="user-management"))

    assert len(users(simulator, weak).json()["resources"]) == 3


def test_rights_come_through_an_access_group_and_go_with_it(simulator, give, names):
    account = simulator.account
    account.add_access_group(
        "AccessGroupId-1", "ops", members=[WEAK], policies=[VIEWER]
    )
    inside = len(names())
    account.add_access_group("AccessGroupId-1", "ops", policies=[VIEWER])

    assert inside == 7
    assert names() == set()


def test_a_dynamic_membership_counts_while_it_matches(simulator, give, names):
    simulator.account.add_access_group(
        "AccessGroupId-1", "ops", dynamic_members=[WEAK], policies=[VIEWER]
    )

    assert len(names()) == 7


def test_everybody_is_in_the_public_access_group(simulator, give, names):
    simulator.account.add_access_group(
        "AccessGroupId-PublicAccess", "Public Access", policies=[VIEWER]
    )

    assert len(names()) == 7
    assert len(simulator.account.direct_policies(LEAVER_IAM_ID)) == 9


def test_a_membership_takes_the_place_of_the_rights_by_default(simulator):
    account = simulator.account

    account.add_access_group("AccessGroupId-1", "ops", members=[LEAVER_IAM_ID])

    assert account.policies(LEAVER_IAM_ID) == []
    account.set_policies(LEAVER_IAM_ID, [VIEWER])
    assert account.policies(LEAVER_IAM_ID) == [VIEWER]


def test_removal_takes_all_rights(simulator, token):
    account = simulator.account
    account.add_access_group("AccessGroupId-1", "ops", members=[LEAVER_IAM_ID])
    account.set_policies(LEAVER_IAM_ID, [VIEWER])
    issued = token(LEAVER_APIKEY)

    account.remove_person(LEAVER_IAM_ID)

    headers = {"Authorization": f"Bearer {issued}"}
    url = f"{simulator.containers_url}/v2/vpc/getClusters"
    assert requests.get(url, headers=headers, timeout=60).json() == []
    assert account.access_groups()[0].members == ()


def test_a_role_nobody_knows_is_refused_at_once():
    with pytest.raises(ValueError, match="Viewer, Operator"):
        Policy(("Watcher",), service_name="containers-kubernetes")


@pytest.mark.parametrize(
    ("policy", "seen"),
    [
        (Policy(("Administrator",), service_type="service"), set()),
        (Policy(("Administrator",)), set()),
        (Policy(("Administrator",), service_name="iam-identity"), {IDENTITY}),
        (
            Policy(("Administrator",), service_type="platform_service"),
            {IDENTITY, USERS, ACCESS, ACCESS_GROUPS},
        ),
    ],
)
def test_account_management_must_be_named(policy, seen):
    rights = Rights([policy])

    services = {IDENTITY, USERS, ACCESS, ACCESS_GROUPS}
    assert {one for one in services if rights.administers(one)} == seen


def test_a_reader_of_the_account_sees_all_of_it():
    rights = Rights(account_reader())

    assert rights.sees_target("eu-de", PAYMENTS_GROUP_ID)
    assert rights.sees_group(PAYMENTS_GROUP_ID)
    assert rights.administers(IDENTITY)
    assert all(rights.views(one) for one in (USERS, ACCESS, ACCESS_GROUPS))
    assert not rights.administers(USERS)
