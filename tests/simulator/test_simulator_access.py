"""Policies, access groups, settings and instances, through IBM's unchanged SDK."""

import ibm_platform_services as sdk
import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services.iam_access_groups_v2 import AccessGroupsPager, GroupsList
from ibm_platform_services.iam_identity_v1 import AccountSettingsResponse
from ibm_platform_services.iam_policy_management_v1 import (
    GrantWithEnrichedRoles,
    V2PoliciesPager,
    V2PolicyCollection,
)
from ibm_platform_services.resource_controller_v2 import (
    ResourceInstancesList,
    ResourceInstancesPager,
)

from simulator import Policy, on_resource_group
from simulator.scenario import (
    COLLEAGUE_APIKEY,
    COLLEAGUE_IAM_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)

VIEWER = Policy(("Viewer",), service_name="containers-kubernetes")


@pytest.fixture
def client(simulator):
    def make(kind, raw_key=FUNCTIONAL_ID_APIKEY):
        authenticator = IAMAuthenticator(raw_key, url=simulator.iam_url)
        made = kind(authenticator=authenticator)
        made.set_service_url(simulator.url)
        return made

    return make


@pytest.fixture
def policies_of(simulator, client):
    def read(iam_id=None, *, as_who=FUNCTIONAL_ID_APIKEY, **asked):
        pager = V2PoliciesPager(
            client=client(sdk.IamPolicyManagementV1, as_who),
            account_id=simulator.account.account_id,
            iam_id=iam_id,
            **asked,
        )
        return pager.get_all()

    return read


@pytest.fixture
def groups_of(simulator, client):
    def read(iam_id=None, *, as_who=FUNCTIONAL_ID_APIKEY, **asked):
        pager = AccessGroupsPager(
            client=client(sdk.IamAccessGroupsV2, as_who),
            account_id=simulator.account.account_id,
            iam_id=iam_id,
            **asked,
        )
        return [group["name"] for group in pager.get_all()]

    return read


def test_a_policy_is_listed_as_it_was_set(simulator, policies_of):
    simulator.account.set_policies(
        LEAVER_IAM_ID,
        [
            Policy(
                ("Viewer", "Manager"),
                service_name="containers-kubernetes",
                region="eu-de",
                resource_group_id=PAYMENTS_GROUP_ID,
                attributes=(("namespace", "stringMatch", "dev-*"),),
            )
        ],
    )

    (policy,) = policies_of(LEAVER_IAM_ID, type="access", state="active")

    assert policy["resource"]["attributes"] == [
        {
            "key": "accountId",
            "operator": "stringEquals",
            "value": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
        },
        {
            "key": "serviceName",
            "operator": "stringEquals",
            "value": "containers-kubernetes",
        },
        {"key": "region", "operator": "stringEquals", "value": "eu-de"},
        {
            "key": "resourceGroupId",
            "operator": "stringEquals",
            "value": "5c49eabcf5e85881a37e2d100a33b3df",
        },
        {"key": "namespace", "operator": "stringMatch", "value": "dev-*"},
    ]
    assert policy["control"]["grant"]["roles"] == [
        {"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"},
        {"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Manager"},
    ]
    assert policy["subject"]["attributes"] == [
        {"key": "iam_id", "operator": "stringEquals", "value": LEAVER_IAM_ID}
    ]
    assert policy["state"] == "active"
    assert "rule" not in policy
    assert "tags" not in policy["resource"]


def test_full_rights_by_default_are_listed_as_policies(policies_of):
    found = policies_of(LEAVER_IAM_ID)

    services = [
        attribute["value"]
        for policy in found
        for attribute in policy["resource"]["attributes"]
        if attribute["key"] in {"serviceName", "resourceType"}
    ]
    assert services == [
        "containers-kubernetes",
        "iam-identity",
        "user-management",
        "iam-groups",
        "iam-access-management",
        "resource-group",
        "container-registry",
        "cloud-object-storage",
        "is",
    ]


