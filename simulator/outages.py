"""Which clusters stand still, or soon will, for what became of the key they sit on.

It is the outage the service must prevent, so tests and the demo ask for it. What a
cluster needs its key's owner to have is documented; that it fails
without is inferred, not confirmed against a live account. Knows no route.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.records import ApiKey, Cluster, Identity
from simulator.regions import canonical
from simulator.rights import Rights

Cause = Literal["owner_removed", "key_deleted", "key_disabled", "role_missing"]

REGISTRY = "container-registry"
OBJECT_STORAGE = "cloud-object-storage"
VPC = "is"


@dataclass(frozen=True, slots=True)
class Outage:
    """A cluster that cannot work with its key; ``service`` is where a role is missing.

    ``owner`` is the IAM ID of the key's owner.
    """

    cluster_id: str
    name: str
    region: str
    resource_group: str
    owner: str
    cause: Cause
    service: str = ""


def outage(
    cluster: Cluster, owner: Identity, key: ApiKey | None, rights: Rights
) -> Outage | None:
    """Tell why a cluster cannot work with a key; None where it can.

    ``key`` is None where it was deleted.
    """
    found = _cause(cluster, owner, key, rights)
    if found is None:
        return None
    cause, service = found
    return Outage(
        cluster.cluster_id,
        cluster.name,
        canonical(cluster.region),
        cluster.group_id,
        owner.iam_id,
        cause,
        service,
    )


def _cause(
    cluster: Cluster, owner: Identity, key: ApiKey | None, rights: Rights
) -> tuple[Cause, str] | None:
    if not owner.is_member:
        return "owner_removed", ""
    if key is None:
        return "key_deleted", ""
    if key.is_disabled:
        return "key_disabled", ""
    missing = next(_missing(cluster, rights), None)
    return None if missing is None else ("role_missing", missing)


def _missing(cluster: Cluster, rights: Rights) -> Iterator[str]:
    """Yield the services the owner lacks a role on.

    The registry and object storage are no part of a resource group or region of
    clusters; classic infrastructure knows no IAM roles.
    """
    region, group_id = canonical(cluster.region), cluster.group_id
    if not rights.creates_clusters(region, group_id):
        yield "containers-kubernetes"
    if not rights.administers_at(REGISTRY):
        yield REGISTRY
    is_vpc = cluster.provider == "vpc-gen2"
    if is_vpc and not rights.administers_at(
        VPC, region=region, resourceGroupId=group_id
    ):
        yield VPC
    if cluster.type == "openshift" and not rights.administers_at(OBJECT_STORAGE):
        yield OBJECT_STORAGE
