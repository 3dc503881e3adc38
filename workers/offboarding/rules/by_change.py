"""What a change shows by itself, before it is written: the rules where it is cheap.

The store judges in the same write what only it can: fence, pause, hold, and whether
another reset of the target is out.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from workers.offboarding.errors import OffboardingError
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    ReportKind,
    ReportState,
    Work,
)
from workers.offboarding.ports import Change, Claim, Works
from workers.offboarding.rules.by_case import BY_CASE, BY_TARGET
from workers.offboarding.rules.values import INTENDED, Broken


class RuleBrokenError(OffboardingError):
    """A step was about to write what breaks a rule; nothing of it was written."""

    def __init__(self, broken: tuple[Broken, ...]) -> None:
        super().__init__("; ".join(f"rule {one.rule}: {one.what}" for one in broken))
        self.broken = broken


class GuardedWorks:
    """Works that write nothing that breaks a rule.

    Args:
        works: What writes.
        is_dry: Whether no reset at all may be intended through this.
    """

    def __init__(self, works: Works, *, is_dry: bool = False) -> None:
        self._works = works
        self._is_dry = is_dry

    def record(self, claim: Claim, change: Change) -> None:
        """Judge and write; see the port. RuleBrokenError."""
        self._judge(claim, change)
        self._works.record(claim, change)

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        """Judge and write; see the port. RuleBrokenError."""
        self._judge(claim, change)
        return self._works.finish(claim, change)

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        """Judge and write; see the port. RuleBrokenError."""
        self._judge(claim, change)
        return self._works.again(claim, change, at)

    def own_up(self, case: Case, change: Change) -> None:
        """Write without judging, since it tells of what was done; see the port."""
        self._works.own_up(case, change)

    def _judge(self, claim: Claim, change: Change) -> None:
        broken = broken_in_change(claim.work.case_id, change, is_dry=self._is_dry)
        if broken:
            raise RuleBrokenError(broken)


def broken_in_change(
    case_id: str, change: Change, *, is_dry: bool = False
) -> tuple[Broken, ...]:
    """Find the rules that a change would break."""
    case = change.case
    found = [*_by_target(case_id, change), *_intent(case_id, change, is_dry=is_dry)]
    if case is not None:
        written = {one.target.id: one for one in (*change.targets, *change.untouched)}
        targets = tuple(written.get(one.target.id, one) for one in case.targets)
        case = replace(case, targets=targets)
        found += [each for check in BY_CASE for each in check(case)]
    if _tells_of_the_end(change) and (case is None or not _is_settled(case.status)):
        text = "a final report of a case that is not settled"
        found.append(Broken(5, case_id, None, text))
    return tuple(dict.fromkeys(found))


def _by_target(case_id: str, change: Change) -> Iterator[Broken]:
    for one in change.targets:
        for check in BY_TARGET:
            yield from check(case_id, one)


def _intent(case_id: str, change: Change, *, is_dry: bool) -> Iterator[Broken]:
    """Judge "about to reset": one target, its taker named, and in no dry run."""
    said = [one for one in change.entries if one.what == INTENDED]
    if not change.wrote and not said:
        return
    targets = change.targets
    if is_dry:
        yield Broken(9, case_id, _id_of(targets), "a dry run was about to reset")
    if len(targets) != 1 or len(said) != 1 or not change.wrote:
        text = "about to reset, and not one target with one word in the ledger"
        yield Broken(2, case_id, _id_of(targets), text)
        return
    taker = targets[0].functional_id
    if taker is None or said[0].detail != taker.id or targets[0].intent_at is None:
        text = "about to reset, and not by the functional ID that is planned"
        yield Broken(12, case_id, targets[0].target.id, text)
    if targets[0].owner_before is None:
        text = "about to reset what the plan names no owner of"
        yield Broken(3, case_id, targets[0].target.id, text)


def _id_of(targets: tuple[CaseTarget, ...]) -> str | None:
    return targets[0].target.id if targets else None


def _tells_of_the_end(change: Change) -> bool:
    """Tell whether a final report is handed to the outbox, and not only delivered."""
    fresh = [
        one
        for one in change.reports
        if one.state is ReportState.PENDING and not one.tries and one.at is None
    ]
    # A digest delivers its lines itself, so that no work of the case follows.
    is_digested = any(one.kind is ReportKind.DIGEST for one in fresh)
    is_final = any(one.kind is ReportKind.FINAL for one in fresh)
    return is_digested or (is_final and bool(change.after))


def _is_settled(status: CaseStatus) -> bool:
    return status is CaseStatus.SETTLED