def test_the_policies_pager_walks_pages_that_go_on_by_start(simulator, policies_of):
    simulator.account.set_policies(LEAVER_IAM_ID, [VIEWER] * 7)

    found = policies_of(LEAVER_IAM_ID, limit=3)

    assert len({policy["id"] for policy in found}) == 7
    calls = simulator.journal.calls("GET", "/v2/policies")
    assert [call.query.get("start") for call in calls] == [None, "page-3", "page-6"]
    assert {call.caller for call in calls} == {FUNCTIONAL_ID_IAM_ID}


def test_policies_are_filtered(simulator, policies_of):
    deleted = Policy(("Editor",), service_name="iam-identity", state="deleted")
    simulator.account.set_policies(LEAVER_IAM_ID, [VIEWER, deleted])

    def count(**asked):
        return len(policies_of(LEAVER_IAM_ID, **asked))

    assert count() == 1
    assert count(state="deleted") == 1
    assert count(type="authorization") == 0
    assert count(service_name="containers-kubernetes") == 1
    assert count(service_name="iam-identity") == 0


def test_a_rule_and_tags_are_shown(simulator, policies_of):
    rule = {"key": "k", "operator": "dayOfWeekAnyOf", "value": ["1+00:00"]}
    simulator.account.set_policies(
        LEAVER_IAM_ID, [Policy(("Viewer",), tags=(("env", "prod"),), rule=rule)]
    )

    (policy,) = policies_of(LEAVER_IAM_ID)

    assert policy["rule"] == rule
    assert policy["pattern"] == "time-based-conditions:weekly:custom-hours"
    assert policy["resource"]["tags"] == [
        {"key": "env", "operator": "stringEquals", "value": "prod"}
    ]


