"""The grants an account needs, as commands, as Terraform and as a body."""

import json

from factories import FID, a_standing

from workers.offboarding.model import Cluster, ResourceGroup, Right, Target
from workers.offboarding.permission_texts import as_body, as_commands, as_terraform
from workers.offboarding.permissions import Taker, permissions
from workers.offboarding.preflight import preflight
from workers.offboarding.rights import Policy

GROUP_ID = "0123456789abcdef0123456789abcdef"
READING = """\
# For reading only: the reader, or without one the first functional ID.
# to list every cluster and read whose its key is
ibmcloud iam user-policy-create READER --roles Viewer --service-name \
containers-kubernetes
# to name every resource group
ibmcloud iam user-policy-create READER --roles Viewer --resource-type resource-group
# to list every user
ibmcloud iam user-policy-create READER --roles Viewer --service-name user-management
# to list everybody's API keys; with less, IAM leaves some out unsaid
ibmcloud iam user-policy-create READER --roles Administrator --service-name \
iam-identity
# to see which access groups somebody is in
ibmcloud iam user-policy-create READER --roles Viewer --service-name iam-groups
# to see what the functional IDs may do
ibmcloud iam user-policy-create READER --roles Viewer --service-name \
iam-access-management
"""


def commands(*takers):
    text = as_commands(permissions("acct1", "production", takers))
    return [line for line in text.splitlines() if line.startswith("ibmcloud iam")]


def test_reading_comes_first_and_by_itself():
    text = as_commands(permissions("acct1", "production", [Taker("iks-1")]))

    assert text.startswith(
        "# Account production (acct1). Not confirmed against a live account.\n"
    )
    assert "\nibmcloud target -c acct1\n" in text
    assert READING in text
    assert text.index(READING) < text.index("# For acting: iks-1.")
    assert "raw key of a functional ID lies in each of its clusters" in text


def test_a_functional_id_of_everything_is_granted_account_wide():
    assert [one.partition("IKS_1 ")[2] for one in commands(Taker("iks-1"))[6:]] == [
        "--roles Administrator,Manager --service-name containers-kubernetes",
        "--roles Viewer --resource-type resource-group",
        "--roles Administrator --service-name container-registry",
        "--roles Administrator --service-name is",
        "--roles Administrator --service-name cloud-object-storage",
        "--roles 'User API key creator' --service-name iam-identity",
    ]


def test_groups_narrow_what_can_be_narrowed_by_id_or_by_name():
    found = commands(Taker("iks-1", ("payments", GROUP_ID)))[6:]

    assert [one.partition("IKS_1 ")[2] for one in found] == [
        "--roles Administrator,Manager --service-name containers-kubernetes "
        "--resource-group-name payments",
        "--roles Administrator,Manager --service-name containers-kubernetes "
        f"--resource-group-id {GROUP_ID}",
        "--roles Viewer --resource-type resource-group "
        '--resource "$(ibmcloud resource group payments --id)"',
        f"--roles Viewer --resource-type resource-group --resource {GROUP_ID}",
        "--roles Administrator --service-name container-registry",
        "--roles Administrator --service-name is --resource-group-name payments",
        f"--roles Administrator --service-name is --resource-group-id {GROUP_ID}",
        "--roles Administrator --service-name cloud-object-storage "
        "--resource-group-name payments",
        "--roles Administrator --service-name cloud-object-storage "
        f"--resource-group-id {GROUP_ID}",
        "--roles 'User API key creator' --service-name iam-identity",
    ]


def test_a_service_id_is_granted_as_one_and_makes_no_user_keys():
    found = commands(Taker("iks-1", is_service_id=True))[6:]

    assert found[0].startswith(
        "ibmcloud iam service-policy-create ServiceId-IKS_1 --roles"
    )
    assert found[-1].endswith("--roles Operator --service-name iam-identity")


def test_every_functional_id_has_a_word_of_its_own_to_be_replaced():
    found = permissions("a", "", [Taker("iks 1"), Taker("iks-1"), Taker("reader")])

    words = [one.stand_in for one in found.acting]
    assert words == ["IKS_1", "IKS_1_2", "READER_2"]


def test_without_a_functional_id_it_is_said_that_it_is_only_read():
    text = as_commands(permissions("acct1", "", []))

    assert "# Account acct1. Not confirmed" in text
    assert text.endswith(
        "# No functional ID is set up for this account: it is only read.\n"
    )


