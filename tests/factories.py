"""Values with sensible defaults: override what matters."""

from dataclasses import replace
from datetime import UTC, datetime

from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Cluster,
    Departure,
    KeyOwner,
    Leaver,
    OpenedBy,
    OwnerKind,
    Person,
    ResourceGroup,
    Target,
)
from workers.offboarding.rights import Policy
from workers.offboarding.standing import Standing

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DANA = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON)
ROBIN = KeyOwner("IBMid-2", "Robin Park", "robin.park@example.com", OwnerKind.PERSON)
FID = KeyOwner("IBMid-9", "Functional 1", "fid@example.com", OwnerKind.FUNCTIONAL_ID)
OTHER_FID = KeyOwner(
    "IBMid-8", "Functional 2", "fid2@example.com", OwnerKind.FUNCTIONAL_ID
)


def a_target(region="us-south", group="payments", **changes):
    clusters = (Cluster(f"{region}-{group}", f"web-{region}", "vpc-gen2"),)
    target = Target("acct1", region, ResourceGroup(f"{group}-id", group), clusters)
    return replace(target, **changes)


def a_case_target(target=None, **changes):
    mine = CaseTarget(target or DALLAS, owner_before=DANA, functional_id=FID)
    return replace(mine, **changes)


def a_departure(**changes):
    departure = Departure(
        "standard", Leaver("dana.lee@example.com"), event_key="standard:msg_1"
    )
    return replace(departure, **changes)


def a_case(*targets, **changes):
    case = Case(
        id="01CASE",
        leaver=Leaver("dana.lee@example.com"),
        opened_by=OpenedBy("standard", "standard:msg_1"),
        received_at=NOON,
        effective_at=NOON,
        starts_at=NOON,
        status=CaseStatus.OPEN,
        dry_run=False,
        request_id="req-1",
        targets=targets,
    )
    case = replace(case, **changes)
    # As the desk opens it: the leaver as named, before anybody is looked up.
    return replace(case, named=changes.get("named", case.leaver))


def a_person(owner, **changes):
    person = Person(owner.id, owner.email, owner.email, owner.name, "ACTIVE")
    return replace(person, **changes)


def a_policy(role="Administrator", service=None, *, group=None, kind="role"):
    """Make a policy; without *service* it is for all IAM-enabled services."""
    attributes = [("serviceName", "stringEquals", service)] if service else []
    if group:
        attributes.append(("resourceGroupId", "stringEquals", group))
    crn = f"crn:v1:bluemix:public:iam::::{kind}:{role}"
    return Policy(attributes=tuple(attributes), roles=(crn,))


def a_standing(identity=FID, **changes):
    """Say that a functional ID stands well: the rights it needs, and free slots."""
    needed = (
        a_policy(service="containers-kubernetes"),
        a_policy("Manager", "containers-kubernetes", kind="serviceRole"),
        a_policy(service="container-registry"),
        a_policy(service="cloud-object-storage"),
        a_policy(service="is"),
        a_policy("Operator", "iam-identity"),
        Policy(
            attributes=(("resourceType", "stringEquals", "resource-group"),),
            roles=("crn:v1:bluemix:public:iam::::role:Viewer",),
        ),
    )
    standing = Standing(
        identity,
        NOON,
        name=identity.name or "",
        policies=needed,
        state="ACTIVE",
        keys=2,
        is_key_creation_restricted=False,
    )
    return replace(standing, **changes)


DALLAS = a_target("us-south", "payments")
FRANKFURT = a_target("eu-de", "payments")
TOKYO = a_target("jp-tok", "platform")
