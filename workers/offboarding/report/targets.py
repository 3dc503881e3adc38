"""Each target of a case: how it stands, whose key it was and is, its clusters.

What people have to do about it is in ``to_do.py``.
"""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.advice import cleaned, sentence
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    Outcome,
    OwnerKind,
)
from workers.offboarding.report.phrases import listed, named, where, with_id
from workers.offboarding.report.value import Item, Line

# In the order of a report: what needs somebody comes first.
_OUTCOMES: Final = {
    Outcome.FAILED: "FAILED",
    Outcome.UNREAD: "NOT SEEN",
    Outcome.CHANGED_HANDS: "CHANGED HANDS, left alone",
    None: "not done yet",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "reset, and read back under the functional ID",
    Outcome.ALREADY: "was the functional ID's already, nothing to reset",
}
_ORDER: Final = tuple(_OUTCOMES)
_KINDS: Final = {
    OwnerKind.FUNCTIONAL_ID: ", functional ID",
    OwnerKind.SERVICE_ID: ", service ID",
}
_CLUSTERS_SHOWN: Final = 8


def targets_of(case: Case) -> Iterator[Item]:
    """Tell of each target; failed and unread ones first."""
    for one in sorted_targets(case):
        line = (*where(case, one), f": {_standing(case, one)}")
        yield Item(line, tuple(_details(one)))


def _standing(case: Case, one: CaseTarget) -> str:
    if one.outcome is None and case.status is CaseStatus.WAITING:
        return "held"
    return _OUTCOMES[one.outcome]


def sorted_targets(case: Case) -> list[CaseTarget]:
    """Sort the targets: failed and unread ones first, then by region and group."""
    return sorted(
        case.targets,
        key=lambda one: (
            _ORDER.index(one.outcome),
            one.target.region,
            one.target.resource_group.name,
            one.target.id,
        ),
    )


def _details(one: CaseTarget) -> Iterator[Line]:
    yield "Owner: ", *_owner(one.owner_before, "not seen"), *_owner_now(one)
    yield _clusters(one)
    if one.is_safe:
        return
    if one.reason is not None:
        yield (f"Why: {sentence(one.reason)}",)
    if one.detail:
        yield (f"Detail: {cleaned(one.detail, 300)}",)


def _owner_now(one: CaseTarget) -> Line:
    after, before = one.owner_after, one.owner_before
    match one.outcome:
        case Outcome.FAILED if after and before and after.id == before.id:
            return (" still",)
        case Outcome.PLANNED:
            return " -> would be ", *_owner(one.functional_id, "the functional ID")
        case Outcome.UNREAD | None:
            return ()
        case (
            Outcome.FAILED | Outcome.CHANGED_HANDS | Outcome.ALREADY | Outcome.VERIFIED
        ):
            return " -> ", *_owner(after, "not read back")


def _owner(owner: KeyOwner | None, missing: str) -> Line:
    if owner is None:
        return (missing,)
    kind = _KINDS.get(owner.kind, "")
    if owner.name and owner.email:
        return *with_id(owner.name, owner.email), kind
    return named(owner.name or owner.email or owner.id), kind


def _clusters(one: CaseTarget) -> Line:
    clusters = one.target.clusters
    if not clusters:
        return ("Clusters: none",)
    shown = [with_id(each.name, each.id) for each in clusters[:_CLUSTERS_SHOWN]]
    left = len(clusters) - _CLUSTERS_SHOWN
    more = (f" and {left} more",) if left > 0 else ()
    return "Clusters: ", *listed(shown), *more
