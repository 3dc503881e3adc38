"""The simulator's answers against published ones: the same fields, the same types.

Every difference is named with its reason; one that goes away must be taken off.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from simulator import Policy, Simulator, published_error
from simulator.scenario import (
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
)
from simulator.tokens import GRANT_TYPE

PUBLISHED = Path(__file__).parents[1] / "fixtures" / "published-ibm"
TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}

# difference -> why it is right
TOKEN = {"+.scope": "documented beside the SDK's example; every token answer has it"}
BAD_KEY: dict[str, str] = {}
FIRST_PAGE = {
    "-.total_count": "the pager example's word for total_results of the list example",
    "+.total_results": "see total_count",
    "+.first_url": "in the list example",
}
API_KEYS = {
    "-.context": "optional in the SDK's model",
    "-.apikeys[].context": "optional in the SDK's model",
    "-.apikeys[].expires_at": "optional in the SDK's model; our keys do not expire",
    "-.apikeys[].history": "comes only with include_history",
    "-.apikeys[].activity": "comes only with include_activity, on a single key",
}
SERVICE_IDS = {
    "-.context": "optional in the SDK's model",
    "-.serviceids[].context": "optional in the SDK's model",
    "-.serviceids[].group_id": "comes only with show_group_id",
    "-.serviceids[].history": "comes only with include_history",
    "-.serviceids[].apikey": "comes only where it was made with one",
    "-.serviceids[].activity": "comes only with include_activity, on a single one",
}
CLASSIC = {
    "~[].vlans list null": "null in a published captured list",
    "~[].worker_vlans list null": "null in a published captured list",
    "+[].ownerEmail": "in the published captured list; the Go model has none",
}
POLICIES = {
    "-.total_count": "the pager example's; the SDK's model has none",
    "+.first": "in the SDK's model",
    "+.next.href": "in the SDK's model, beside start",
    "-.policies[].last_permit_at": "comes only with format=include_last_permit",
    "-.policies[].last_permit_frequency": "comes only with include_last_permit",
    "-.policies[].template": "optional in the SDK's model; ours are of no template",
    "~.policies[].rule.value str list": "optional in the model: several days",
}
LAST_POLICIES = {name: why for name, why in POLICIES.items() if ".next" not in name}
GROUPS = {
    "+.first": "in the SDK's model",
    "+.last": "in the SDK's model",
    "+.offset": "in the SDK's model",
}
INSTANCES = {
    "-.total_count": "the pager example's word; the SDK's model has rows_count",
    "+.rows_count": "see total_count",
    "-.limit": "the pager example's; the SDK's model has none",
    "~.resources[].deleted_at str null": "ours are not deleted",
    **{
        f"-.resources[].{name}": "optional in the SDK's model"
        for name in (
            "controlled_by",
            "created_by",
            "dashboard_url",
            "deleted_by",
            "extensions",
            "last_operation",
            "migrated",
            "onetime_credentials",
            "parameters",
            "plan_history",
            "reseller_channel_id",
            "restored_at",
            "restored_by",
            "scheduled_reclaim_at",
            "scheduled_reclaim_by",
            "sub_type",
            "target_crn",
            "updated_by",
        )
    },
}
LAST_INSTANCES = {**INSTANCES, "+.next_url": "null at the end in the SDK's model"}
REGIONS_OF_DOCS = {"+.regions[].satellite": "newer than the page; in the Go SDK"}


def _list_users(**query: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        account_id = simulator.account.account_id
        url = f"{simulator.user_management_url}/v2/accounts/{account_id}/users"
        return caller.get(url, params=query)

    return ask


def _list_clusters(kind: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        simulator.account.add_cluster(
            "first",
            "first",
            region="us-south",
            group_id=DEFAULT_GROUP_ID,
            provider={"vpc": "vpc-gen2"}.get(kind, kind),
            addons=("vpc-block-csi-driver",),
        )
        headers = {"X-Auth-Resource-Group": DEFAULT_GROUP_ID}
        url = f"{simulator.containers_url}/v2/{kind}/getClusters"
        body = [
            item
            for item in caller.get(url, headers=headers).json()
            if item["id"] == "first"
        ]
        return 200, body

    return ask


def _token(apikey: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        form = {"grant_type": GRANT_TYPE, "apikey": apikey}
        return requests.post(
            f"{simulator.iam_url}/identity/token", data=form, timeout=60
        )

    return ask


def _get(path: str, **headers: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return caller.get(f"{simulator.url}{path}", headers=sent)

    return ask


def _middle_page_of_keys(simulator: Simulator, caller: requests.Session) -> object:
    url = f"{simulator.iam_url}/v1/apikeys"
    first = caller.get(url, params={"scope": "account", "pagesize": "2"}).json()
    return caller.get(first["next"])


def _reset(simulator: Simulator, caller: requests.Session) -> object:
    return caller.post(f"{simulator.containers_url}/v1/keys", headers=TARGET)


def _reset_without_key_slot(simulator: Simulator, caller: requests.Session) -> object:
    simulator.account.key_limit = 0
    return _reset(simulator, caller)


def _forbidden_reset(simulator: Simulator, caller: requests.Session) -> object:
    simulator.account.forbid_reset(FUNCTIONAL_ID_IAM_ID)
    return _reset(simulator, caller)


def _owner_with_dead_key(simulator: Simulator, caller: requests.Session) -> object:
    simulator.account.removed_owner_answer = "P0005"
    simulator.account.remove_person(LEAVER_IAM_ID)
    url = f"{simulator.containers_url}/v1/logging/payments-eu/clusterkeyowner"
    return caller.get(url)


def _expired_token(simulator: Simulator, caller: requests.Session) -> object:
    later = simulator.account.clock() + 4000
    simulator.account.clock = lambda: later
    return caller.get(f"{simulator.resource_manager_url}/v2/resource_groups")


def _classic_list(simulator: Simulator, caller: requests.Session) -> object:
    simulator.account.add_cluster(
        "first",
        "first",
        region="us-south",
        group_id=DEFAULT_GROUP_ID,
        provider="classic",
        addons=("vpc-block-csi-driver",),
    )
    headers = {"X-Auth-Resource-Group": DEFAULT_GROUP_ID}
    return caller.get(f"{simulator.containers_url}/v1/clusters", headers=headers)


def _credential(simulator: Simulator, caller: requests.Session) -> object:
    account = simulator.account
    account.set_classic_credential("us-south", PAYMENTS_GROUP_ID, "1_d@example.com")
    return caller.get(f"{simulator.containers_url}/v1/credentials", headers=TARGET)


def _policies(**query: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        policy = Policy(
            ("Viewer",),
            service_name="containers-kubernetes",
            tags=(("env", "prod"),),
            rule={
                "key": "{{environment.attributes.day_of_week}}",
                "operator": "dayOfWeekAnyOf",
                "value": ["1+00:00"],
            },
        )
        simulator.account.set_policies(LEAVER_IAM_ID, [policy, policy])
        asked = {"account_id": simulator.account.account_id, "iam_id": LEAVER_IAM_ID}
        return caller.get(f"{simulator.iam_url}/v2/policies", params={**asked, **query})

    return ask


def _groups(**query: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        for number in range(2):
            simulator.account.add_access_group(f"AccessGroupId-{number}", "one")
        asked = {"account_id": simulator.account.account_id, **query}
        return caller.get(f"{simulator.iam_url}/v2/groups", params=asked)

    return ask


def _instances(**query: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        url = f"{simulator.resource_manager_url}/v2/resource_instances"
        return caller.get(url, params=query)

    return ask


def _a_key(method: str, path: str) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        key_id = simulator.account.api_keys()[-1].key_id
        url = f"{simulator.iam_url}/v1/apikeys/{key_id}{path}"
        return caller.request(method, url)

    return ask


def _service_ids(simulator: Simulator, caller: requests.Session) -> object:
    for number in range(3):
        simulator.account.add_service_id(f"iam-ServiceId-{number}", "one")
    url = f"{simulator.iam_url}/v1/serviceids/"
    first = caller.get(url, params={"pagesize": "1"}).json()
    return caller.get(first["next"])


def _send(
    method: str, path: str, body: object
) -> Callable[[Simulator, requests.Session], object]:
    def ask(simulator: Simulator, caller: requests.Session) -> object:
        headers = {"X-Auth-Resource-Group": PAYMENTS_GROUP_ID}
        url = f"{simulator.containers_url}{path}"
        return caller.request(method, url, json=body, headers=headers)

    return ask


ONE_USER = f"/v2/accounts/3f0aa1d2b4c65e7f8091a2b3c4d5e6f7/users/{LEAVER_IAM_ID}"
OWNER = "/global/v1/logging/payments-eu/clusterkeyowner"
ADDONS = "/global/v1/clusters/payments-prod/addons"
ADDONS_OF = "/global/v2/getClusterAddons?cluster=payments-prod"
MASTERS = "/v1/clusters/payments-prod/masters"
REGIONS = "/global/v1/regions"

CASES = [
    ("sdkcore_iam_token_ok", _token(FUNCTIONAL_ID_APIKEY), TOKEN),
    ("sdkcore_iam_token_bad_key", _token("unknown"), BAD_KEY),
    ("psdk_users_list", _list_users(limit="1"), {}),
    ("psdk_users_list_two_pages#0", _list_users(limit="2"), FIRST_PAGE),
    (
        "psdk_users_list_two_pages#1",
        _list_users(limit="2", _start="from-2"),
        FIRST_PAGE,
    ),
    ("psdk_users_get_profile", _get(ONE_USER), {}),
    ("psdk_resource_groups_list", _get("/v2/resource_groups"), {}),
    ("psdk_iam_list_api_keys", _middle_page_of_keys, API_KEYS),
    ("sdkgo_vpc_get_clusters", _list_clusters("vpc"), {}),
    ("sdkgo_classic_get_clusters", _list_clusters("classic"), {}),
    ("sdkgo_get_satellite_clusters", _list_clusters("satellite"), {}),
    ("sdkgo_get_clusters", _classic_list, CLASSIC),
    ("sdkgo_get_user_credentials", _credential, {}),
    ("sdkgo_list_locations", _get("/global/v1/locations"), {}),
    ("psdk_policies_v2_two_pages#0", _policies(limit="1"), POLICIES),
    (
        "psdk_policies_v2_two_pages#1",
        _policies(limit="1", start="page-1"),
        LAST_POLICIES,
    ),
    ("psdk_access_groups_two_pages#0", _groups(limit="1"), GROUPS),
    ("psdk_access_groups_two_pages#1", _groups(limit="1", offset="1"), GROUPS),
    ("psdk_resource_instances_two_pages#0", _instances(limit="1"), INSTANCES),
    (
        "psdk_resource_instances_two_pages#1",
        _instances(limit="1", start="from-6"),
        LAST_INSTANCES,
    ),
    ("sdkgo_get_cluster_key_owner", _get(OWNER), {}),
    ("sdkgo_reset_user_api_key", _reset, {}),
    ("terraform_module_expected_keys_reset", _reset, {}),
    ("sdkgo_get_regions", _get(REGIONS), {}),
    ("docs_regions_name_and_alias", _get(REGIONS), REGIONS_OF_DOCS),
    ("sdkgo_get_cluster_addons", _get(ADDONS), {}),
    ("sdkgo_v2_get_cluster_addons", _get(ADDONS_OF), {}),
    (
        "sdkgo_vpc_refresh_master",
        _send("POST", "/v2/refreshMaster", {"cluster": "payments-prod"}),
        {},
    ),
    (
        "sdkgo_handle_master_api_server",
        _send("PUT", MASTERS, {"action": "refresh"}),
        {},
    ),
    ("psdk_iam_delete_api_key", _a_key("DELETE", ""), {}),
    ("psdk_iam_disable_api_key", _a_key("POST", "/disable"), {}),
    ("psdk_iam_list_service_ids", _service_ids, SERVICE_IDS),
    (
        "issue_G0004_cluster_not_found",
        _get("/global/v1/logging/nobody/clusterkeyowner"),
        {},
    ),
    (
        "issue_A0006_cluster_not_found",
        _get(OWNER, X_Auth_Resource_Group=DEFAULT_GROUP_ID),
        {},
    ),
    ("issue_A03e9b_key_limit", _reset_without_key_slot, {}),
    ("issue_A0656_not_authorized_create_key", _forbidden_reset, {}),
    ("issue_P0005_key_not_replicated", _owner_with_dead_key, {}),
    (
        "issue_E0058_missing_account_header",
        _get(OWNER, X_Auth_Resource_Account="another"),
        {},
    ),
    ("issue_resource_controller_401", _expired_token, {}),
]


@pytest.mark.parametrize(("name", "ask", "reasons"), CASES, ids=[c[0] for c in CASES])
def test_an_answer_has_the_published_fields_and_types(
    simulator, caller, name, ask, reasons
):
    status, body = published(name)

    answered_status, answered_body = answer_of(ask(simulator, caller))

    assert answered_status == status
    assert differences(body, answered_body) == set(reasons)


@pytest.mark.parametrize(
    "name", [c[0] for c in CASES if c[0].startswith("issue_") and "_401" not in c[0]]
)
def test_an_error_carries_the_published_code(simulator, caller, name):
    ask = next(case[1] for case in CASES if case[0] == name)
    _, body = published(name)

    _, answered = answer_of(ask(simulator, caller))

    assert answered["code"] == body["code"]
    assert answered["type"] == body["type"]


@pytest.mark.parametrize(
    "code", ["A0006", "A03e9b", "A0656", "E0058", "G0004", "G3917", "P0005"]
)
def test_a_planned_error_has_the_published_status_and_fields(code):
    (file,) = PUBLISHED.glob(f"issue_{code}_*.json")
    status, body = published(file.stem)

    planned = published_error(code)

    answered = json.loads(planned.body)
    assert planned.code == status
    assert differences(body, answered) == set()
    assert (answered["code"], answered["type"]) == (body["code"], body["type"])


def test_the_published_region_names_have_the_same_aliases(simulator, caller):
    _, body = published("docs_regions_name_and_alias")

    answered = caller.get(f"{simulator.url}{REGIONS}").json()

    pairs = {(one["name"], one["alias"]) for one in answered["regions"]}
    assert pairs == {(one["name"], one["alias"]) for one in body["regions"]}


def test_a_cluster_without_addons_has_null_there(simulator, caller):
    # Arrays can be null: seen in a published list.
    url = f"{simulator.containers_url}/v2/satellite/getClusters"

    (edge,) = caller.get(url).json()

    assert edge["addons"] is None


def published(name: str) -> tuple[int, object]:
    name, _, page = name.partition("#")
    text = (PUBLISHED / f"{name}.json").read_text(encoding="utf-8")
    response = json.loads(text)["response"]
    if page:
        return response["status"], response["bodies_in_order"][int(page)]
    return response["status"], response["body"]


def answer_of(answer: object) -> tuple[int, object]:
    if isinstance(answer, tuple):
        return answer
    body = answer.json() if answer.content else None
    return answer.status_code, body


def differences(wanted: object, given: object, at: str = "") -> set[str]:
    if kind_of(wanted) != kind_of(given):
        return {f"~{at} {kind_of(wanted)} {kind_of(given)}"}
    if isinstance(wanted, dict):
        missing = {f"-{at}.{key}" for key in wanted.keys() - given.keys()}
        further = {f"+{at}.{key}" for key in given.keys() - wanted.keys()}
        both = [
            differences(wanted[key], given[key], f"{at}.{key}")
            for key in wanted.keys() & given.keys()
        ]
        return missing.union(further, *both)
    if isinstance(wanted, list) and wanted:
        # Each of ours against the first of theirs; an empty list has nothing to say.
        return set().union(*(differences(wanted[0], one, f"{at}[]") for one in given))
    return set()


def kind_of(value: object) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)