def test_terraform_has_a_policy_a_grant_and_names_no_whole_account_management():
    text = as_terraform(permissions("acct1", "", [Taker("iks-1", ("payments",))]))

    assert text.count('resource "ibm_iam_user_policy"') == 12
    assert "account_management" not in text.replace("management =", "")
    assert (
        """\
data "ibm_resource_group" "group_1_payments" {
  name = "payments"
}
"""
        in text
    )
    assert (
        """\
resource "ibm_iam_user_policy" "iks_1_1_containers_kubernetes" {
  ibm_id = var.iks_1
  roles  = ["Administrator", "Manager"]

  resources {
    service           = "containers-kubernetes"
    resource_group_id = data.ibm_resource_group.group_1_payments.id
  }
}
"""
        in text
    )
    assert (
        """\
resource "ibm_iam_user_policy" "reader_4_iam_identity" {
  ibm_id = var.reader
  roles  = ["Administrator"]

  resource_attributes {
    name  = "serviceName"
    value = "iam-identity"
  }
}
"""
        in text
    )
    assert (
        """\
  resources {
    resource_type = "resource-group"
    resource      = data.ibm_resource_group.group_1_payments.id
  }
"""
        in text
    )


def test_terraform_of_a_service_id_has_its_own_resource():
    text = as_terraform(permissions("a", "", [Taker("iks", is_service_id=True)]))

    assert 'resource "ibm_iam_service_policy" "iks_1_containers_kubernetes"' in text
    assert "  iam_service_id = var.iks\n" in text


def test_names_from_a_file_run_nothing_in_terraform_or_a_shell():
    name = '${file("x")}%{if}"\n#'
    text = as_terraform(permissions("a", name, [Taker("7", (name, "a_b", "a-b"))]))
    shell = "\n".join(commands(Taker("7", ("$(reboot)",))))

    assert 'name = "$${file(\\"x\\")}%%{if}\\" #"' in text
    assert 'variable "x_7"' in text
    labels = [line for line in text.splitlines() if line.startswith("data ")]
    assert len(set(labels)) == 3
    assert "group-name '$(reboot)'" in shell
    assert "resource group '$(reboot)' --id" in shell


def test_the_body_has_the_same_with_every_command():
    body = as_body(permissions("acct1", "", [Taker("iks-1", ("payments",))]))

    [acting] = body["acting"]
    assert json.loads(json.dumps(body)) == body
    assert (body["account_id"], body["account"]) == ("acct1", None)
    assert (acting["functional_id"], acting["stand_in"]) == ("iks-1", "IKS_1")
    assert acting["grants"][0] == {
        "service": "containers-kubernetes",
        "resource_type": None,
        "resource_group": "payments",
        "roles": ["Administrator", "Manager"],
        "why": "to reset the key, and for all that clusters do with it; to work "
        "inside of clusters",
        "command": "ibmcloud iam user-policy-create IKS_1 --roles "
        "Administrator,Manager --service-name containers-kubernetes "
        "--resource-group-name payments",
    }
    assert len(body["reading"]["grants"]) == 6


CRNS = {
    "User API key creator": "crn:v1:bluemix:public:iam-identity::::serviceRole:"
    "UserApiKeyCreator",
    "Manager": "crn:v1:bluemix:public:iam::::serviceRole:Manager",
}


def as_policy(grant):
    attributes = [("resourceType", "stringEquals", "resource-group")]
    key = "resource"
    if grant.service:
        attributes = [("serviceName", "stringEquals", grant.service)]
        key = "resourceGroupId"
    if grant.group:
        attributes.append((key, "stringEquals", grant.group))
    platform = "crn:v1:bluemix:public:iam::::role:"
    roles = tuple(CRNS.get(one, f"{platform}{one}") for one in grant.roles)
    return Policy(tuple(attributes), roles)


def test_who_was_granted_all_of_it_passes_preflight():
    clusters = (Cluster("c1", "web", "vpc-gen2", type="openshift"),)
    target = Target("acct1", "us-south", ResourceGroup(GROUP_ID, "pay"), clusters)
    [taker] = permissions("acct1", "", [Taker("iks", (GROUP_ID,))]).acting
    granted = tuple(as_policy(one) for one in taker.grants)
    standing = a_standing(FID, policies=granted, is_key_creation_restricted=True)

    assert preflight(standing, target).right is Right.OK
    for left_out in granted:
        rest = tuple(one for one in granted if one is not left_out)
        lacking = a_standing(FID, policies=rest, is_key_creation_restricted=True)
        assert preflight(lacking, target).right is Right.MISSING
