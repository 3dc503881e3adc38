"""The plan as a whole: named by its hash, judged by the guards, held where they say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.guards import guards
from workers.offboarding.judging import Look
from workers.offboarding.model import Case, CaseStatus, Note, Plan
from workers.offboarding.plan import hash_of
from workers.offboarding.steps.holding import Held, held
from workers.offboarding.steps.tools import Tools

_FAULTS: Final = frozenset({Reason.RULE_BROKEN, Reason.STUCK})


def weighed(tools: Tools, case: Case, looks: Sequence[Look], at: datetime) -> Held:
    """Name the plan, and have it wait where a guard says so."""
    plan = named_plan(case, at)
    found = guarded(tools, case, plan, looks)
    refused = (*paused_notes(case), *fault_notes(case), *found)
    before = case.plan.refused if case.plan is not None else ()
    case = replace(case, plan=replace(plan, refused=before))
    if refused:
        return held(tools, case, refused, at)
    plan = replace(plan, refused=())
    return Held(replace(case, status=CaseStatus.OPEN, plan=plan, held_at=None))


def guarded(
    tools: Tools, case: Case, plan: Plan, looks: Sequence[Look]
) -> tuple[Note, ...]:
    """Find what holds a plan here, by the settings of the service."""
    void = tools.approvers.void(case, plan.approved_by)
    found = guards(
        case,
        # What was let go by somebody who may not is judged as if nobody had.
        replace(plan, approved_by=None, let_go=()) if void else plan,
        looks,
        max_targets=tools.max_targets,
        lets_unknown_go=tools.lets_unknown_go,
    )
    return (*void, *found)


def named_plan(case: Case, now: datetime) -> Plan:
    """Name the plan; one whose targets did not change stays as it is, and approved."""
    made = Plan(plan_hash(case), now, since=since_of(case))
    unchanged = case.plan is not None and case.plan.hash == made.hash
    return case.plan if case.plan is not None and unchanged else made


def plan_hash(case: Case) -> str:
    """Name the plan of a case as its targets are now."""
    return hash_of(case.leaver, case.targets, since_of(case))


def since_of(case: Case) -> tuple[str, ...]:
    """Return the targets that turned doubtful after the plan was made."""
    return case.plan.since if case.plan is not None else ()


def paused_notes(case: Case) -> tuple[Note, ...]:
    """Return the note of a pause, which ends by itself; empty where there is none."""
    refused = case.plan.refused if case.plan is not None else ()
    return tuple(note for note in refused if note.reason is Reason.PAUSED)


def fault_notes(case: Case) -> tuple[Note, ...]:
    """Return why a fault of the service itself holds it: only an approver ends that."""
    refused = case.plan.refused if case.plan is not None else ()
    return tuple(note for note in refused if note.reason in _FAULTS)
