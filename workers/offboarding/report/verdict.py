"""How a case stands, in the first words of a report: verdict, severity, subject."""

from typing import Final, assert_never

from workers.offboarding.model import Case, CaseResult, Outcome, ReportKind
from workers.offboarding.report.facts import (
    blind_spots,
    count_of,
    has_credential,
    is_adoption,
    is_blind,
    is_disarmed,
    is_unknown,
    is_unmatched,
)
from workers.offboarding.report.holds import held_of, is_urgent, why
from workers.offboarding.report.phrases import (
    about,
    named,
    named_case,
    short_name,
    whence,
)
from workers.offboarding.report.value import Line, Severity
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
            return "Still waiting" if case.reminded else "Waiting", held_of(case)
        case ReportKind.CANCELLED:
            return "Cancelled", _cancelled(case)
        case ReportKind.FINAL:
            return _ended(case)
        case _:
            assert_never(kind)


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
            return "Attention needed", (_counts(case), ". ", *named_case(case), ".")


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
    if _is_about_nobody(case):
        return *about(case), _unknown(case)
    planned = count_of(case, Outcome.PLANNED)
    done = "taken over" if is_adoption(case) else "reset"
    keys = counted(planned, "cluster API key")
    counts = ", ".join([*_bad(case), *_accepted(case), f"{keys} would be {done}"])
    known = ", unknown to the account" if is_unknown(case) else ""
    held = why(case) if case.plan and case.plan.refused else ""
    waits = f" An armed run would wait: {held}." if held else ""
    return counts, ". ", *named_case(case), f"{known}.{waits}"


def _is_about_nobody(case: Case) -> bool:
    return is_unknown(case) and not case.targets and not _bad(case)


def _unknown(case: Case) -> str:
    return f" is unknown to the account, and owns no cluster API key{_within(case)}."


def _counts(case: Case) -> str:
    parts = [*_bad(case), *_accepted(case)]
    done = sum(one.is_safe for one in case.targets)
    return ", ".join([*parts, f"{done} done"] if done else parts) or "see below"


def _bad(case: Case) -> list[str]:
    unmatched = ["the part asked for names what was not seen"] * is_unmatched(case)
    blind = ["not everything could be listed"] * is_blind(case)
    whose = "the owner" if is_adoption(case) else "the leaver"
    in_force = [f"a classic credential of {whose} is in force"]
    counts = [f"{count} {word}" for count, word in _counted(case) if count]
    return unmatched + counts + blind + in_force * has_credential(case)


def _counted(case: Case) -> list[tuple[int, str]]:
    return [(count_of(case, outcome), word) for outcome, word in _COUNTED.items()]


def _accepted(case: Case) -> list[str]:
    many = blind_spots(case)
    return [f"{many} not seen and accepted as that"] if many else []


def _cancelled(case: Case) -> Line:
    if case.joined_to:
        joined = named(case.joined_to)
        goes_on = " has another open case, and this goes on there: "
        return short_name(case.leaver), goes_on, joined, "."
    what = whence(case) if is_adoption(case) else (" for ", *about(case))
    return "nothing was changed", *what, "."


def severity_of(case: Case, kind: ReportKind) -> Severity:
    """Judge how much the report asks of its reader."""
    if kind is not ReportKind.FINAL:
        return Severity.HELD if kind is ReportKind.HELD else Severity.NEUTRAL
    match case.result:
        case CaseResult.SAFE:
            return Severity.NEUTRAL if blind_spots(case) else Severity.GOOD
        case CaseResult.CLEAN:
            is_sure = not is_unknown(case) and not blind_spots(case)
            return Severity.GOOD if is_sure else Severity.NEUTRAL
        case CaseResult.PLANNED:
            is_refused = case.plan is not None and bool(case.plan.refused)
            asks = bool(_bad(case)) or is_refused
            return Severity.ATTENTION if asks else Severity.NEUTRAL
        case CaseResult.ATTENTION | None:
            return Severity.ATTENTION


def subject_of(case: Case, kind: ReportKind) -> Line:
    """Return one line for a mail's subject, failures first."""
    dry = ["dry run"] if case.dry_run else []
    parts = [*dry, *_subject(case, kind)]
    return f"[offboard] {', '.join(parts)}: ", *about(case)


def _subject(case: Case, kind: ReportKind) -> list[str]:
    adoption = ["adoption"] if is_adoption(case) else []
    if kind is not ReportKind.FINAL:
        return [*_before_the_end(case, kind), *adoption]
    verdict = _ended(case)[0].lower()
    match case.result:
        case CaseResult.SAFE | CaseResult.CLEAN:
            return [*_accepted(case), verdict]
        case CaseResult.PLANNED:
            done = "taken over" if is_adoption(case) else "reset"
            would = f"{count_of(case, Outcome.PLANNED)} would be {done}"
            known = ["unknown to the account"] * is_unknown(case)
            counts = [*_bad(case), *_accepted(case), would, *known]
            return known if _is_about_nobody(case) else counts
        case CaseResult.ATTENTION | None:
            return ["ATTENTION", _counts(case), *adoption]


def _before_the_end(case: Case, kind: ReportKind) -> list[str]:
    verdict = _verdict(case, kind)[0].lower()
    if kind is not ReportKind.HELD:
        return [verdict]
    undone = _COUNTED[None]
    failed = [f"{count} {word}" for count, word in _counted(case) if count]
    ended = [one for one in failed if not one.endswith(undone)]
    return [*ended, *["URGENT"] * is_urgent(case), verdict]
