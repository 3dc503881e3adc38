"""What `offboard permissions` prints is enough: granted as printed, all is in order."""

import shlex

import pytest
from ibmcloud_scenes import (
    ACCOUNT,
    FUNCTIONAL_KEY,
    PROD,
    READER,
    READER_KEY,
    STEWARD,
    a_functional_id,
    an_account,
    settings_for,
)

from simulator import Policy
from workers.ibmcloud.account import open_cloud
from workers.offboarding.excess import broad
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    OwnerKind,
    ResourceGroup,
    Right,
    Target,
)
from workers.offboarding.permission_texts import as_commands
from workers.offboarding.permissions import Taker, permissions
from workers.offboarding.preflight import preflight

ROLES = {"User API key creator": "UserApiKeyCreator"}
GROUPS = {"prod": PROD}
SERVICE = "iam-ServiceId-99999999-aaaa-bbbb-cccc-000000000001"
SERVICE_KEY = "service-key-for-tests"
CLUSTERS = [
    Cluster("v", "v", "vpc-gen2", type="kubernetes"),
    Cluster("vo", "vo", "vpc-gen2", type="openshift"),
    Cluster("c", "c", "classic", type="kubernetes"),
    Cluster("co", "co", "classic", type="openshift"),
    Cluster("s", "s", "satellite", type="openshift"),
    Cluster("o", "o", "vpc-classic"),
]


def stored(command):
    """Return the policy that IAM stores for a printed command."""
    words = shlex.split(command)
    options = dict(zip(words[4::2], words[5::2], strict=True))
    roles = tuple(ROLES.get(one, one) for one in options.pop("--roles").split(","))
    group = options.pop("--resource-group-id", None)
    named = options.pop("--resource-group-name", None)
    group = group or (GROUPS[named] if named else None)
    attributes = []
    if "--resource-type" in options:
        attributes.append(
            ("resourceType", "stringEquals", options.pop("--resource-type"))
        )
    if "--resource" in options:
        given = options.pop("--resource").removeprefix("$(ibmcloud resource group ")
        given = GROUPS.get(given.removesuffix(" --id)"), given)
        attributes.append(("resource", "stringEquals", given))
    service = options.pop("--service-name", None)
    assert options == {}
    return Policy(
        roles,
        service_name=service,
        resource_group_id=group,
        attributes=tuple(attributes),
    )


def printed(*takers):
    """Return what is printed: for reading, and for each functional ID."""
    text = as_commands(permissions(ACCOUNT, "production", takers))
    parts = text.split("# For acting: ")
    return [
        [stored(line) for line in part.splitlines() if line.startswith("ibmcloud iam")]
        for part in parts
    ]


@pytest.mark.parametrize("restricts", ["RESTRICTED", "NOT_RESTRICTED", "NOT_SET"])
@pytest.mark.parametrize("groups", [(), (PROD,), ("prod",)])
@pytest.mark.parametrize("is_service_id", [False, True])
@pytest.mark.parametrize("with_reader", [False, True])
def test_a_functional_id_granted_as_printed_may_own_every_kind_of_target(
    scene, simulator, restricts, groups, is_service_id, with_reader
):
    scene.restrict_create_platform_apikey = restricts
    taker = Taker("iks-1", groups, is_service_id)
    reading, acting = printed(taker)
    who, key = STEWARD, FUNCTIONAL_KEY
    if is_service_id:
        scene.add_service_id(SERVICE, "iks-1")
        scene.add_login_key(SERVICE, SERVICE_KEY)
        who, key = KeyOwner(SERVICE, kind=OwnerKind.FUNCTIONAL_ID), SERVICE_KEY
    scene.set_policies(who.id, acting if with_reader else [*acting, *reading])
    scene.set_policies(READER, reading)
    ours = a_functional_id("iks-1", key, resource_groups=groups)
    cloud = open_cloud(
        an_account(ours, reader=READER_KEY if with_reader else None),
        settings_for(simulator.url),
    )

    standing = cloud.standing(who)

    for clusters in ([one] for one in CLUSTERS):
        target = Target(
            ACCOUNT, "us-south", ResourceGroup(PROD, "prod"), tuple(clusters)
        )
        said = preflight(standing, target)
        assert (said.right, said.text) == (Right.OK, "")
    assert list(broad(standing, {PROD: "prod"})) == []
    assert cloud.visibility().is_proven
