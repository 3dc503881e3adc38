"""May a functional ID own a target: ok, missing, or cannot tell, and never a guess."""

from dataclasses import replace

import pytest
from factories import DALLAS, FID, NOON, a_policy, a_standing
from hypothesis import given
from hypothesis import strategies as st

from workers.offboarding.errors import Reason
from workers.offboarding.model import Cluster, KeyOwner, OwnerKind, Right
from workers.offboarding.needs import all_needs, needs_of
from workers.offboarding.preflight import preflight
from workers.offboarding.rights import Policy, right_to, right_to_group

OK, MISSING, CANNOT_TELL = Right.OK, Right.MISSING, Right.CANNOT_TELL
SERVICE_FID = KeyOwner("iam-ServiceId-1", "iks", None, OwnerKind.FUNCTIONAL_ID)
K8S, REGISTRY, COS, IDENTITY = (
    "containers-kubernetes",
    "container-registry",
    "cloud-object-storage",
    "iam-identity",
)
CREATOR = "crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator"
CUSTOM = "crn:v1:bluemix:public:iam-access-management::a/acct1::customRole:Keys"
GROUPS = Policy(
    (("resourceType", "stringEquals", "resource-group"),),
    ("crn:v1:bluemix:public:iam::::role:Viewer",),
)


def on(service):
    return ("serviceName", "stringEquals", service)


def without(standing, service):
    kept = [one for one in standing.policies if on(service) not in one.attributes]
    return replace(standing, policies=tuple(kept))


def said(standing, target=DALLAS, **more):
    return preflight(standing, target, **more)


def reasons(found):
    return [(one.right, one.reason) for one in found.findings]


def test_who_has_all_that_is_needed_may_own_the_target():
    found = said(a_standing())

    assert (found.right, found.findings) == (OK, ())
    assert (found.at, found.text, found.command) == (NOON, "", None)


@pytest.mark.parametrize(
    ("service", "text", "command"),
    [
        (
            REGISTRY,
            "Functional 1 (fid@example.com) lacks the platform role Administrator on "
            "Container Registry (container-registry) for the whole account.",
            "ibmcloud iam user-policy-create fid@example.com --roles Administrator "
            "--service-name container-registry",
        ),
        (
            "is",
            "Functional 1 (fid@example.com) lacks the platform role Administrator on "
            "VPC Infrastructure (is) in us-south / payments.",
            "ibmcloud iam user-policy-create fid@example.com --roles Administrator "
            "--service-name is --resource-group-name payments-id",
        ),
    ],
)
def test_a_missing_role_is_named_with_its_service_its_place_and_its_grant(
    service, text, command
):
    found = said(without(a_standing(), service))

    assert reasons(found) == [(MISSING, Reason.MISSING_ROLE)]
    assert (found.text, found.command) == (text, command)


def test_both_roles_on_clusters_are_needed_each_by_itself():
    found = said(without(a_standing(), K8S))

    assert [one.command for one in found.findings] == [
        "ibmcloud iam user-policy-create fid@example.com --roles Administrator "
        "--service-name containers-kubernetes --resource-group-name payments-id",
        "ibmcloud iam user-policy-create fid@example.com --roles Manager "
        "--service-name containers-kubernetes --resource-group-name payments-id",
    ]
    assert "the service role Writer or Manager on" in found.text
    assert found.command == " && ".join(one.command for one in found.findings)


def test_a_group_is_granted_by_its_id_where_it_is_one():
    group = replace(DALLAS.resource_group, id="0123456789abcdef0123456789abcdef")
    target = replace(DALLAS, resource_group=group)

    command = said(without(a_standing(), "is"), target).command

    assert command.endswith("--resource-group-id 0123456789abcdef0123456789abcdef")


def test_a_writer_of_clusters_is_enough():
    standing = without(a_standing(), K8S)
    roles = (a_policy(service=K8S), a_policy("Writer", K8S, kind="serviceRole"))

    found = said(replace(standing, policies=standing.policies + roles))

    assert found.right is OK


