"""A case that waits for a person: held, told, reminded of, and settled when refused."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.entries import about_plan
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseStatus,
    Note,
    Outcome,
    ReportKind,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.tools import (
    Tools,
    entry_of,
    lines_for,
    with_targets,
)

_HOURS: Final = (1, 4, 12, 24)
# Whoever is gone has no keys any more: each quarter of an hour counts.
QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Held:
    """A case that waits, the lines that tell of it, and the work that follows."""

    case: Case
    lines: tuple[ReportLine, ...] = ()
    after: tuple[Work, ...] = ()


def held(tools: Tools, case: Case, refused: tuple[Note, ...], at: datetime) -> Held:
    """Have a case wait for what stands in *refused*; each reason is told once.

    A dry run is no different but that it waits for nobody: it says that it would. The
    case needs its plan.
    """
    if case.plan is None:
        raise ValueError("What is held has a plan")
    before = {note.reason for note in case.plan.refused}
    is_news = bool({note.reason for note in refused} - before)
    case = replace(case, plan=replace(case.plan, refused=refused))
    if case.dry_run:
        return Held(case)
    case = replace(case, status=CaseStatus.WAITING)
    if not is_news:
        return Held(case)
    lines = lines_for(tools, case, ReportKind.HELD)
    case = replace(case, held_at=at, reminded=0)
    told = replace(case, reports=lines).after(Step.REPORT)
    return Held(case, lines, (*told, Work(case.id, Step.REMIND)))


def remind(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Remind people of a case that waits, at growing intervals, until it does not."""
    now = tools.clock()
    case = tools.cases.load(claim.work.case_id)
    if case.status is not CaseStatus.WAITING or case.held_at is None:
        return tools.works.finish(claim, Change())
    at = _next(case, case.held_at)
    if at > now:
        return tools.works.again(claim, Change(), at)
    reminded = replace(case, reminded=case.reminded + 1)
    lines = lines_for(tools, case, ReportKind.HELD)
    entry = entry_of(claim, now, "case.reminded", detail=str(reminded.reminded))
    entry = about_plan(entry, reminded)
    change = Change(
        case=reminded,
        reports=lines,
        entries=(entry,),
        after=replace(reminded, reports=lines).after(Step.REPORT),
    )
    # From now on and not from when it was due: after an outage one reminder is enough.
    at = max(_next(reminded, case.held_at), now + QUARTER)
    return tools.works.again(claim, change, at)


def _next(case: Case, held_at: datetime) -> datetime:
    return next_reminder(held_at, case.reminded, is_gone=case.has_dead_keys)


def next_reminder(told_at: datetime, reminded: int, *, is_gone: bool) -> datetime:
    """Tell when the next reminder is due; the first telling was no reminder."""
    if is_gone:
        return told_at + (reminded + 1) * QUARTER
    hours = _HOURS[: reminded + 1]
    days = max(0, reminded + 1 - len(_HOURS))
    return told_at + timedelta(hours=sum(hours) + 24 * days)


def refuse_the_rest(
    tools: Tools, claim: Claim, case: Case, folds: int, now: datetime
) -> tuple[Work, ...]:
    """End what an approver refused after the first write; what is out is read back."""
    text = f"{case.refused_by} refused the rest of the plan."
    return stop(
        tools,
        claim,
        case,
        Note(Reason.REFUSED_PLAN, text),
        folds=folds,
        now=now,
    )


def stop(
    tools: Tools, claim: Claim, case: Case, note: Note, *, folds: int, now: datetime
) -> tuple[Work, ...]:
    """End every target that is not begun, as failed; the case can be settled then."""
    stopped = tuple(
        one.ended(Outcome.FAILED, now, reason=note.reason, detail=note.text)
        for one in case.targets
        if not one.is_settled and one.intent_at is None
    )
    case = with_targets(case, stopped)
    # What held it holds nothing any more: only what is out is left, and reported.
    plan = None if case.plan is None else replace(case.plan, refused=())
    entry = entry_of(claim, now, "case.stopped", reason=note.reason)
    entry = replace(about_plan(entry, case), actor=case.refused_by)
    change = Change(
        case=replace(
            case, tries=0, status=CaseStatus.OPEN, canaries=(), plan=plan, stopped=note
        ),
        untouched=stopped,
        folded=folds,
        entries=(entry,),
        after=case.after(Step.PLAN),
    )
    return tools.works.finish(claim, change)
