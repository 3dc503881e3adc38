"""What people read of a case, the same facts for every channel, already in words.

Knows no channel: a line is a row of pieces, ours as text and foreign ones as ``Name``,
so that each channel can mark off and defuse what came from outside. One file a part of
the report; what several of them ask of a case is in ``facts.py``.
"""

from datetime import datetime, timedelta

from workers.offboarding.model import Case, ReportKind
from workers.offboarding.report.asked import asked_of
from workers.offboarding.report.clocks import clocks_of
from workers.offboarding.report.found import found_of, unseen_of
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

__all__ = [
    "Item",
    "Keep",
    "Line",
    "Name",
    "Report",
    "Section",
    "Severity",
    "report_of",
]


def report_of(
    case: Case,
    kind: ReportKind,
    *,
    now: datetime,
    settle: timedelta,
    evidence_key: str | None = None,
) -> Report:
    """Put a case into words.

    Args:
        case: The case as it is now; its result counts for a final report only.
        kind: What is told: the end, a hold, a cancellation.
        now: Aware UTC; decides whether the settling time is over.
        settle: How long clusters may take to pick a new key up.
        evidence_key: The fingerprint of the key that signs the case's evidence: whoever
            verifies it compares that with what a report of its time says.
    """
    verdict, headline = verdict_of(case, kind)
    return Report(
        case_id=case.id,
        kind=kind,
        severity=severity_of(case, kind),
        verdict=verdict,
        headline=headline,
        subject=subject_of(case, kind),
        unseen=tuple(unseen_of(case)),
        to_do=tuple(to_do_of(case, kind)),
        targets=tuple(targets_of(case)),
        clocks=tuple(clocks_of(case, kind, now, settle)),
        asked=tuple(asked_of(case)),
        found=tuple(found_of(case)),
        evidence_key=evidence_key,
    )