def test_the_group_itself_has_to_be_visible():
    policies = tuple(one for one in a_standing().policies if one != GROUPS)

    found = said(a_standing(policies=policies))

    assert reasons(found) == [(MISSING, Reason.MISSING_ROLE)]
    assert found.text.endswith("Viewer on the resource group payments.")
    assert found.command == (
        "ibmcloud iam user-policy-create fid@example.com --roles Viewer "
        "--resource-type resource-group --resource payments-id"
    )


@pytest.mark.parametrize(
    ("attributes", "right"),
    [
        ([("resourceType", "stringEquals", "resource-group")], OK),
        (
            [
                ("resourceType", "stringEquals", "resource-group"),
                ("resource", "stringEquals", "g1"),
            ],
            OK,
        ),
        (
            [
                ("resourceType", "stringEquals", "resource-group"),
                ("resource", "stringEquals", "g2"),
            ],
            MISSING,
        ),
        ([("resourceType", "stringEquals", "bucket")], MISSING),
        ([("resourceGroupId", "stringEquals", "g1")], MISSING),
        ([("serviceType", "stringEquals", "service")], MISSING),
        ([on(K8S)], MISSING),
        ([("serviceType", "stringEquals", "platform_service")], CANNOT_TELL),
        ([], CANNOT_TELL),
    ],
)
def test_the_right_to_a_group_is_not_the_right_to_what_is_in_it(attributes, right):
    viewer = ("crn:v1:bluemix:public:iam::::role:Viewer",)
    policy = Policy((("accountId", "stringEquals", "acct1"), *attributes), viewer)

    assert right_to_group([policy], "g1") is right
    assert right_to_group([replace(policy, state="deleted")], "g1") is MISSING


def test_a_role_in_another_group_or_region_does_not_count():
    standing = without(a_standing(), "is")
    elsewhere = a_policy(service="is", group="other-id")
    region = Policy((on("is"), ("region", "stringEquals", "eu-de")), elsewhere.roles)

    for policy in (elsewhere, region):
        found = said(replace(standing, policies=(*standing.policies, policy)))
        assert reasons(found) == [(MISSING, Reason.MISSING_ROLE)]


def test_the_registry_must_not_be_limited_to_a_group_and_a_region_is_not_known():
    standing = without(a_standing(), REGISTRY)
    group = a_policy(service=REGISTRY, group="payments-id")
    region = Policy((on(REGISTRY), ("region", "stringEquals", "eu-gb")), group.roles)

    in_group = said(replace(standing, policies=(*standing.policies, group)))
    in_region = said(replace(standing, policies=(*standing.policies, region)))

    assert reasons(in_group) == [(MISSING, Reason.MISSING_ROLE)]
    assert reasons(in_region) == [(CANNOT_TELL, Reason.PREFLIGHT_UNKNOWN)]


@pytest.mark.parametrize(
    ("actions", "right"),
    [
        (("containers-kubernetes.cluster.create",), OK),
        (("containers-kubernetes.cluster.read",), MISSING),
        (None, CANNOT_TELL),
    ],
)
def test_a_role_of_the_accounts_own_counts_by_what_it_allows(actions, right):
    standing = without(a_standing(), K8S)
    custom = Policy((on(K8S),), (CUSTOM,), actions=actions)
    writer = a_policy("Writer", K8S, kind="serviceRole")

    found = said(replace(standing, policies=(*standing.policies, custom, writer)))

    assert found.right is right


def test_an_action_that_is_not_asked_for_gives_nothing():
    viewer = ("crn:v1:bluemix:public:iam::::role:Viewer",)
    policy = Policy((on(K8S),), viewer, actions=("containers-kubernetes.cluster.read",))

    assert right_to([policy], K8S, "Administrator") is MISSING
    assert right_to([policy], K8S, "Administrator", action="x.y.z") is MISSING


