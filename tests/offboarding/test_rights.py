"""Policies give a right, do not give it, or cannot tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.offboarding.model import Right
from workers.offboarding.rights import Policy, right_to

OK, MISSING, CANNOT_TELL = Right.OK, Right.MISSING, Right.CANNOT_TELL
ROLE = "crn:v1:bluemix:public:iam::::role:"
SERVICE_ROLE = "crn:v1:bluemix:public:iam::::serviceRole:"
KEY_CREATOR = "crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator"
CUSTOM = "crn:v1:bluemix:public:iam-access-management::a/acct1::customRole:Everything"
CLUSTERS, IDENTITY, USERS = "containers-kubernetes", "iam-identity", "user-management"
ACCOUNT = ("accountId", "stringEquals", "acct1")


def on(service):
    return ("serviceName", "stringEquals", service)


def a_policy(*attributes, roles=("Viewer",), **changes):
    crns = tuple(one if one.startswith("crn:") else f"{ROLE}{one}" for one in roles)
    return Policy((ACCOUNT, *attributes), crns, **changes)


@pytest.mark.parametrize(
    ("held", "wanted", "right"),
    [
        ("Viewer", "Viewer", OK),
        ("Operator", "Viewer", OK),
        ("Editor", "Viewer", OK),
        ("Administrator", "Viewer", OK),
        ("Viewer", "Operator", MISSING),
        ("Viewer", "Administrator", MISSING),
        ("Editor", "Administrator", MISSING),
        ("Operator", "Editor", MISSING),
        ("Administrator", "Operator", OK),
        ("Editor", "Operator", CANNOT_TELL),
        (f"{SERVICE_ROLE}Manager", "Viewer", MISSING),
        (f"{SERVICE_ROLE}Manager", "Writer", OK),
        (f"{SERVICE_ROLE}Reader", "Writer", MISSING),
        ("Administrator", "Writer", MISSING),
        (KEY_CREATOR, "UserApiKeyCreator", OK),
        (KEY_CREATOR, "Administrator", MISSING),
        ("Administrator", "UserApiKeyCreator", MISSING),
        (CUSTOM, "Viewer", CANNOT_TELL),
        ("crn:v1:bluemix:public:kms::::serviceRole:Odd", "Viewer", CANNOT_TELL),
        ("crn:odd", "Viewer", CANNOT_TELL),
    ],
)
def test_a_role_gives_itself_and_the_lesser_ones(held, wanted, right):
    policies = [a_policy(on(CLUSTERS), roles=(held,))]

    assert right_to(policies, CLUSTERS, wanted) is right


def test_no_policy_gives_nothing_and_no_role_gives_nothing():
    assert right_to([], CLUSTERS, "Viewer") is MISSING
    assert right_to([a_policy(on(CLUSTERS), roles=())], CLUSTERS, "Viewer") is MISSING


@pytest.mark.parametrize(
    ("attributes", "service", "right"),
    [
        ([], CLUSTERS, OK),
        ([], IDENTITY, MISSING),
        ([], USERS, MISSING),
        ([on(CLUSTERS)], IDENTITY, MISSING),
        ([on(IDENTITY)], IDENTITY, OK),
        ([on(USERS)], USERS, OK),
        ([("serviceType", "stringEquals", "service")], CLUSTERS, OK),
        ([("serviceType", "stringEquals", "service")], IDENTITY, MISSING),
        ([("serviceType", "stringEquals", "platform_service")], IDENTITY, OK),
        ([("serviceType", "stringEquals", "platform_service")], USERS, OK),
        ([("serviceType", "stringEquals", "platform_service")], CLUSTERS, MISSING),
        ([("service_group_id", "stringEquals", "IAM")], IDENTITY, OK),
        ([("service_group_id", "stringEquals", "IAM")], USERS, CANNOT_TELL),
        ([("service_group_id", "stringEquals", "IAM")], CLUSTERS, MISSING),
        ([("service_group_id", "stringEquals", "other")], IDENTITY, CANNOT_TELL),
        ([("service_group_id", "stringEquals", "other")], CLUSTERS, CANNOT_TELL),
        ([on(CLUSTERS), ("serviceType", "stringEquals", "service")], CLUSTERS, OK),
        ([on(IDENTITY), ("serviceType", "stringEquals", "service")], IDENTITY, MISSING),
        ([("serviceName", "stringMatch", "containers-*")], CLUSTERS, OK),
        ([("serviceName", "stringMatch", "iam-*")], CLUSTERS, MISSING),
        ([("serviceName", "stringMatch", "*")], IDENTITY, CANNOT_TELL),
        ([("serviceName", "stringExists", "true")], IDENTITY, CANNOT_TELL),
        ([("serviceName", "stringExists", "true")], CLUSTERS, OK),
        ([("serviceName", "stringEqualsAnyOf", ("is", CLUSTERS))], CLUSTERS, OK),
        ([("serviceName", "stringEqualsAnyOf", ("is", "kms"))], CLUSTERS, MISSING),
        ([("serviceName", "newOperator", CLUSTERS)], CLUSTERS, CANNOT_TELL),
    ],
)
def test_account_management_is_not_among_all_services(attributes, service, right):
    policies = [a_policy(*attributes, roles=("Administrator",))]

    assert right_to(policies, service, "Viewer") is right


@pytest.mark.parametrize(
    ("attribute", "account_wide", "here"),
    [
        (("region", "stringEquals", "us-south"), MISSING, OK),
        (("region", "stringEquals", "us-south-2"), MISSING, MISSING),
        (("region", "stringEquals", "us-s*"), MISSING, MISSING),
        (("region", "stringMatch", "us-*"), MISSING, OK),
        (("region", "stringMatch", "us-sout?"), MISSING, OK),
        (("region", "stringMatch", "us.south"), MISSING, MISSING),
        (("region", "stringMatch", "*"), OK, OK),
        (("region", "stringMatchAnyOf", ("eu-*", "us-*")), MISSING, OK),
        (("region", "stringMatchAnyOf", ("eu-*", "*")), OK, OK),
        (("region", "stringEqualsAnyOf", ("eu-de", "us-south")), MISSING, OK),
        (("region", "stringExists", "true"), CANNOT_TELL, OK),
        (("region", "stringExists", "false"), MISSING, MISSING),
        (("region", "stringStartsWith", "us"), CANNOT_TELL, CANNOT_TELL),
        (("resourceGroupId", "stringEquals", "g1"), MISSING, OK),
        (("resourceGroupId", "stringEquals", "g10"), MISSING, MISSING),
        (("resourceGroupId", "stringEquals", "G1"), MISSING, MISSING),
        (("serviceInstance", "stringEquals", "c1"), MISSING, MISSING),
        (("serviceInstance", "stringMatch", "*"), OK, OK),
        (("namespace", "stringEquals", "default"), MISSING, MISSING),
        (("namespace", "stringExists", "false"), CANNOT_TELL, CANNOT_TELL),
        (("resourceType", "stringEquals", "resource-group"), MISSING, MISSING),
        (("newKey", "newOperator", "x"), CANNOT_TELL, CANNOT_TELL),
    ],
)
def test_each_attribute_narrows_and_a_missing_one_does_not(
    attribute, account_wide, here
):
    policies = [a_policy(on(CLUSTERS), attribute)]

    assert right_to(policies, CLUSTERS, "Viewer") is account_wide
    assert right_to(policies, CLUSTERS, "Viewer", "us-south", "g1") is here


def test_all_attributes_have_to_fit():
    both = a_policy(
        on(CLUSTERS),
        ("region", "stringEquals", "us-south"),
        ("resourceGroupId", "stringEquals", "g1"),
    )

    assert right_to([both], CLUSTERS, "Viewer", "us-south", "g1") is OK
    assert right_to([both], CLUSTERS, "Viewer", "us-south", "g2") is MISSING
    assert right_to([both], CLUSTERS, "Viewer", "eu-de", "g1") is MISSING
    assert right_to([both], CLUSTERS, "Viewer", resource_group_id="g1") is MISSING


def test_a_group_asked_for_without_a_region_is_asked_for_in_every_region():
    group = a_policy(on(CLUSTERS), ("resourceGroupId", "stringEquals", "g1"))

    assert right_to([group], CLUSTERS, "Viewer", resource_group_id="g1") is OK
    assert right_to([group], CLUSTERS, "Viewer", "us-south", "g1") is OK


def test_a_condition_leaves_a_right_unknown_and_a_missing_one_missing():
    timed = a_policy(on(CLUSTERS), has_condition=True)

    assert right_to([timed], CLUSTERS, "Viewer") is CANNOT_TELL
    assert right_to([timed], CLUSTERS, "Administrator") is MISSING
    assert right_to([timed], IDENTITY, "Viewer") is MISSING


@pytest.mark.parametrize("state", ["deleted", "", "ACTIVE"])
def test_a_policy_that_is_not_active_gives_nothing(state):
    assert right_to([a_policy(state=state)], CLUSTERS, "Viewer") is MISSING


def test_the_best_policy_counts():
    unclear = a_policy(on(CLUSTERS), roles=(CUSTOM,))
    plain = a_policy(on(CLUSTERS))
    none = a_policy(on(IDENTITY))

    assert right_to([none, unclear], CLUSTERS, "Viewer") is CANNOT_TELL
    assert right_to([none, unclear, plain], CLUSTERS, "Viewer") is OK


def test_roles_of_two_policies_are_not_put_together():
    in_dallas = a_policy(on(CLUSTERS), ("region", "stringEquals", "us-south"))
    in_europe = a_policy(on(CLUSTERS), ("region", "stringMatch", "eu-*"))

    assert right_to([in_dallas, in_europe], CLUSTERS, "Viewer") is MISSING


attributes = st.tuples(
    st.sampled_from(
        ["serviceName", "serviceType", "service_group_id", "region", "resourceGroupId"]
    ),
    st.sampled_from(["stringEquals", "stringMatch", "stringExists", "other"]),
    st.sampled_from([CLUSTERS, IDENTITY, "service", "IAM", "*", "us-south", "true"]),
)
any_policy = st.builds(
    Policy,
    st.lists(attributes, max_size=4).map(tuple),
    st.lists(
        st.sampled_from([f"{ROLE}Viewer", f"{ROLE}Administrator", CUSTOM]), max_size=2
    ).map(tuple),
    st.booleans(),
    st.sampled_from(["active", "deleted"]),
)
services = st.sampled_from([CLUSTERS, IDENTITY, USERS])
ORDER = [MISSING, CANNOT_TELL, OK]


@given(st.lists(any_policy, max_size=4), any_policy, services)
def test_one_more_policy_never_takes_a_right_away(policies, one_more, service):
    before = right_to(policies, service, "Viewer")

    after = right_to([one_more, *policies], service, "Viewer")

    assert ORDER.index(after) >= ORDER.index(before)


@given(any_policy, attributes)
def test_one_more_attribute_never_gives_clusters_more(policy, one_more):
    narrower = Policy(
        (*policy.attributes, one_more), policy.roles, policy.has_condition, policy.state
    )

    before = right_to([policy], CLUSTERS, "Viewer")
    after = right_to([narrower], CLUSTERS, "Viewer")

    assert ORDER.index(after) <= ORDER.index(before)


@given(any_policy, services)
def test_whoever_administers_may_view(policy, service):
    may_administer = right_to([policy], service, "Administrator")

    may_view = right_to([policy], service, "Viewer")

    assert ORDER.index(may_view) >= ORDER.index(may_administer)
