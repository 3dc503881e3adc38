"""How a case stands, in the first words of a report: verdict, severity, subject."""

from typing import Final, assert_never

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseResult, Outcome, ReportKind
from workers.offboarding.report.facts import (
    count_of,
    has_credential,
    hold_reasons,
    is_blind,
    is_disarmed,
    is_unknown,
    is_unmatched,
    is_untouched,
)
from workers.offboarding.report.phrases import named, short_name
from workers.offboarding.report.value import Line, Name, Severity
from workers.offboarding.words import counted

_COUNTED: Final = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
    None: "not done yet",
}


def verdict_of(case: Case, kind: ReportKind) -> tuple[str, Line]:
    """Return the verdict and the headline; a dry run says first that it was one."""
    verdict, headline = _verdict(case, kind)
    if not case.dry_run:
        return verdict, headline
    why = "the service is not armed" if is_disarmed(case) else "as asked for"
    prefix = "" if case.result is CaseResult.PLANNED else f"{verdict.lower()}: "
    return f"Dry run, nothing was changed ({why})", (prefix, *headline)


def _verdict(case: Case, kind: ReportKind) -> tuple[str, Line]:
    match kind:
        case ReportKind.HELD:
            return "Waiting", _held(case)
        case ReportKind.CANCELLED:
            return "Cancelled", _cancelled(case)
        case ReportKind.FINAL:
            return _ended(case)
        case _:
            assert_never(kind)


def _ended(case: Case) -> tuple[str, Line]:
    who = short_name(case.leaver)
    within = "" if case.scope is None else " in the part of the account asked for"
    match case.result:
        case CaseResult.SAFE:
            verdict = "Safe" if case.scope is None else "Safe in the part asked for"
            return verdict, _all_read_back(case, who)
        case CaseResult.CLEAN if is_unknown(case):
            return "Nothing found", (who, _unknown(case))
        case CaseResult.CLEAN:
            return "Nothing to do", (who, f" owns no cluster API key{within}.")
        case CaseResult.PLANNED:
            return "Plan", _would(case, who)
        case CaseResult.ATTENTION | None:
            return "Attention needed", (_counts(case), ". Leaver: ", who, ".")


def _all_read_back(case: Case, who: Name) -> Line:
    if len(case.targets) == 1:
        return "the only cluster API key of ", who, " is a functional ID's, read back."
    return (
        f"all {len(case.targets)} cluster API keys of ",
        who,
        " are a functional ID's, each read back.",
    )


def _would(case: Case, who: Name) -> Line:
    if _is_about_nobody(case):
        return who, _unknown(case)
    planned = count_of(case, Outcome.PLANNED)
    keys = counted(planned, "cluster API key")
    counts = ", ".join([*_bad(case), f"{keys} would be reset"])
    known = ", unknown to the account" if is_unknown(case) else ""
    waits = " An armed run would wait." if case.plan and case.plan.refused else ""
    return counts, ". Leaver: ", who, f"{known}.{waits}"


def _is_about_nobody(case: Case) -> bool:
    return is_unknown(case) and not case.targets and not _bad(case)


def _unknown(case: Case) -> str:
    within = "" if case.scope is None else " in the part of the account asked for"
    return f" is unknown to the account, and owns no cluster API key{within}."


def _counts(case: Case) -> str:
    parts = _bad(case)
    done = sum(one.is_safe for one in case.targets)
    return ", ".join([*parts, f"{done} done"] if done else parts) or "see below"


def _bad(case: Case) -> list[str]:
    counts = ((count_of(case, outcome), word) for outcome, word in _COUNTED.items())
    unmatched = ["the part asked for names what was not seen"] * is_unmatched(case)
    blind = ["not everything could be listed"] * is_blind(case)
    in_force = ["a classic credential of the leaver is in force"]
    counted = [f"{count} {word}" for count, word in counts if count]
    return unmatched + counted + blind + in_force * has_credential(case)


def _held(case: Case) -> Line:
    who = short_name(case.leaver)
    reasons = hold_reasons(case)
    done = sum(one.is_safe for one in case.targets)
    so_far = f"{done} of {len(case.targets)} done so far."
    state = "Nothing was changed." if is_untouched(case) else so_far
    if Reason.PROTECTED_USER in reasons:
        return who, f" is protected, so nobody may offboard them. {state}"
    if Reason.AMBIGUOUS_PERSON in reasons:
        return "more than one person fits ", who, f". {state}"
    if Reason.PAUSED in reasons:
        return "resets are paused. Leaver: ", who, f". {state}"
    return "a person has to decide about ", who, f". {state}"


def _cancelled(case: Case) -> Line:
    who = short_name(case.leaver)
    if case.joined_to:
        joined = named(case.joined_to)
        return who, " has another open case, and this goes on there: ", joined, "."
    return "nothing was changed for ", who, "."


def severity_of(case: Case, kind: ReportKind) -> Severity:
    """Judge how much the report asks of its reader."""
    if kind is not ReportKind.FINAL:
        return Severity.HELD if kind is ReportKind.HELD else Severity.NEUTRAL
    match case.result:
        case CaseResult.SAFE:
            return Severity.GOOD
        case CaseResult.CLEAN:
            return Severity.NEUTRAL if is_unknown(case) else Severity.GOOD
        case CaseResult.PLANNED:
            is_refused = case.plan is not None and bool(case.plan.refused)
            asks = bool(_bad(case)) or is_refused
            return Severity.ATTENTION if asks else Severity.NEUTRAL
        case CaseResult.ATTENTION | None:
            return Severity.ATTENTION


def subject_of(case: Case, kind: ReportKind) -> Line:
    """Return one line for a mail's subject, failures first."""
    who = short_name(case.leaver)
    dry = "dry run, " if case.dry_run else ""
    if kind is not ReportKind.FINAL:
        return f"[offboard] {dry}{_verdict(case, kind)[0].lower()}: ", who
    match case.result:
        case CaseResult.SAFE:
            return f"[offboard] {_ended(case)[0].lower()}: ", who
        case CaseResult.CLEAN:
            return "[offboard] nothing to do: ", who
        case CaseResult.PLANNED:
            would = f"{count_of(case, Outcome.PLANNED)} would be reset"
            known = ["unknown to the account"] * is_unknown(case)
            counts = known if _is_about_nobody(case) else [*_bad(case), would, *known]
            return f"[offboard] {dry}{', '.join(counts)}: ", who
        case CaseResult.ATTENTION | None:
            return f"[offboard] {dry}ATTENTION, {_counts(case)}: ", who