@pytest.mark.parametrize(
    ("provider", "kind", "services"),
    [
        ("vpc-gen2", "", {K8S, "", REGISTRY, "is"}),
        ("vpc-gen2", "openshift", {K8S, "", REGISTRY, "is", COS}),
        ("vpc-gen2", "kubernetes", {K8S, "", REGISTRY, "is"}),
        ("classic", "", {K8S, "", REGISTRY}),
        ("satellite", "", {K8S, "", REGISTRY}),
    ],
)
def test_what_is_needed_follows_from_the_clusters(provider, kind, services):
    clusters = [Cluster("c1", "web", provider, type=kind)]

    found = needs_of(clusters, is_service_id=False, makes_keys=False)

    assert {one.service for one in found} == services


def test_clusters_that_are_deleted_need_nothing():
    clusters = (Cluster("c1", "web", "vpc-gen2", readable=False),)

    found = said(without(a_standing(), "is"), replace(DALLAS, clusters=clusters))

    assert found.right is OK


def test_classic_infrastructure_is_no_finding_since_iam_cannot_show_it():
    target = replace(DALLAS, clusters=(Cluster("c1", "web", "classic"),))

    assert said(without(a_standing(), "is"), target).findings == ()


def test_an_openshift_cluster_needs_object_storage_in_its_group():
    target = replace(
        DALLAS, clusters=(Cluster("c1", "web", "vpc-gen2", type="openshift"),)
    )

    found = said(without(a_standing(), COS), target)

    assert reasons(found) == [(MISSING, Reason.MISSING_ROLE)]
    assert "in payments." in found.text


def test_a_service_id_needs_operator_on_iam_identity_and_its_own_commands():
    standing = a_standing(SERVICE_FID, state=None, name="iks")

    assert said(standing).right is OK

    found = said(without(standing, IDENTITY))
    assert reasons(found) == [(MISSING, Reason.MISSING_ROLE)]
    assert found.command == (
        "ibmcloud iam service-policy-create ServiceId-1 --roles Operator "
        "--service-name iam-identity"
    )


@pytest.mark.parametrize(
    ("restricted", "has_role", "right"),
    [
        (True, False, MISSING),
        (True, True, OK),
        (False, False, OK),
        (None, False, CANNOT_TELL),
        (None, True, OK),
    ],
)
def test_where_keys_are_restricted_a_user_needs_the_role_for_it(
    restricted, has_role, right
):
    standing = a_standing(is_key_creation_restricted=restricted)
    creator = Policy((on(IDENTITY),), (CREATOR,))
    policies = (*standing.policies, creator) if has_role else standing.policies

    found = said(replace(standing, policies=policies))

    assert found.right is right
    if right is MISSING:
        assert found.command == (
            "ibmcloud iam user-policy-create fid@example.com "
            "--roles 'User API key creator' --service-name iam-identity"
        )


def test_a_service_id_needs_no_right_to_make_user_keys():
    standing = a_standing(SERVICE_FID, state=None, is_key_creation_restricted=True)

    assert said(standing).right is OK


def test_policies_that_could_not_be_read_prove_nothing_missing():
    standing = a_standing(policies=(), policies_fault="Listing access policies: 403.")

    found = said(standing)

    assert found.right is CANNOT_TELL
    assert {one.reason for one in found.findings} == {Reason.PREFLIGHT_UNKNOWN}
    assert found.findings[0].text == (
        "It cannot be told whether Functional 1 (fid@example.com) has the platform "
        "role Administrator on Kubernetes Service (containers-kubernetes) in us-south "
        "/ payments: Listing access policies: 403."
    )
    assert found.command == "ibmcloud iam user-policies fid@example.com"


def test_what_was_seen_counts_though_there_may_be_more():
    standing = a_standing(policies_fault="One access group: 403.")

    assert said(standing).right is OK


def test_a_condition_leaves_a_right_unknown():
    standing = a_standing()
    timed = tuple(replace(one, has_condition=True) for one in standing.policies)

    found = said(replace(standing, policies=timed))

    assert found.right is CANNOT_TELL
    assert "hangs on a condition" in found.text


