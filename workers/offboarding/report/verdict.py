"""How a case stands, in the first words of a report: verdict and severity."""

from typing import assert_never

from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Outcome,
    ReportKind,
)
from workers.offboarding.report.counts import (
    accepted_of,
    bad_of,
    counts_of,
    is_about_nobody,
)
from workers.offboarding.report.facts import (
    blind_spots,
    count_of,
    is_adoption,
    is_disarmed,
    is_unknown,
)
from workers.offboarding.report.holds import held_of, why
from workers.offboarding.report.phrases import (
    about,
    named,
    named_case,
    short_name,
    whence,
)
from workers.offboarding.report.progress import counts_so_far
from workers.offboarding.report.value import Line, Severity
from workers.offboarding.words import counted


def verdict_of(case: Case, kind: ReportKind) -> tuple[str, Line]:
    """Return the verdict and the headline; a dry run says first that it was one."""
    verdict, headline = _verdict(case, kind)
    if not case.dry_run:
        return verdict, headline
    why = "the service is not armed" if is_disarmed(case) else "as asked for"
    prefix = "" if case.result is CaseResult.PLANNED else f"{verdict.lower()}: "
    return f"Dry run, nothing was changed ({why})", (prefix, *headline)


def first_words(case: Case, kind: ReportKind) -> str:
    """Return the verdict as it would be of an armed case."""
    return _verdict(case, kind)[0]


def _verdict(case: Case, kind: ReportKind) -> tuple[str, Line]:
    match kind:
        case ReportKind.STARTED:
            return _so_far(case)
        case ReportKind.HELD:
            return "Still waiting" if case.reminded else "Waiting", held_of(case)
        case ReportKind.CANCELLED:
            return "Cancelled", _cancelled(case)
        case ReportKind.FINAL | ReportKind.DIGEST:
            return _ended(case)
        case _:
            assert_never(kind)


def _so_far(case: Case) -> tuple[str, Line]:
    match case.status:
        case CaseStatus.SETTLED:
            return _ended(case)
        case CaseStatus.CANCELLED:
            return "Cancelled", _cancelled(case)
        case CaseStatus.WAITING:
            return "Waiting", held_of(case)
        case CaseStatus.OPEN | CaseStatus.SCHEDULED:
            leaves = "" if is_adoption(case) else " leaves"
            who = named_case(case) if is_adoption(case) else about(case)
            return "Under way", (*who, f"{leaves}. {counts_so_far(case)}.")


def _ended(case: Case) -> tuple[str, Line]:
    match case.result:
        case CaseResult.SAFE:
            done = "Adopted" if is_adoption(case) else "Safe"
            part = "" if case.scope is None else " in the part asked for"
            return f"{done}{part}{_where_seen(case)}", _all_read_back(case)
        case CaseResult.CLEAN if is_unknown(case):
            return "Nothing found", (*about(case), _unknown(case))
        case CaseResult.CLEAN:
            to_do = "take over" if is_adoption(case) else "do"
            return f"Nothing to {to_do}{_where_seen(case)}", _owns_nothing(case)
        case CaseResult.PLANNED:
            return "Plan", _would(case)
        case CaseResult.ATTENTION | None:
            return "Attention needed", (counts_of(case), ". ", *named_case(case), ".")


def _where_seen(case: Case) -> str:
    return ", where it was seen" if blind_spots(case) else ""


def _within(case: Case) -> str:
    return "" if case.scope is None else " in the part of the account asked for"


def _all_read_back(case: Case) -> Line:
    keys = sum(one.is_safe for one in case.targets)
    seen = " that were seen" if blind_spots(case) else ""
    if keys == 1:
        the_key = "the only cluster API key of " if not seen else "the one key seen of "
        return (
            the_key,
            *_owners(case),
            " is a functional ID's, read back.",
            _unseen(case),
        )
    return (
        f"all {keys} cluster API keys of ",
        *_owners(case),
        f"{seen} are a functional ID's, each read back.",
        _unseen(case),
    )


def _owners(case: Case) -> Line:
    adoption = case.adoption
    if adoption is not None and not adoption.has_from:
        return "people in ", *about(case)
    return about(case)


def _owns_nothing(case: Case) -> Line:
    adoption = case.adoption
    seen = " that was seen" if blind_spots(case) else ""
    rest = f"cluster API key{seen}{_within(case)}.", _unseen(case)
    if adoption is not None and not adoption.has_from:
        return "no person in ", *about(case), " owns a ", *rest
    return *about(case), " owns no ", *rest


def _unseen(case: Case) -> str:
    many = blind_spots(case)
    if not many:
        return ""
    was = "was" if many == 1 else "were"
    return f" {counted(many, 'place')} {was} not seen, which an approver accepted."


def _would(case: Case) -> Line:
    if is_about_nobody(case):
        return *about(case), _unknown(case)
    planned = count_of(case, Outcome.PLANNED)
    done = "taken over" if is_adoption(case) else "reset"
    keys = counted(planned, "cluster API key")
    counts = ", ".join([*bad_of(case), *accepted_of(case), f"{keys} would be {done}"])
    known = ", unknown to the account" if is_unknown(case) else ""
    held = why(case) if case.plan and case.plan.refused else ""
    waits = f" An armed run would wait: {held}." if held else ""
    return counts, ". ", *named_case(case), f"{known}.{waits}"


def _unknown(case: Case) -> str:
    return f" is unknown to the account, and owns no cluster API key{_within(case)}."


def _cancelled(case: Case) -> Line:
    if case.joined_to:
        joined = named(case.joined_to)
        goes_on = " has another open case, and this goes on there: "
        return short_name(case.leaver), goes_on, joined, "."
    what = whence(case) if is_adoption(case) else (" for ", *about(case))
    return "nothing was changed", *what, "."


def severity_of(case: Case, kind: ReportKind) -> Severity:
    """Judge how much the report asks of its reader."""
    match kind:
        case ReportKind.STARTED:
            return _severity_so_far(case)
        case ReportKind.HELD:
            return Severity.HELD
        case ReportKind.CANCELLED:
            return Severity.NEUTRAL
        case ReportKind.FINAL | ReportKind.DIGEST:
            return _severity_at_the_end(case)
        case _:
            assert_never(kind)


def _severity_at_the_end(case: Case) -> Severity:
    match case.result:
        case CaseResult.SAFE:
            return Severity.NEUTRAL if blind_spots(case) else Severity.GOOD
        case CaseResult.CLEAN:
            is_sure = not is_unknown(case) and not blind_spots(case)
            return Severity.GOOD if is_sure else Severity.NEUTRAL
        case CaseResult.PLANNED:
            is_refused = case.plan is not None and bool(case.plan.refused)
            asks = bool(bad_of(case)) or is_refused
            return Severity.ATTENTION if asks else Severity.NEUTRAL
        case CaseResult.ATTENTION | None:
            return Severity.ATTENTION


def _severity_so_far(case: Case) -> Severity:
    match case.status:
        case CaseStatus.SETTLED:
            return _severity_at_the_end(case)
        case CaseStatus.CANCELLED:
            return Severity.NEUTRAL
        case CaseStatus.WAITING:
            return Severity.HELD
        case CaseStatus.OPEN | CaseStatus.SCHEDULED:
            return Severity.UNDER_WAY
