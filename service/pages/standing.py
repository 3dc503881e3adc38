"""How each case stands, in the few words that a list and the head of a page have."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.context import here
from workers.offboarding.model import Case, CaseResult, CaseStatus, Outcome, ReportKind
from workers.offboarding.report import Line, Report, report_of
from workers.offboarding.report.phrases import named_case
from workers.offboarding.words import counted

_KINDS: Final = {
    CaseStatus.SETTLED: ReportKind.FINAL,
    CaseStatus.WAITING: ReportKind.HELD,
    CaseStatus.CANCELLED: ReportKind.CANCELLED,
}
# The word for a state, and how much it asks of its reader: the style goes by that.
_STATES: Final = {
    CaseStatus.SCHEDULED: ("Scheduled", "calm"),
    CaseStatus.OPEN: ("Under way", "busy"),
    CaseStatus.WAITING: ("Waiting", "held"),
    CaseStatus.CANCELLED: ("Cancelled", "calm"),
}
_ENDS: Final = {
    CaseResult.CLEAN: ("Nothing to do", "good"),
    CaseResult.SAFE: ("Safe", "good"),
    CaseResult.ATTENTION: ("Attention needed", "bad"),
    CaseResult.PLANNED: ("Plan", "calm"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a word; ``tone`` is good, bad, held, busy or calm."""

    word: str
    tone: str


def badge_of(case: Case) -> Badge:
    """Return how *case* stands in a word."""
    if case.status is CaseStatus.SETTLED:
        return Badge(*_ENDS[case.result or CaseResult.ATTENTION])
    return Badge(*_STATES[case.status])


def report_on(case: Case) -> Report | None:
    """Put *case* into the words of its report; None where none is due yet."""
    kind = _KINDS.get(case.status)
    if kind is None:
        return None
    settings = here().settings
    settle = timedelta(minutes=settings.settle_minutes)
    return report_of(case, kind, now=here().clock(), settle=settle)


def headline_of(case: Case, report: Report | None, now: datetime) -> Line:
    """Say in one sentence how *case* stands, beside its badge."""
    if report is not None:
        # The badge beside it has the verdict, where that is one word of state.
        is_said = report.verdict == badge_of(case).word
        return _begun(
            report.headline if is_said else (f"{report.verdict}: ", *report.headline)
        )
    if case.status is CaseStatus.SCHEDULED:
        return *named_case(case), f". Work starts {_start(case, now)}."
    done = sum(one.outcome is not None for one in case.targets)
    total = len(case.targets)
    so_far = f"{done} of {counted(total, 'target')} done" if total else "looking"
    return *named_case(case), f". Under way: {so_far}."


def _begun(line: Line) -> Line:
    """Begin a line as a sentence begins, unless a name does."""
    first, *rest = line
    return (first[:1].upper() + first[1:], *rest) if isinstance(first, str) else line


def left_of(case: Case) -> int:
    """Count the targets that ended without being safe."""
    bad = (Outcome.FAILED, Outcome.UNREAD, Outcome.CHANGED_HANDS)
    return sum(one.outcome in bad for one in case.targets)


def _start(case: Case, now: datetime) -> str:
    lead = timedelta(hours=here().settings.lead_time_hours)
    begins = case.effective_at - lead
    if begins <= now:
        return "now"
    day = f"{case.effective_at:%Y-%m-%d}"
    return f"{begins:%Y-%m-%d %H:%M} UTC, for the day they leave ({day})"
