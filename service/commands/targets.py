"""The targets of a case on a screen: where they are, how they stand, whose they are."""

from collections.abc import Sequence
from typing import Final

from service.commands.answers import (
    Cluster,
    Owner,
    ResourceGroup,
    ShownCase,
    ShownTarget,
)
from workers.offboarding.model import CaseStatus, Outcome, OwnerKind

_CLUSTERS_SHOWN: Final = 8
# In the order of a table: what needs somebody comes first.
OUTCOMES: Final[dict[str | None, str]] = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
    None: "under way",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "verified",
    Outcome.ALREADY: "already safe",
}
_ORDER: Final = tuple(OUTCOMES)
_KINDS: Final[dict[str, str]] = {
    OwnerKind.FUNCTIONAL_ID: ", functional ID",
    OwnerKind.SERVICE_ID: ", service ID",
}


def sorted_targets(case: ShownCase) -> list[ShownTarget]:
    """Sort the targets, those that need somebody first."""

    def place(one: ShownTarget) -> tuple[int, str, str, str]:
        known = _ORDER.index(one.outcome) if one.outcome in _ORDER else 0
        return known, one.account_id, one.region, group_name(one.resource_group)

    return sorted(case.targets, key=place)


def where_of(case: ShownCase, target: ShownTarget) -> str:
    """Name a target; with its account only where a case has several."""
    account = f", account {target.account_id}" if has_several_accounts(case) else ""
    return (
        f"{target.region}, resource group {group_name(target.resource_group)}{account}"
    )


def has_several_accounts(case: ShownCase) -> bool:
    """Tell whether the account has to be named."""
    return len({one.account_id for one in case.targets}) > 1


def row_of(case: ShownCase, target: ShownTarget) -> tuple[str, ...]:
    """Return region, group, clusters, owner before, after, outcome, reason."""
    return (
        target.region,
        group_name(target.resource_group),
        cluster_names(target.clusters),
        _owner(target.owner_before, "not seen"),
        _owner(target.owner_after, ""),
        outcome_of(case, target),
        target.reason or "",
    )


def outcome_of(case: ShownCase, target: ShownTarget) -> str:
    """Say how a target of *case* stands."""
    said = OUTCOMES.get(target.outcome, str(target.outcome))
    if target.outcome is not None:
        return said
    if case.status == CaseStatus.WAITING:
        said = "held"
    if case.status == CaseStatus.CANCELLED:
        said = "not touched"
    # After a retry the count is that of all tries: it does not tell that one is out.
    sent = f", resets sent so far: {target.attempts}" if target.attempts else ""
    return said + sent


def group_name(group: ResourceGroup) -> str:
    """Name a resource group."""
    return group.name or group.id


def cluster_names(clusters: Sequence[Cluster]) -> str:
    """Name the first clusters, and say how many more there are."""
    names = [one.name or one.id for one in clusters]
    left = len(names) - _CLUSTERS_SHOWN
    more = [f"and {left} more"] if left > 0 else []
    return ", ".join([*names[:_CLUSTERS_SHOWN], *more])


def owner_name(owner: Owner) -> str:
    """Name an owner; by id where nobody knows more."""
    named = f"{owner.name} ({owner.email})" if owner.name and owner.email else None
    return named or owner.name or owner.email or owner.id


def _owner(owner: Owner | None, missing: str) -> str:
    if owner is None:
        return missing
    return owner_name(owner) + _KINDS.get(owner.kind, "")
