"""What makes a functional ID weak, and what only looks like it."""

from dataclasses import replace

import pytest
from factories import DALLAS, FID, FRANKFURT, NOON, a_policy, a_standing

from workers.offboarding.errors import Reason
from workers.offboarding.excess import broad, shared_ids
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import Note, Right
from workers.offboarding.rights import Policy
from workers.offboarding.weakness import weaknesses

K8S = "containers-kubernetes"
ADMIN = ("crn:v1:bluemix:public:iam::::role:Administrator",)


def found(standing, *owns, **more):
    return [one.reason for one in weaknesses(standing, owns, **more)]


def known(*notes):
    return FunctionalIdState("acct1", FID, NOON, weak=notes)


def and_also(*policies, **changes):
    return a_standing(policies=(*a_standing().policies, *policies), **changes)


def test_one_in_order_with_free_slots_is_not_weak():
    assert found(a_standing(), DALLAS) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key_fault": "BXNIM0415E"}, Reason.BAD_KEY),
        ({"state": "PENDING"}, Reason.FUNCTIONAL_ID_INACTIVE),
        ({"is_locked": True}, Reason.FUNCTIONAL_ID_LOCKED),
        ({"keys": 18}, Reason.FEW_KEY_SLOTS),
        ({"keys": 20}, Reason.FEW_KEY_SLOTS),
    ],
)
def test_each_fault_of_its_own_makes_it_weak_whatever_it_owns(changes, reason):
    assert found(a_standing(**changes)) == [reason]


def test_three_free_slots_are_enough():
    assert found(a_standing(keys=17)) == []


def without(service):
    named = ("serviceName", "stringEquals", service)
    return tuple(one for one in a_standing().policies if named not in one.attributes)


def test_a_role_that_is_lacking_where_it_owns_something_makes_it_weak():
    elsewhere = a_policy(service="is", group="platform-id")
    standing = a_standing(policies=(*without("is"), elsewhere))

    assert found(standing) == []
    assert found(standing, DALLAS) == [Reason.MISSING_ROLE]


def test_one_grant_that_lacks_in_two_regions_is_told_once():
    here = replace(DALLAS, region="us-east")

    assert found(a_standing(policies=without(K8S)), DALLAS, here, FRANKFURT) == [
        Reason.MISSING_ROLE,
        Reason.MISSING_ROLE,
    ]


@pytest.mark.parametrize(
    "unseen",
    [
        {"policies": (), "policies_fault": "403"},
        {"keys": None, "keys_fault": "403"},
        {"state": None, "state_fault": "403"},
        {"is_key_creation_restricted": None},
    ],
)
def test_what_cannot_be_seen_makes_nobody_weak(unseen):
    assert found(a_standing(**unseen), DALLAS) == []


@pytest.mark.parametrize(
    ("reason", "unseen"),
    [
        (Reason.MISSING_ROLE, {"policies": (), "policies_fault": "403"}),
        (Reason.MISSING_ROLE, {"is_key_creation_restricted": None}),
        (Reason.FUNCTIONAL_ID_BROAD, {"policies": (), "policies_fault": "403"}),
        (Reason.FEW_KEY_SLOTS, {"keys": None}),
        (Reason.FUNCTIONAL_ID_INACTIVE, {"state": None, "state_fault": "403"}),
        (Reason.FUNCTIONAL_ID_LOCKED, {"state": None, "state_fault": "403"}),
        (Reason.BAD_KEY, {"keys": None, "keys_fault": "503"}),
    ],
)
def test_what_cannot_be_seen_now_is_as_it_was_seen_last(reason, unseen):
    before = known(Note(reason, "As it was."))

    assert found(a_standing(**unseen), DALLAS, before=before) == [reason]
    assert found(a_standing(), DALLAS, before=before) == []


def test_without_its_targets_a_lacking_role_is_as_it_was():
    before = known(Note(Reason.MISSING_ROLE, "As it was."))

    assert found(a_standing(), before=before, has_targets=False) == [
        Reason.MISSING_ROLE
    ]


def test_without_the_names_of_groups_rights_in_others_are_as_they_were():
    ours = a_standing(resource_groups=("payments-id",))
    before = known(Note(Reason.FUNCTIONAL_ID_BROAD, "As it was."))
    names = {"payments-id": "payments"}
    narrow = replace(ours, policies=(*without(K8S), a_policy("Manager", K8S)))

    assert found(narrow, before=before, group_names={}) == [Reason.FUNCTIONAL_ID_BROAD]
    assert found(narrow, before=before, group_names=names) == []


def test_one_identity_of_two_accounts_is_weak_and_names_the_other():
    [told] = weaknesses(a_standing(), [], elsewhere=["sandbox"])

    assert (told.right, told.reason) == (Right.MISSING, Reason.FUNCTIONAL_ID_SHARED)
    assert "is a functional ID of account sandbox as well" in told.text


def test_identities_of_more_than_one_account_are_found():
    ids = {"a": ["IBMid-1", "IBMid-2"], "b": ["IBMid-2"], "c": ["IBMid-3", "IBMid-3"]}

    assert shared_ids(ids) == {"IBMid-2": ("a", "b")}


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (a_policy(), "is Administrator on all services of the account."),
        (
            Policy((("serviceType", "stringEquals", "service"),), ADMIN),
            "is Administrator on all services of the account.",
        ),
        (
            a_policy("Editor", "iam-groups"),
            "is Editor or Administrator on IAM Access Groups (iam-groups).",
        ),
        (
            a_policy("Administrator", "billing"),
            "is Editor or Administrator on Billing (billing).",
        ),
        (
            Policy((("serviceType", "stringEquals", "platform_service"),), ADMIN),
            "is Editor or Administrator on IAM Access Management "
            "(iam-access-management), User Management (user-management), Billing "
            "(billing), IAM Access Groups (iam-groups).",
        ),
    ],
)
def test_rights_far_beyond_what_clusters_need_are_warned_of(policy, text):
    [told] = broad(and_also(policy))

    assert told.text == (
        f"Functional 1 (fid@example.com) {text} Its raw key lies in each of its "
        "clusters, readable by their administrators."
    )
    assert told.command == "ibmcloud iam user-policies fid@example.com"


@pytest.mark.parametrize(
    "policy",
    [
        a_policy("Editor"),
        a_policy(group="payments-id"),
        a_policy("Viewer", "user-management"),
        a_policy("Administrator", "iam-identity"),
        replace(a_policy(), state="deleted"),
    ],
)
def test_what_may_be_needed_is_not_warned_of(policy):
    assert list(broad(and_also(policy))) == []


NAMES = {"payments-id": "payments", "platform-id": "platform"}


@pytest.mark.parametrize(
    ("rule", "group", "text"),
    [
        ((), None, None),
        (("payments",), None, "in every resource group"),
        (("payments",), "platform-id", "in platform"),
        (("payments",), "payments-id", None),
        (("payments-id",), "payments-id", None),
        (("payments-id",), "platform-id", "in platform"),
    ],
)
def test_clusters_outside_of_its_own_groups_are_warned_of(rule, group, text):
    policy = a_policy(service=K8S, group=group)
    regional = replace(
        policy, attributes=(*policy.attributes, ("region", "stringEquals", "eu-de"))
    )
    for one in (policy, regional):
        standing = a_standing(policies=(*without(K8S), one), resource_groups=rule)

        told = [each.text for each in broad(standing, NAMES)]

        assert bool(told) is (text is not None)
        assert text is None or f"on Kubernetes Service {text}, outside of" in told[0]