def test_with_display_each_role_has_its_actions(simulator, policies_of):
    account = simulator.account
    crn = account.add_custom_role("Keeper", ["containers-kubernetes.cluster.create"])
    account.set_policies(
        LEAVER_IAM_ID,
        [
            Policy(("Administrator", crn), service_name="containers-kubernetes"),
            Policy(("Viewer",), service_name="containers-kubernetes"),
            Policy(("UserApiKeyCreator",), service_name="iam-identity"),
            Policy(("crn:v1:bluemix:public:is::a/1::customRole:Administrator",)),
        ],
    )

    plain = policies_of(LEAVER_IAM_ID)
    shown = policies_of(LEAVER_IAM_ID, format="display")

    read = [
        GrantWithEnrichedRoles.from_dict(one["control"]["grant"]).roles for one in shown
    ]
    actions = [[[a.id for a in role.actions] for role in roles] for roles in read]
    (administrator, keeper), (viewer,), (creator,), (unknown,) = actions
    assert "containers-kubernetes.cluster.create" in administrator
    assert all(one.startswith("containers-kubernetes.") for one in administrator)
    assert keeper == ["containers-kubernetes.cluster.create"]
    assert viewer == ["containers-kubernetes.cluster.read"]
    assert creator == ["iam-identity.user-apikey.create"]
    assert unknown == []
    assert (
        read[0][1].role_id
        == crn
        == (
            "crn:v1:bluemix:public:containers-kubernetes::"
            "a/3f0aa1d2b4c65e7f8091a2b3c4d5e6f7::customRole:Keeper"
        )
    )
    assert plain[1]["control"]["grant"]["roles"] == [
        {"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}
    ]


def test_an_access_groups_policies_are_listed_by_its_id(simulator, policies_of):
    simulator.account.add_access_group("AccessGroupId-1", "ops", policies=[VIEWER])

    (policy,) = policies_of(access_group_id="AccessGroupId-1")

    assert policy["subject"]["attributes"][0]["key"] == "access_group_id"
    assert policies_of(access_group_id="AccessGroupId-2") == []


def test_without_a_subject_all_readable_policies_come(simulator, policies_of):
    simulator.account.add_access_group("AccessGroupId-1", "ops", policies=[VIEWER])

    # Two people with a login key have nine by default, the functional ID was given
    # twelve, and the group has one.
    assert len(policies_of()) == 31


def test_the_groups_pager_walks_pages_that_go_on_by_offset(simulator, groups_of):
    for number in range(5):
        simulator.account.add_access_group(
            f"AccessGroupId-{number}", f"g{number}", members=[LEAVER_IAM_ID]
        )

    found = groups_of(LEAVER_IAM_ID, membership_type="all", limit=2)

    assert found == ["g0", "g1", "g2", "g3", "g4"]
    calls = simulator.journal.calls("GET", "/v2/groups")
    assert [call.query.get("offset") for call in calls] == [None, "2", "4"]


def test_memberships_are_static_dynamic_or_both(simulator, groups_of):
    account = simulator.account
    account.add_access_group("AccessGroupId-1", "named", members=[LEAVER_IAM_ID])
    account.add_access_group(
        "AccessGroupId-2", "ruled", dynamic_members=[LEAVER_IAM_ID]
    )
    account.add_access_group("AccessGroupId-3", "other", members=[COLLEAGUE_IAM_ID])

    assert groups_of(LEAVER_IAM_ID, membership_type="static") == ["named"]
    assert groups_of(LEAVER_IAM_ID, membership_type="dynamic") == ["ruled"]
    assert groups_of(LEAVER_IAM_ID, membership_type="all") == ["named", "ruled"]
    assert groups_of() == ["named", "ruled", "other"]


def test_somebody_elses_policies_and_groups_are_empty_for_a_weak_caller(
    simulator, policies_of, groups_of
):
    account = simulator.account
    account.set_policies(COLLEAGUE_IAM_ID, [VIEWER])
    account.add_access_group(
        "AccessGroupId-1", "ops", members=[LEAVER_IAM_ID], policies=[VIEWER]
    )

    assert policies_of(FUNCTIONAL_ID_IAM_ID, as_who=COLLEAGUE_APIKEY) == []
    assert groups_of(LEAVER_IAM_ID, as_who=COLLEAGUE_APIKEY) == []
    by_group = {"access_group_id": "AccessGroupId-1", "as_who": COLLEAGUE_APIKEY}
    assert policies_of(**by_group) == []


def test_a_weak_caller_can_be_refused_instead(simulator, policies_of, groups_of):
    simulator.account.policy_refusal = "403"
    simulator.account.set_policies(COLLEAGUE_IAM_ID, [VIEWER])
    simulator.account.add_access_group(
        "AccessGroupId-1", "ops", members=[LEAVER_IAM_ID]
    )

    for read in (policies_of, groups_of):
        with pytest.raises(ApiException) as raised:
            read(LEAVER_IAM_ID, as_who=COLLEAGUE_APIKEY)
        assert raised.value.status_code == 403
        (error,) = raised.value.http_response.json()["errors"]
        assert error["code"] == "insufficent_permissions"


def test_ones_own_policies_and_groups_are_readable_unless_switched_off(
    simulator, policies_of, groups_of
):
    account = simulator.account
    account.add_access_group(
        "AccessGroupId-1", "ops", members=[COLLEAGUE_IAM_ID], policies=[VIEWER]
    )
    account.set_policies(COLLEAGUE_IAM_ID, [VIEWER])

    def seen():
        mine = {"as_who": COLLEAGUE_APIKEY}
        return (
            len(policies_of(COLLEAGUE_IAM_ID, **mine)),
            groups_of(COLLEAGUE_IAM_ID, **mine),
            len(policies_of(access_group_id="AccessGroupId-1", **mine)),
        )

    before = seen()
    account.own_policies_readable = False

    assert before == (1, ["ops"], 1)
    assert seen() == (0, [], 0)


@pytest.mark.parametrize("path", ["/v2/policies", "/v2/groups"])
def test_another_account_and_none_are_refused(simulator, caller, path):
    other = caller.get(f"{simulator.url}{path}", params={"account_id": "another"})
    none = caller.get(f"{simulator.url}{path}")

    assert (other.status_code, none.status_code) == (403, 400)
    assert other.json()["status_code"] == 403


def test_the_settings_have_every_field_the_sdk_needs(simulator, client):
    account = simulator.account
    account.restrict_user_list_visibility = "RESTRICTED"
    account.restrict_create_platform_apikey = "RESTRICTED"
    account.token_life_seconds = 900

    found = client(sdk.IamIdentityV1).get_account_settings(account.account_id)

    read = AccountSettingsResponse.from_dict(found.get_result())
    assert read.account_id == account.account_id
    assert read.restrict_user_list_visibility == "RESTRICTED"
    assert read.restrict_create_platform_apikey == "RESTRICTED"
    assert read.system_access_token_expiration_in_seconds == "900"
    assert read.mfa == "NONE"


def test_answers_fit_the_sdks_models(simulator, client):
    account_id = simulator.account.account_id
    simulator.account.add_access_group("AccessGroupId-1", "ops")

    policies = client(sdk.IamPolicyManagementV1).list_v2_policies(account_id, limit=1)
    groups = client(sdk.IamAccessGroupsV2).list_access_groups(account_id)
    instances = client(sdk.ResourceControllerV2).list_resource_instances(limit=1)

    read = V2PolicyCollection.from_dict(policies.get_result())
    assert (len(read.policies), read.next.start) == (1, "page-1")
    assert GroupsList.from_dict(groups.get_result()).total_count == 1
    listed = ResourceInstancesList.from_dict(instances.get_result())
    assert (listed.rows_count, listed.resources[0].state) == (1, "active")


@pytest.fixture
def instances(simulator, client):
    def read(**asked):
        pager = ResourceInstancesPager(client=client(sdk.ResourceControllerV2), **asked)
        return pager.get_all()

    return read


def test_clusters_are_instances_whose_crn_ends_in_their_id(simulator, instances):
    found = instances(resource_id="containers-kubernetes", limit=3)

    assert len(found) == 7
    assert found[0]["crn"] == (
        "crn:v1:bluemix:public:containers-kubernetes:us-south:"
        "a/3f0aa1d2b4c65e7f8091a2b3c4d5e6f7:cq1pay00south00001::"
    )
    assert found[0]["guid"] == "cq1pay00south00001"
    assert found[0]["resource_group_id"] == PAYMENTS_GROUP_ID
    calls = simulator.journal.calls("GET", "/v2/resource_instances")
    assert [call.query.get("start") for call in calls] == [None, "from-3", "from-6"]
    assert {call.query["resource_id"] for call in calls} == {"containers-kubernetes"}


def test_instances_are_filtered(instances):
    assert instances(resource_id="cloud-object-storage") == []
    assert len(instances(resource_group_id=PLATFORM_GROUP_ID)) == 2
    assert [one["name"] for one in instances(name="sandbox")] == ["sandbox"]


@pytest.mark.parametrize(
    ("state", "asked", "seen"),
    [
        ("normal", None, True),
        ("deploying", None, True),
        ("deploying", "active", False),
        ("deleting", None, False),
        ("deleted", None, False),
        ("deleted", "removed", True),
    ],
)
def test_a_deleted_cluster_is_no_living_instance(
    simulator, instances, state, asked, seen
):
    simulator.account.set_cluster_state("cq1def00east000007", state)

    found = instances(name="sandbox", state=asked)

    assert bool(found) is seen


def test_a_hidden_cluster_is_in_no_list_and_still_an_instance(
    simulator, caller, instances
):
    simulator.account.hide_from_lists("bq1pay00south00002")
    base = simulator.containers_url

    lists = [
        caller.get(f"{base}{path}").json()
        for path in ("/v2/classic/getClusters", "/v1/clusters")
    ]
    owner = caller.get(f"{base}/v1/logging/payments-batch/clusterkeyowner").json()

    assert lists == [[], []]
    assert len(instances(name="payments-batch")) == 1
    assert owner["id"] == LEAVER_IAM_ID
    simulator.account.hide_from_lists("bq1pay00south00002", hidden=False)
    assert len(caller.get(f"{base}/v1/clusters").json()) == 1


def test_instances_are_shown_to_who_sees_the_cluster(simulator, client):
    simulator.account.set_policies(
        COLLEAGUE_IAM_ID,
        [
            Policy(("Viewer",), service_name="containers-kubernetes", region="us-east"),
            on_resource_group("Viewer"),
        ],
    )
    controller = client(sdk.ResourceControllerV2, COLLEAGUE_APIKEY)

    found = controller.list_resource_instances().get_result()

    assert [one["name"] for one in found["resources"]] == ["sandbox"]
    assert found["next_url"] is None
