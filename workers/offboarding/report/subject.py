"""One line for a mail's subject: what is wrong, whom it is about, then the rest.

A telephone shows some 40 characters of it, so the first two have to be within those.
"""

from workers.offboarding.model import Case, CaseResult, Outcome, ReportKind
from workers.offboarding.report.counts import (
    accepted_of,
    bad_of,
    ended_badly,
    is_about_nobody,
)
from workers.offboarding.report.facts import (
    count_of,
    is_adoption,
    is_unknown,
    open_follow_ups,
)
from workers.offboarding.report.holds import is_urgent, why
from workers.offboarding.report.phrases import about
from workers.offboarding.report.value import Line
from workers.offboarding.report.verdict import first_words
from workers.offboarding.words import counted

_Parts = tuple[list[str], list[str]]


def subject_of(case: Case, kind: ReportKind) -> Line:
    """Return one line for a mail's subject, failures first."""
    lead, rest = _parts(case, kind)
    dry = ["dry run"] * case.dry_run
    adoption = ["adoption"] * (is_adoption(case) and not _is_said(lead))
    words = ", ".join([*dry, *lead])
    return (
        f"[offboard] {words}: ",
        *about(case),
        "".join(f", {one}" for one in [*adoption, *rest]),
    )


def _is_said(lead: list[str]) -> bool:
    return any("adopted" in one or "take over" in one for one in lead)


def _parts(case: Case, kind: ReportKind) -> _Parts:
    """Return what stands before the name, and what behind it."""
    match kind, case.result:
        case ReportKind.FINAL, CaseResult.SAFE | CaseResult.CLEAN:
            return _good(case, kind)
        case ReportKind.FINAL, CaseResult.PLANNED:
            return _planned(case)
        case ReportKind.FINAL, _:
            worst, others = _worst_of(case)
            done = sum(one.is_safe for one in case.targets)
            others = [*others, *accepted_of(case), *[f"{done} done"] * (done > 0)]
            return ["ATTENTION", *worst], others
        case ReportKind.HELD, _:
            return _held(case, kind)
        case _:
            return [first_words(case, kind).lower()], []


def _good(case: Case, kind: ReportKind) -> _Parts:
    verdict = first_words(case, kind).lower()
    first, comma, where = verdict.partition(", ")
    if comma:
        seen = f"{first} {where}"
        return ["not all seen"], [seen, *accepted_of(case), *_left(case)]
    return [verdict.replace("in the part asked for", "in part")], _left(case)


def _left(case: Case) -> list[str]:
    """Count what a person has to do, and the service does not do by itself."""
    mine = [
        one for one in open_follow_ups(case) if one.care is None or one.care.is_refused
    ]
    return [f"{counted(len(mine), 'follow-up')} left"] if mine else []


def _planned(case: Case) -> _Parts:
    known = ["unknown to the account"] * is_unknown(case)
    if is_about_nobody(case):
        return [], known
    done = "taken over" if is_adoption(case) else "reset"
    would = f"{count_of(case, Outcome.PLANNED)} would be {done}"
    is_held = case.plan is not None and bool(case.plan.refused)
    waits = ["would wait for a person"] * is_held
    worst, others = _worst_of(case)
    return worst, [*others, *accepted_of(case), would, *waits, *known]


def _held(case: Case, kind: ReportKind) -> _Parts:
    failed = ended_badly(case)
    urgent = ["URGENT"] * is_urgent(case)
    waits = first_words(case, kind).lower()
    before = [] if urgent else failed[:1]
    behind = [one for one in failed if one not in before]
    return [*before, *urgent, waits], [*behind, *[why(case)] * bool(why(case))]


def _worst_of(case: Case) -> tuple[list[str], list[str]]:
    """Return the first count of what is wrong, which is short, and all the rest."""
    counts, bad = ended_badly(case), bad_of(case)
    worst = counts[:1]
    return worst, [one for one in bad if one not in worst]
