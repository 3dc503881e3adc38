"""The targets of an exposure or a gate on a screen: whose they are, and since when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from service.commands.answers import Owner
from service.commands.notes import why_of
from service.commands.screen import Screen
from service.commands.seen_answers import ShownHolding
from service.commands.table import Column
from service.commands.targets import cluster_names, group_name, owner_name
from workers.offboarding.exposure import ReadingKind
from workers.offboarding.model import OwnerKind
from workers.offboarding.words import counted

_COLUMNS: Final = (
    Column("Region"),
    Column("Resource group"),
    Column("Owner"),
    Column("Kind", spare=2),
    Column("Clusters"),
    Column("Last seen", spare=1),
)
_KINDS: Final[dict[str, str]] = {
    OwnerKind.PERSON: "person",
    OwnerKind.FUNCTIONAL_ID: "functional ID",
    OwnerKind.SERVICE_ID: "service ID",
    OwnerKind.UNKNOWN: "unknown",
}


def show_holdings(
    screen: Screen,
    holdings: Sequence[ShownHolding],
    names: Mapping[str, str] | None = None,
) -> None:
    """Write a table of targets, those whose owner was not seen first.

    Args:
        screen: Where to.
        holdings: The targets.
        names: What accounts are called, by id; one without a name is shown by its id.
    """
    called = names or {}
    if not holdings:
        return
    screen.title("Targets")
    ordered = sorted(holdings, key=lambda one: not one.is_unread)
    if len({one.account_id for one in holdings}) > 1:
        rows = [
            (called.get(one.account_id, one.account_id), *_row(one)) for one in ordered
        ]
        screen.table((Column("Account"), *_COLUMNS), rows)
    else:
        screen.table(_COLUMNS, [_row(one) for one in ordered])


def unread_of(holdings: Sequence[ShownHolding]) -> list[str]:
    """Say why targets could not be read, one sentence a reason, the most first."""
    reasons = Counter(one.reason for one in holdings if one.is_unread)
    return [
        f"{counted(many, 'target')}: {why_of(reason)}"
        for reason, many in reasons.most_common()
    ]


def person_name(owner: Owner) -> str:
    """Name a person, and say so in words where nobody could."""
    if owner.name or owner.email:
        return owner_name(owner)
    return f"{owner.id}, whom nobody could name"


def _row(one: ShownHolding) -> tuple[str, ...]:
    return (
        one.region,
        group_name(one.resource_group),
        _owner(one),
        _kind(one),
        cluster_names(one.clusters) or "none",
        _last_seen(one),
    )


def _owner(one: ShownHolding) -> str:
    if one.reading == ReadingKind.NONE:
        return "no key"
    if one.is_unread:
        before = f"; before: {owner_name(one.owner)}" if one.owner else ""
        return f"not seen ({one.reason or 'no reason given'}){before}"
    return person_name(one.owner) if one.owner else "not named"


def _kind(one: ShownHolding) -> str:
    if one.reading != ReadingKind.OWNER or one.owner is None:
        return ""
    return _KINDS.get(one.owner.kind, one.owner.kind)


def _last_seen(one: ShownHolding) -> str:
    if one.checked_at is None:
        return "never"
    return f"tried {one.checked_at}" if one.is_unread else one.checked_at
