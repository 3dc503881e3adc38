"""A case stopped by a fault of the service itself: held, told, not tried for ever.

What is written here holds no target, so that nothing wrong in one keeps the case from
being stopped. An approver lets it go on, which looks at everything anew.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Note,
    Plan,
    ReportKind,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.offboarding.rules import RuleBrokenError
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    lines_for,
)
from workers.offboarding.steps.weighing import plan_hash

# Steps that end a case, or a part of it, by themselves when they cannot go on get as
# many claims more, in case that is what fails.
_LAST_TRIES: Final = 3
_ALONE: Final = frozenset({Step.REPORT, Step.REMIND, Step.FORESEE, Step.SHOW})
_LIVE: Final = (CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING)
_ROAD: Final = frozenset({Step.PLAN, Step.RESET, Step.VERIFY, Step.REPORT})
_A_DAY: Final = timedelta(days=1)


def is_stuck(claim: Claim) -> bool:
    """Tell whether work was claimed too often without a word, whatever ends it."""
    more = 0 if claim.work.step in _ALONE else _LAST_TRIES
    return claim.claims > CRASH_LIMIT + more


def stop_stuck(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Stop a case of which a step breaks off each time."""
    step = claim.work.step
    text = f"{claim.claims - 1} workers broke off the step {step} without a word."
    note = Note(Reason.STUCK, text)
    case = tools.cases.load(claim.work.case_id)
    if step is Step.DELIVER:
        return _drop_report(tools, claim, case, note)
    if step in (Step.REMIND, Step.FORESEE, Step.SHOW):
        # The case is listed all the same; it is tried again, but not at once.
        now = tools.clock()
        entry = entry_of(claim, now, "case.stuck", reason=note.reason, detail=text)
        return tools.works.again(claim, Change(entries=(entry,)), now + _A_DAY)
    return _stop(tools, claim, case, note, "case.stuck")


def stop_broken(tools: Tools, claim: Claim, error: RuleBrokenError) -> tuple[Work, ...]:
    """Stop a case of which a step was about to break a rule."""
    case = tools.cases.load(claim.work.case_id)
    note = Note(Reason.RULE_BROKEN, f"The step {claim.work.step}: {error}.")
    return _stop(tools, claim, case, note, "case.rule_broken")


def _stop(
    tools: Tools, claim: Claim, case: Case, note: Note, what: str
) -> tuple[Work, ...]:
    now = tools.clock()
    entry = entry_of(claim, now, what, reason=note.reason, detail=note.text)
    change = Change(entries=(entry,))
    if case.status in _LIVE and claim.work.step in _ROAD:
        change = _held(tools, claim, case, note, now)
    elif case.status is CaseStatus.SETTLED and not case.dry_run:
        change = _attention(tools, case, note)
    return tools.works.finish(claim, replace(change, entries=(entry,)))


def _held(tools: Tools, claim: Claim, case: Case, note: Note, at: datetime) -> Change:
    """Have the whole case wait for an approver, a dry run too."""
    plan = case.plan if case.plan is not None else Plan(plan_hash(case), at)
    is_news = all(one.reason is not note.reason for one in plan.refused)
    kept = tuple(one for one in plan.refused if one.reason is not note.reason)
    is_due = case.starts_at <= at
    case = replace(
        case,
        status=CaseStatus.WAITING,
        plan=replace(plan, refused=(*kept, note)),
        started_at=case.started_at or (at if is_due else None),
        tries=0 if claim.work.step is Step.PLAN else case.tries,
        targets=(),
    )
    if not is_news:
        return Change(case=case)
    lines = () if case.is_confidential else lines_for(tools, case, ReportKind.HELD)
    case = replace(case, held_at=at, reminded=0)
    told = replace(case, reports=lines).after(Step.REPORT)
    remind = () if case.is_confidential else (Work(case.id, Step.REMIND),)
    return Change(case=case, reports=lines, after=(*told, *remind))


def _attention(tools: Tools, case: Case, note: Note) -> Change:
    """Have a settled case need attention, and tell it anew."""
    case = replace(case.warned(note), result=CaseResult.ATTENTION)
    lines = lines_for(tools, case, ReportKind.FINAL)
    told = replace(case, reports=lines).after(Step.REPORT)
    return Change(case=replace(case, targets=()), reports=lines, after=told)


def _drop_report(
    tools: Tools, claim: Claim, case: Case, note: Note
) -> tuple[Work, ...]:
    now = tools.clock()
    lines = tuple(
        replace(one, state=ReportState.FAILED, at=now, detail=note.text)
        for one in case.reports
        if one.id == claim.work.item
    )
    entry = entry_of(claim, now, "report.failed", detail=note.text)
    return tools.works.finish(claim, Change(reports=lines, entries=(entry,)))
