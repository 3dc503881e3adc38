"""Many cases that are held, or end badly, for the same reason at once: a crowd.

The first few are told one by one; of the others one message tells, by name and with
their number, so that the channel can still be read when it matters most.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from workers.offboarding.model import (
    Case,
    CaseResult,
    ReportKind,
    ReportLine,
    ReportState,
)

# Of one reason so many reports are told one by one within this time.
FEW: Final = 5
WITHIN: Final = timedelta(minutes=10)
# From the first that is not on, until it is told with those that came meanwhile; and
# between two such messages of one reason.
GATHERED: Final = timedelta(seconds=20)
APART: Final = timedelta(minutes=5)


def crowd_of(case: Case | None, lines: Iterable[ReportLine]) -> str | None:
    """Name what a case's new report has in common with others; None: nothing.

    Only what asks a person for something is told so: that a case is held, or ended
    with attention. All reasons count, since they are what the reader acts on.
    """
    fresh = told_by_crowd(lines)
    if case is None or not fresh:
        return None
    kind = fresh[0].kind
    reasons: set[str] = set()
    if kind is ReportKind.HELD and case.plan is not None:
        reasons = {note.reason for note in case.plan.refused}
    elif kind is ReportKind.FINAL and case.result is CaseResult.ATTENTION:
        reasons = {one.reason for one in case.targets if one.reason and not one.is_safe}
        reasons |= {note.reason for note in case.warnings}
    return f"{kind}:{'+'.join(sorted(reasons))}" if reasons else None


def told_by_crowd(lines: Iterable[ReportLine]) -> list[ReportLine]:
    """Return the lines that a crowd's message may tell of: new ones, and no roots.

    It goes to the service's own channels: a room is told of each case by itself, since
    that message names people of every account.
    """
    return [
        line
        for line in lines
        if _is_fresh(line) and line.kind is not ReportKind.STARTED and not line.room
    ]


def reasons_of(crowd: str) -> tuple[ReportKind, tuple[str, ...]]:
    """Take a crowd's name apart: the kind of its reports, and their reasons."""
    kind, _, reasons = crowd.partition(":")
    return ReportKind(kind), tuple(reasons.split("+"))


def _is_fresh(line: ReportLine) -> bool:
    is_new = line.state is ReportState.PENDING and not line.tries and line.at is None
    return is_new and line.is_told_alone