@pytest.mark.parametrize("state", ["PENDING", "PROCESSING", "VPN_ONLY", ""])
def test_who_is_not_active_owns_nothing(state):
    found = said(a_standing(state=state))

    assert reasons(found) == [(MISSING, Reason.FUNCTIONAL_ID_INACTIVE)]


def test_a_state_that_could_not_be_read_is_not_known_and_a_service_id_has_none():
    unread = said(a_standing(state=None, state_fault="Listing users: 403"))
    none = said(a_standing(SERVICE_FID, state=None))

    assert reasons(unread) == [(CANNOT_TELL, Reason.PREFLIGHT_UNKNOWN)]
    assert "Listing users: 403." in unread.text
    assert none.right is OK


def test_a_locked_service_id_owns_nothing():
    found = said(a_standing(SERVICE_FID, state=None, is_locked=True))

    assert reasons(found) == [(MISSING, Reason.FUNCTIONAL_ID_LOCKED)]
    assert found.command == "ibmcloud iam service-id-unlock ServiceId-1"


def test_a_key_that_iam_refuses_owns_nothing():
    found = said(a_standing(key_fault="BXNIM0415E: Provided API key not found"))

    assert reasons(found) == [(MISSING, Reason.BAD_KEY)]
    assert "BXNIM0415E" in found.text


def test_nobody_takes_over_from_themselves():
    found = said(a_standing(), leaver_id=FID.id)

    assert reasons(found) == [(MISSING, Reason.WRONG_IDENTITY)]


@pytest.mark.parametrize(
    ("keys", "limit", "planned", "right"),
    [
        (19, 20, 0, OK),
        (20, 20, 0, MISSING),
        (25, 20, 0, MISSING),
        (20, 40, 0, OK),
        (17, 20, 2, OK),
        (17, 20, 3, MISSING),
        (None, 20, 0, CANNOT_TELL),
    ],
)
def test_a_reset_needs_a_key_slot_and_those_planned_before_it_take_theirs(
    keys, limit, planned, right
):
    standing = a_standing(keys=keys, key_limit=limit, keys_fault="Listing keys: 403")

    found = said(standing, planned=planned)

    assert found.right is right
    if right is MISSING:
        assert reasons(found) == [(MISSING, Reason.KEY_LIMIT)]
        assert found.command == "ibmcloud iam api-keys"


def test_the_worst_comes_first():
    standing = without(a_standing(keys=None, state=None, state_fault="403"), REGISTRY)

    found = said(standing)

    assert [one.right for one in found.findings] == [MISSING, CANNOT_TELL, CANNOT_TELL]
    assert found.findings[0].reason is Reason.MISSING_ROLE


def test_a_name_from_outside_cannot_break_the_command_or_the_line():
    evil = replace(FID, email="a;rm -rf\n/@example.com", name="x\u202ey")

    found = said(without(a_standing(evil), REGISTRY))

    assert "\n" not in found.text + found.command
    assert "'a;rm -rf /@example.com'" in found.command
    assert "\u202e" not in found.text


policies = st.sampled_from(a_standing().policies)


@given(st.lists(policies, max_size=7), policies, st.booleans())
def test_one_more_policy_never_makes_it_worse(held, one_more, is_whole):
    fault = "" if is_whole else "403"
    order = [MISSING, CANNOT_TELL, OK]
    before = said(a_standing(policies=tuple(held), policies_fault=fault))

    after = said(a_standing(policies=(*held, one_more), policies_fault=fault))

    assert order.index(after.right) >= order.index(before.right)
    assert len(after.findings) <= len(before.findings)


@given(st.lists(policies, max_size=7))
def test_what_was_not_seen_whole_is_never_called_missing(held):
    found = said(a_standing(policies=tuple(held), policies_fault="403"))

    assert found.right is not MISSING


def test_every_need_has_a_reason_and_a_grant():
    needs = (*all_needs(is_service_id=False), *all_needs(is_service_id=True))

    assert all(one.why and one.grant("g").roles for one in needs)
