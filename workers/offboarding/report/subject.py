"""One line for a mail's subject, failures first."""

from workers.offboarding.model import Case, CaseResult, Outcome, ReportKind
from workers.offboarding.report.counts import (
    accepted_of,
    bad_of,
    counts_of,
    ended_badly,
    is_about_nobody,
)
from workers.offboarding.report.facts import count_of, is_adoption, is_unknown
from workers.offboarding.report.holds import is_urgent
from workers.offboarding.report.phrases import about
from workers.offboarding.report.value import Line
from workers.offboarding.report.verdict import first_words


def subject_of(case: Case, kind: ReportKind) -> Line:
    """Return one line for a mail's subject, failures first."""
    dry = ["dry run"] if case.dry_run else []
    parts = [*dry, *_subject(case, kind)]
    return f"[offboard] {', '.join(parts)}: ", *about(case)


def _subject(case: Case, kind: ReportKind) -> list[str]:
    adoption = ["adoption"] if is_adoption(case) else []
    if kind is not ReportKind.FINAL:
        return [*_before_the_end(case, kind), *adoption]
    verdict = first_words(case, kind).lower()
    match case.result:
        case CaseResult.SAFE | CaseResult.CLEAN:
            return [*accepted_of(case), verdict]
        case CaseResult.PLANNED:
            done = "taken over" if is_adoption(case) else "reset"
            would = f"{count_of(case, Outcome.PLANNED)} would be {done}"
            known = ["unknown to the account"] * is_unknown(case)
            counts = [*bad_of(case), *accepted_of(case), would, *known]
            return known if is_about_nobody(case) else counts
        case CaseResult.ATTENTION | None:
            return ["ATTENTION", counts_of(case), *adoption]


def _before_the_end(case: Case, kind: ReportKind) -> list[str]:
    verdict = first_words(case, kind).lower()
    if kind is not ReportKind.HELD:
        return [verdict]
    return [*ended_badly(case), *["URGENT"] * is_urgent(case), verdict]
