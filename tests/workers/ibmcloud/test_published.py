"""The answers IBM's SDKs and users published, read field by field."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from ibm_platform_services import IamIdentityV1
from ibmcloud_scenes import STEWARD

from config.settings import Secret
from workers.ibmcloud.client import reading_service
from workers.ibmcloud.listed_keys import ApiKey, own_keys
from workers.ibmcloud.regions import todays_name
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import (
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    OwnerKind,
    Person,
    ResourceGroup,
    Target,
)

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "published-ibm"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
USERS = f"GET /v2/accounts/{ACCOUNT}/users"
FUNCTIONAL_KEY = "functional-key-for-tests-0000000000000000001"
OWNER = "GET /global/v1/logging/c1/clusterkeyowner"


def published(name):
    return json.loads((PUBLISHED / f"{name}.json").read_text())


def response(name):
    return published(name)["response"]


def test_the_three_cluster_lists(far, far_cloud):
    for kind in ("vpc", "classic"):
        answer = response(f"sdkgo_{kind}_get_clusters")
        far.says(f"GET /global/v2/{kind}/getClusters", answer["body"])
    satellite = response("sdkgo_get_satellite_clusters")["body"]
    satellite[0] |= {"id": "ID2", "state": "deleting"}
    far.says("GET /global/v2/satellite/getClusters", satellite)
    far.says("GET /v2/resource_groups", response("psdk_resource_groups_list")["body"])

    found = far_cloud.targets().checked()

    assert found.unseen == ()
    assert found.targets == (
        Target(
            ACCOUNT,
            "Region",
            ResourceGroup("ResourceGroup", "ResourceGroupName"),
            (
                Cluster("ID", "Name", "Provider", addons=("Name",), type="type"),
                Cluster(
                    "ID2",
                    "Name",
                    "Provider",
                    readable=False,
                    addons=("Name",),
                    type="type",
                ),
            ),
        ),
    )


def test_the_resource_groups_names(far, far_cloud):
    clusters = response("sdkgo_vpc_get_clusters")["body"]
    clusters[0]["resourceGroup"] = "id"
    far.says("GET /global/v2/vpc/getClusters", clusters)
    far.says("GET /v2/resource_groups", response("psdk_resource_groups_list")["body"])

    found = far_cloud.targets().checked()

    assert found.targets[0].resource_group == ResourceGroup("id", "name")


def test_the_key_owner(far, far_cloud, target):
    far.says(OWNER, response("sdkgo_get_cluster_key_owner")["body"])

    reading = far_cloud.key_owner(target("c1"))

    assert reading == KeyOwner("ID", "Name", "email", OwnerKind.PERSON)


def test_the_key_owner_call_satisfies_the_go_sdks_server(far, far_cloud, target):
    far.says(OWNER, response("sdkgo_get_cluster_key_owner")["body"])
    wanted = published("sdkgo_get_cluster_key_owner")["request"]

    far_cloud.key_owner(target("c1"))

    sent = {name.lower() for name in far.headers[-1]}
    assert {name.lower() for name in wanted["headers_required_by_test"]} <= sent


def test_the_users_in_two_pages(far, far_cloud):
    first, last = response("psdk_users_list_two_pages")["bodies_in_order"]
    # Both published pages hold the same user, and count two.
    last["resources"][0]["iam_id"] = "iam_id_2"
    far.says(USERS, first)
    far.says(USERS, last)

    people = far_cloud.people()

    one = Person("iam_id", "email", "user_id", "firstname lastname", "state")
    assert people == (one, replace(one, iam_id="iam_id_2"))
    assert far.asked(USERS) == 2


def test_the_same_user_on_both_pages_is_not_taken_for_two(far, far_cloud):
    for page in response("psdk_users_list_two_pages")["bodies_in_order"]:
        far.says(USERS, page)

    with pytest.raises(TransientError, match="1 users came of 2"):
        far_cloud.people()


def test_one_page_of_thirteen_users_is_not_taken_for_all(far, far_cloud):
    far.says(USERS, response("psdk_users_list")["body"])

    with pytest.raises(TransientError) as caught:
        far_cloud.people()

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_an_api_key(far):
    body = response("psdk_iam_list_api_keys")["body"]
    following = body.pop("next")
    far.says("GET /v1/apikeys", body)
    tokens = Tokens(Secret("k"), far.url, ACCOUNT)
    client = reading_service(IamIdentityV1, far.url, tokens, reading_session())

    keys = own_keys(client, tokens, ACCOUNT, "iam_id")

    assert following == "next"
    assert keys == (
        ApiKey(
            "id",
            "iam_id",
            "name",
            "description",
            datetime(2019, 1, 1, 12, tzinfo=UTC),
            is_locked=True,
            is_disabled=True,
        ),
    )


def test_a_page_of_keys_whose_next_leads_nowhere_is_not_the_last(
    far, far_cloud, target
):
    far.says("GET /v1/apikeys", response("psdk_iam_list_api_keys")["body"])

    with pytest.raises(TransientError):
        far_cloud.has_new_key(target(), STEWARD, datetime(2019, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "kind", "reason", "shown"),
    [
        ("issue_A0006_cluster_not_found", TransientError, Reason.NOT_FOUND, "A0006"),
        ("issue_G0004_cluster_not_found", TransientError, Reason.NOT_FOUND, "G0004"),
        (
            "issue_P0005_key_not_replicated",
            TransientError,
            Reason.KEY_NOT_USABLE,
            "401 P0005 (request ae7d3cb3-2ace-48c2-81d7-6de32f8a3080)",
        ),
        (
            "issue_E0058_missing_account_header",
            PermanentError,
            Reason.WRONG_ACCOUNT,
            "401 E0058 (request 1a0c067f-6813-4746-99e1-c33882bf8452)",
        ),
        (
            "issue_resource_controller_401",
            PermanentError,
            Reason.BAD_KEY,
            "401 (request gend-5481268334657177060)",
        ),
    ],
)
def test_an_error_on_reading(far, far_cloud, target, name, kind, reason, shown):
    answer = response(name)
    far.says(OWNER, answer["body"], answer["status"])

    with pytest.raises(kind) as caught:
        far_cloud.key_owner(target("c1"))

    assert caught.value.reason is reason
    assert shown in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason", "shown"),
    [
        (
            "issue_A03e9b_key_limit",
            Reason.KEY_LIMIT,
            "400 A03e9b (request 83498d57-69a3-4d59-bd9b-f67d58c891d5)",
        ),
        (
            "issue_A0656_not_authorized_create_key",
            Reason.CANNOT_CREATE_KEY,
            "403 A0656 (request e420999f-1318-46f5-aeaf-cc0e70b563c6)",
        ),
        (
            "issue_G3917_provider_not_permitted",
            Reason.WRONG_PROVIDER,
            "400 G3917 (request 56c3bfb607daea30-IAD)",
        ),
    ],
)
def test_an_error_on_resetting(far, far_resets, target, name, reason, shown):
    answer = response(name)
    far.says("POST /global/v1/keys", answer["body"], answer["status"])

    with pytest.raises(PermanentError) as caught:
        far_resets.prepare(target(), STEWARD).send()

    assert caught.value.reason is reason
    assert str(caught.value) == (
        f"Resetting the cluster API key: IBM Cloud answered {shown}"
    )


def test_iams_plain_text_429(far, far_cloud, target):
    answer = response("issue_iam_429_plain_text")
    far.says("GET /v1/apikeys", answer["body"], 429, {"Content-Type": "text/plain"})

    with pytest.raises(TransientError) as caught:
        far_cloud.has_new_key(target(), STEWARD, datetime(2019, 1, 1, tzinfo=UTC))

    assert caught.value.retry_after_seconds is None


@pytest.mark.parametrize(
    "name", ["sdkgo_reset_user_api_key", "terraform_module_expected_keys_reset"]
)
def test_a_reset_is_as_published(far, far_resets, target, name):
    wanted = published(name)
    far.says("POST /global/v1/keys", "", wanted["response"]["status"])

    far_resets.prepare(target(), STEWARD).send()

    asked = wanted["request"]
    headers = {**asked.get("headers", {}), **asked.get("headers_required_by_test", {})}
    sent = {one.lower() for one in far.headers[-1]}
    # The Go SDK alone asks for a refresh token, IBM's other clients never send one.
    needed = {one.lower() for one in headers} - {"x-auth-refresh-token"}
    assert far.calls[-1] == "POST /global/v1/keys"
    assert needed <= sent
    assert far.bodies[-1] == b""


def test_the_token_call_is_as_published(far, far_cloud, target):
    wanted = published("sdkcore_iam_token_ok")["request"]

    far_cloud.candidates(target())

    form = dict(parse_qsl(far.bodies[0].decode()))
    assert form == wanted["form"] | {"apikey": FUNCTIONAL_KEY}
    assert wanted["headers"].items() <= far.headers[0].items()
    assert "Authorization" not in far.headers[0]


def test_the_published_token_is_no_token_whose_claims_we_could_assert(
    far, far_cloud, target
):
    far.answers.clear()
    far.says("POST /identity/token", response("sdkcore_iam_token_ok")["body"])

    with pytest.raises(TransientError) as caught:
        far_cloud.candidates(target())

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_the_refusal_of_a_key(far, far_cloud, target):
    far.answers.clear()
    far.says("POST /identity/token", response("sdkcore_iam_token_bad_key")["body"], 400)

    with pytest.raises(PermanentError) as caught:
        far_cloud.candidates(target())

    assert caught.value.reason is Reason.BAD_KEY
    assert str(caught.value) == (
        "Getting a token: IBM Cloud answered 400 BXNIM0415E "
        "(request 38a0e9c226d94764820d92aa623eb0f6)"
    )


def test_the_older_region_names():
    body = response("docs_regions_name_and_alias")["body"]

    for one in body["regions"]:
        assert todays_name(one["name"]) == one["alias"]
