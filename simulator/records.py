"""The things an account holds, as frozen values.

Knows nothing of HTTP; how a record looks on the wire is in ``answers``.
"""

from dataclasses import dataclass
from typing import Literal

Provider = Literal["vpc-gen2", "classic", "satellite"]

CLUSTER_KEY_NAME = "containers-kubernetes-key"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person or a service ID.

    ``is_member`` turns false when the person is removed; the record stays, since a
    cluster API key may go on naming them. Only a service ID can be locked.
    """

    iam_id: str
    name: str
    email: str
    user_id: str
    state: str
    is_service: bool
    added_at: float
    is_member: bool = True
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group; exactly one of an account is its default."""

    group_id: str
    name: str
    default: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster; ``type`` is ``kubernetes`` or ``openshift``.

    ``creator_email`` is who ordered it, which is not the owner of the cluster API key.
    ``is_hidden`` keeps it out of every cluster list and nothing else.
    """

    cluster_id: str
    name: str
    region: str
    group_id: str
    provider: Provider
    state: str
    type: str
    addons: tuple[str, ...]
    workers: int
    created_at: float
    creator_email: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An IAM API key. The raw key is kept apart and never shown.

    ``target`` is what a cluster API key was made for: a region's present name and a
    resource group id. ``version`` grows with each change, ``modified_at`` is when the
    last one was.
    """

    key_id: str
    iam_id: str
    name: str
    description: str
    created_at: float
    target: tuple[str, str] | None = None
    is_locked: bool = False
    is_disabled: bool = False
    version: int = 1
    modified_at: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """How often a key was used for a token, and when last; None where it never was."""

    count: int = 0
    last_at: float | None = None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One entry of a target's history: whose key was stored, and from when it shows.

    ``visible_at`` is epoch seconds; before it, readers see the entry before this one.
    """

    iam_id: str
    key_id: str
    visible_at: float


@dataclass(frozen=True, slots=True)
class Steward:
    """An identity the service is given the key of, as a functional ID.

    ``regions`` and ``group_ids`` are what it may own; empty means everything.
    """

    iam_id: str
    name: str
    regions: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role the account made up: what it allows on one service."""

    crn: str
    name: str
    service_name: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh of a cluster's master: whose, and when in epoch seconds."""

    cluster_id: str
    iam_id: str
    at: float
