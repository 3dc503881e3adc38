"""What people read of a case, the same facts for every channel, already in words.

Knows no channel: a line is a row of pieces, ours as text and foreign ones as ``Name``,
so that each channel can mark off and defuse what came from outside. One file a part of
the report; what several of them ask of a case is in ``facts.py``.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.model import Case, ReportKind
from workers.offboarding.report.asked import asked_of
from workers.offboarding.report.clocks import clocks_of
from workers.offboarding.report.found import found_of, unseen_of
from workers.offboarding.report.phrases import named_case
from workers.offboarding.report.progress import (
    breaks_of,
    counts_so_far,
    failures_of,
    progress_of,
    to_mend,
)
from workers.offboarding.report.room import Here, room_report_of
from workers.offboarding.report.subject import subject_of
from workers.offboarding.report.targets import targets_of
from workers.offboarding.report.to_do import to_do_of
from workers.offboarding.report.value import (
    Item,
    Keep,
    Line,
    Name,
    Report,
    Section,
    Severity,
)
from workers.offboarding.report.verdict import severity_of, verdict_of
from workers.offboarding.words import counted

__all__ = [
    "Here",
    "Item",
    "Keep",
    "Line",
    "Name",
    "Report",
    "Section",
    "Severity",
    "failures_report",
    "report_of",
]


def report_of(
    case: Case,
    kind: ReportKind,
    *,
    now: datetime,
    settle: timedelta,
    evidence_key: str | None = None,
    approvers: Approvers = ANYBODY,
    here: Here | None = None,
) -> Report:
    """Put a case into words.

    Args:
        case: The case as it is now; its result counts for a final report only.
        kind: What is told: how far it is, the end, a hold, a cancellation.
        now: Aware UTC; decides whether the settling time is over.
        settle: How long clusters may take to pick a new key up.
        evidence_key: The fingerprint of the key that signs the case's evidence: whoever
            verifies it compares that with what a report of its time says.
        approvers: Who decides about accounts that have approvers of their own.
        here: The account whose room is told; None: the service's own channels.
    """
    if here is not None:
        return room_report_of(case, kind, here, approvers)
    if kind is ReportKind.STARTED:
        return _so_far(case)
    verdict, headline = verdict_of(case, kind)
    return Report(
        case_id=case.id,
        kind=kind,
        severity=severity_of(case, kind),
        verdict=verdict,
        headline=headline,
        subject=subject_of(case, kind),
        unseen=tuple(unseen_of(case)),
        to_do=tuple(to_do_of(case, kind, approvers)),
        targets=tuple(targets_of(case)),
        clocks=tuple(clocks_of(case, kind, now, settle)),
        asked=tuple(asked_of(case)),
        found=tuple(found_of(case)),
        evidence_key=evidence_key,
    )


def _so_far(case: Case) -> Report:
    """Tell of a case under way: short, since it is read again and again."""
    kind = ReportKind.STARTED
    verdict, headline = verdict_of(case, kind)
    return Report(
        case_id=case.id,
        kind=kind,
        severity=severity_of(case, kind),
        verdict=verdict,
        headline=headline,
        subject=subject_of(case, kind),
        progress=tuple(progress_of(case)),
        failed=tuple(failures_of(case)),
        breaks=tuple(breaks_of(case)),
        asked=tuple(asked_of(case)),
    )


def failures_report(case: Case, target_ids: Collection[str]) -> Report:
    """Tell of targets that ended badly while others are under way."""
    kind = ReportKind.STARTED
    targets = counted(len(target_ids), "target")
    return Report(
        case_id=case.id,
        kind=kind,
        severity=Severity.ATTENTION,
        verdict="Went wrong",
        headline=(
            f"{targets} just now. ",
            *named_case(case),
            f". So far {counts_so_far(case)}.",
        ),
        subject=subject_of(case, kind),
        to_do=tuple(to_mend(case, target_ids)),
    )
