"""A target's outcome written, and what follows it: others may wait for this one."""

from dataclasses import replace
from datetime import datetime

from workers.offboarding.entries import about_plan, about_target
from workers.offboarding.errors import Reason
from workers.offboarding.guards import canaries_of, canary_notes, has_failed
from workers.offboarding.model import Case, CaseTarget, Outcome, Step, Work
from workers.offboarding.plan import doubted
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.holding import Held, held
from workers.offboarding.steps.tools import (
    Tools,
    entry_of,
    moved,
    with_target,
)


def settled(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, at: datetime
) -> Change:
    """Make the change that writes a target's outcome, and what follows it.

    A canary that is verified sends the others; one that is not has them wait for an
    approver; one that ended before any write lets another go first.
    """
    outcome = target.outcome if target.outcome is not None else Outcome.FAILED
    entry = entry_of(
        claim,
        at,
        f"target.{outcome}",
        reason=target.reason,
        detail=target.detail or _ownership(target),
    )
    change = moved(claim, case, target, about_target(entry, target))
    if target.target.id not in case.canaries:
        return change
    return _after_canary(tools, claim, change, case, target, at)


def end(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, at: datetime
) -> tuple[Work, ...]:
    """End the work with a target's outcome, and tell the owner index who owns it."""
    change = settled(tools, claim, case, target, at)
    following = tools.works.finish(claim, change)
    if target.owner_after is not None:
        tools.index.note(target.target, target.owner_after, at)
    return following


def _after_canary(
    tools: Tools,
    claim: Claim,
    change: Change,
    before: Case,
    canary: CaseTarget,
    at: datetime,
) -> Change:
    case = with_target(before, canary)
    # The head is written in any case: a plan that adds targets meanwhile, and has not
    # seen how the canary ended, begins anew then.
    if not has_failed(canary):
        now = replace(case, canaries=canaries_of(case, is_wanted=tools.canary))
        return replace(change, case=now, after=(*change.after, *_freed(before, now)))
    waiting = _held(tools, case, canary, at)
    entries = change.entries
    if waiting.after or waiting.lines:
        text = "The others wait for approval."
        failed = entry_of(claim, at, "canary.failed", detail=text)
        entries += (about_plan(failed, waiting.case),)
    return replace(
        change,
        case=waiting.case,
        reports=waiting.lines,
        entries=entries,
        after=(*change.after, *waiting.after),
    )


def _freed(before: Case, now: Case) -> list[Work]:
    """Return the resets that waited and may go now, another group's canary included."""
    begun = {one.item for one in before.after(Step.PLAN)}
    return [one for one in now.after(Step.PLAN) if one.item not in begun]


def _held(tools: Tools, case: Case, canary: CaseTarget, at: datetime) -> Held:
    if case.plan is None or not any(one.waits_for(canary) for one in case.targets):
        return Held(case)
    # What was approved before said nothing of a canary that fails, and what was told of
    # another says nothing of this one.
    kept = [one for one in case.plan.refused if one.reason is not Reason.CANARY_FAILED]
    plan = replace(case.plan, approved_by=None, refused=tuple(kept))
    plan = doubted(case, plan, canary)
    return held(tools, replace(case, plan=plan), (*kept, *canary_notes(case)), at)


def _ownership(target: CaseTarget) -> str | None:
    before, after = target.owner_before, target.owner_after
    if before is None or after is None:
        return None
    return f"{before.id} -> {after.id}"
