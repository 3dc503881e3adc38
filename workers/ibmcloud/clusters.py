"""The clusters of an account, grouped to targets, and what could not be listed.

There is no list of all clusters: three providers have one each, without pages.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from workers.ibmcloud.abreast import begun
from workers.ibmcloud.addons import addon_names
from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import ReadingClient
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.regions import todays_name
from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import Cluster, Note, ResourceGroup, Target

_GONE: Final = frozenset({"deleted", "deleting"})
# They become headers and parts of paths.
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z", re.ASCII)
_PLAIN: Final = Regexp(_SAFE)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _List:
    path: str
    provider: str
    title: str

    @property
    def doing(self) -> str:
        return f"Reading the {self.title} cluster list"


_LISTS: Final = (
    _List("/v2/vpc/getClusters", "vpc-gen2", "VPC"),
    _List("/v2/classic/getClusters", "classic", "classic"),
    _List("/v2/satellite/getClusters", "satellite", "Satellite"),
)


class _Item(Lenient):
    id = fields.String(required=True, validate=_PLAIN)
    region = fields.String(required=True, validate=_PLAIN)
    resourceGroup = fields.String(required=True, validate=_PLAIN)
    resourceGroupName = fields.Raw(load_default=None, allow_none=True)
    name = fields.Raw(load_default=None, allow_none=True)
    provider = fields.Raw(load_default=None, allow_none=True)
    state = fields.Raw(load_default=None, allow_none=True)
    addons = fields.Raw(load_default=None, allow_none=True)
    type = fields.Raw(load_default=None, allow_none=True)


# Made once: that takes several times as long as reading an entry with it.
_ITEM: Final = _Item()
_REQUIRED: Final = ("id", "region", "resourceGroup")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cluster and where its key is kept; ``group_name`` as the cluster says it."""

    region: str
    group_id: str
    group_name: str | None
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class Listed:
    """What the three lists showed.

    Attributes:
        targets: Sorted by region and group id, their clusters by id.
        cluster_ids: Every cluster shown, those included that could not be placed.
        unseen: A note for each list that failed or has entries that cannot be used.
        is_whole: Whether all lists were read; else ``may_recover`` tells whether
            reading again may help.
    """

    targets: tuple[Target, ...]
    cluster_ids: frozenset[str]
    unseen: tuple[Note, ...] = ()
    is_whole: bool = True
    may_recover: bool = False


def list_clusters(
    client: ReadingClient,
    account_id: str,
    group_names: Callable[[], Mapping[str, str]],
) -> Listed:
    """Read the three cluster lists at once, and note each that is not whole.

    A cluster's region is its ``region``, never its location: a classic cluster may be
    managed from another region than that of its data centre.

    Args:
        client: Reads the Kubernetes Service.
        account_id: The account.
        group_names: Gives the resource groups' names, when the lists are here.

    Source: Kubernetes Service API, GET /v2/{vpc,classic,satellite}/getClusters.
    """
    placed: list[_Placed] = []
    shown: set[str] = set()
    unseen: list[Note] = []
    failed: list[OffboardingError] = []
    asked = [begun(partial(_read, client, account_id, one)) for one in _LISTS]
    for one, answer in zip(_LISTS, asked, strict=True):
        try:
            items = answer.result()
        except (TransientError, PermanentError) as error:
            _log.warning("clusters.unreadable", list=one.title, reason=error.reason)
            unseen.append(Note(Reason.LIST_UNREADABLE, str(error)))
            failed.append(error)
            continue
        found, notes = _placeable(items, one)
        placed += found
        unseen += notes
        shown |= {item["id"] for item in items if _has_id(item)}
    return Listed(
        _grouped(account_id, placed, group_names()),
        frozenset(shown),
        tuple(unseen),
        is_whole=not failed,
        may_recover=any(isinstance(error, TransientError) for error in failed),
    )


def _read(client: ReadingClient, account_id: str, one: _List) -> list[Any]:
    headers = {"X-Auth-Resource-Account": account_id}
    answer = client.get(one.path, doing=one.doing, headers=headers)
    if not isinstance(answer, list):
        raise odd_answer(one.doing, "the answer is no list")
    return answer


def _placeable(items: list[Any], one: _List) -> tuple[list[_Placed], list[Note]]:
    placed: list[_Placed] = []
    lacking: list[str] = []
    for item in items:
        try:
            placed.append(_placed(_as_read(item), one))
        except ValidationError as error:
            lacking.append(_which(item, error))
    if not lacking:
        return placed, []
    text = f"{one.doing}: {len(lacking)} of {len(items)} entries cannot be used: "
    return placed, [Note(Reason.LIST_UNREADABLE, text + "; ".join(lacking))]


def _as_read(item: object) -> Mapping[str, Any]:
    """Read an entry, as the schema would where it is in order; ValidationError."""
    if isinstance(item, dict) and all(_is_safe(item.get(one)) for one in _REQUIRED):
        return item
    found: dict[str, Any] = _ITEM.load(item)  # type: ignore[arg-type]  # whatever came; load checks
    return found


def _is_safe(value: object) -> bool:
    return isinstance(value, str) and _SAFE.match(value) is not None


def _has_id(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _which(item: object, error: ValidationError) -> str:
    """Name an entry and its faulty fields, without repeating what it holds."""
    given = item.get("id") if isinstance(item, dict) else None
    is_plain = isinstance(given, str) and re.fullmatch(r"[\w.-]{1,64}", given)
    who = f"cluster {given}" if is_plain else "one without id"
    said = error.messages
    faulty = ", ".join(sorted(said)) if isinstance(said, dict) else ""
    named = faulty.replace("resourceGroup", "resource group")
    return f"{who} (no {named})" if isinstance(item, dict) else "one that is no object"


def _placed(item: Mapping[str, Any], one: _List) -> _Placed:
    state = text_of(item.get("state")) or ""
    return _Placed(
        region=todays_name(item["region"]),
        group_id=item["resourceGroup"],
        group_name=text_of(item.get("resourceGroupName")),
        cluster=Cluster(
            id=item["id"],
            name=text_of(item.get("name")) or item["id"],
            provider=text_of(item.get("provider")) or one.provider,
            readable=state.lower() not in _GONE,
            addons=addon_names(item.get("addons")),
            type=(text_of(item.get("type")) or "").lower(),
        ),
    )


def _grouped(
    account_id: str, placed: Iterable[_Placed], names: Mapping[str, str]
) -> tuple[Target, ...]:
    by_target: dict[tuple[str, str], dict[str, _Placed]] = defaultdict(dict)
    for one in placed:
        # The first list that has a cluster names it; a second adds nothing.
        by_target[one.region, one.group_id].setdefault(one.cluster.id, one)
    return tuple(
        Target(
            account_id,
            region,
            ResourceGroup(group_id, _name(group_id, here.values(), names)),
            tuple(here[cluster_id].cluster for cluster_id in sorted(here)),
        )
        for (region, group_id), here in sorted(by_target.items())
    )


def _name(group_id: str, here: Iterable[_Placed], names: Mapping[str, str]) -> str:
    said = (one.group_name for one in here if one.group_name)
    return names.get(group_id) or next(said, group_id)
