"""What breaks if the leaver of a case is removed now: the clusters on their keys."""

from dataclasses import dataclass
from typing import Final

from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Cluster,
    Outcome,
)

_THEIRS: Final = (None, Outcome.PLANNED, Outcome.FAILED)
# Of these the report says when the person may be removed.
_WELL: Final = (CaseResult.CLEAN, CaseResult.SAFE)


@dataclass(frozen=True, slots=True)
class Blast:
    """What hangs on the leaver still.

    Attributes:
        clusters: Those that run on a key of theirs.
        targets: In how many targets that is.
        unseen: In how many nobody could see whose the key is.
        is_over: Whether they were removed already, so that it is broken by now.
        may_change: Whether the service has not looked at everything yet.
    """

    clusters: tuple[Cluster, ...]
    targets: int
    unseen: int
    is_over: bool
    may_change: bool


def blast_of(case: Case) -> Blast | None:
    """Return what would break; None where nobody leaves, or that is over."""
    is_past = case.status is CaseStatus.CANCELLED or case.result in _WELL
    if case.kind is CaseKind.ADOPTION or is_past:
        return None
    theirs = [one for one in case.targets if _is_theirs(one)]
    return Blast(
        clusters=tuple(each for one in theirs for each in one.target.clusters),
        targets=len(theirs),
        unseen=sum(one.outcome is Outcome.UNREAD for one in case.targets),
        is_over=case.has_dead_keys,
        may_change=case.plan is None,
    )


def _is_theirs(one: CaseTarget) -> bool:
    return one.owner_before is not None and one.outcome in _THEIRS
