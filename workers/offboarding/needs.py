"""Which roles a functional ID needs for which clusters: one table, with its source.

Source: IBM Cloud docs, "Kubernetes Service: setting up the API key" (access-apikey) and
"IAM platform access roles" (iam-platform-access-roles). Left out: Secrets Manager, Key
Protect and Hyper Protect, since no list says whether a cluster uses them; and classic
infrastructure, whose permissions are not IAM's and cannot be seen through it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workers.offboarding.grants import Grant, shown_role
from workers.offboarding.model import Cluster

KUBERNETES: Final = "containers-kubernetes"
IAM_IDENTITY: Final = "iam-identity"
CLUSTER_CREATE: Final = "containers-kubernetes.cluster.create"


class Where(StrEnum):
    """How far a role has to reach."""

    # the target's region and resource group
    TARGET = "target"
    # the target's resource group; the service knows other regions, or none
    GROUP = "group"
    ACCOUNT = "account"
    # the resource group itself, and not what lies in it
    THE_GROUP = "the_group"


@dataclass(frozen=True, slots=True)
class Need:
    """One role that is needed.

    Attributes:
        title: What people call the service.
        service: As IAM names it; empty for the resource group itself.
        role: The last part of the role's CRN.
        kind: ``platform`` or ``service``: which list of roles it stands in.
        action: What it is needed for, where a role of an account's own may do.
        why: What it is for, in a few words.
        granted: The greater role that documentation has people grant instead.
    """

    title: str
    service: str
    role: str
    where: Where
    why: str
    kind: str = "platform"
    action: str = ""
    granted: str = ""

    @property
    def role_title(self) -> str:
        """Name the role as people find it."""
        greater = f" or {self.granted}" if self.granted else ""
        return f"{self.kind} role {shown_role(self.role)}{greater}"

    def grant(self, group: str) -> Grant:
        """Return what gives the role, for clusters in *group*; empty means all."""
        role = shown_role(self.granted or self.role)
        is_wide = self.where is Where.ACCOUNT
        return Grant((role,), self.service, "" if is_wide else group, self.why)


_ALWAYS: Final = (
    Need(
        "Kubernetes Service",
        KUBERNETES,
        "Administrator",
        Where.TARGET,
        "to reset the key, and for all that clusters do with it",
        action=CLUSTER_CREATE,
    ),
    Need(
        "Kubernetes Service",
        KUBERNETES,
        "Writer",
        Where.TARGET,
        "to work inside of clusters",
        kind="service",
        granted="Manager",
    ),
    Need("the resource group", "", "Viewer", Where.THE_GROUP, "to find the group"),
    Need(
        "Container Registry",
        "container-registry",
        "Administrator",
        Where.ACCOUNT,
        "for clusters to pull images; not limited to a resource group",
    ),
)
_VPC: Final = Need(
    "VPC Infrastructure",
    "is",
    "Administrator",
    Where.TARGET,
    "for VPC clusters to order workers, volumes and load balancers",
)
_OPENSHIFT: Final = Need(
    "Cloud Object Storage",
    "cloud-object-storage",
    "Administrator",
    Where.GROUP,
    "for OpenShift clusters to keep their internal registry",
)
_SERVICE_ID: Final = Need(
    "IAM Identity",
    IAM_IDENTITY,
    "Operator",
    Where.ACCOUNT,
    "for a service ID to have an API key made",
)
_KEY_CREATOR: Final = Need(
    "IAM Identity",
    IAM_IDENTITY,
    "UserApiKeyCreator",
    Where.ACCOUNT,
    "to have an API key made, where the account restricts that",
    kind="service",
)


def needs_of(
    clusters: Iterable[Cluster], *, is_service_id: bool, makes_keys: bool
) -> Iterator[Need]:
    """List the roles that whoever owns the key of *clusters* needs.

    Args:
        clusters: Those that hang on the key.
        is_service_id: Whether the owner is a service ID, and no user.
        makes_keys: Whether a right of its own is needed to create API keys.
    """
    clusters = tuple(clusters)
    yield from _ALWAYS
    if any(one.provider.startswith("vpc") for one in clusters):
        yield _VPC
    # Needed only where it is known: the lists of old surveys do not tell the type.
    if any(one.type == "openshift" for one in clusters):
        yield _OPENSHIFT
    if is_service_id:
        yield _SERVICE_ID
    elif makes_keys:
        yield _KEY_CREATOR


def all_needs(*, is_service_id: bool) -> tuple[Need, ...]:
    """List the roles for clusters of every kind, in an account that restricts keys."""
    every = (
        Cluster("", "", "vpc-gen2", type="openshift"),
        Cluster("", "", "classic"),
    )
    return tuple(needs_of(every, is_service_id=is_service_id, makes_keys=True))
