"""Aftercare: what comes after the read-back of a settled case, done as it falls due.

A second proof, masters refreshed, superseded keys retired. It changes no outcome.
"""

from dataclasses import replace

from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    ReportKind,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.proving import prove
from workers.offboarding.steps.refreshing import refresh
from workers.offboarding.steps.retiring import retire
from workers.offboarding.steps.tools import CRASH_LIMIT, Tools, entry_of, lines_for

_GAVE_UP = " The service gave it up: its workers ended without a word over it."


def aftercare(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Do what is due for a settled case, and come back until nothing is left."""
    case = tools.cases.load(claim.work.case_id)
    if case.status is not CaseStatus.SETTLED or case.dry_run:
        # A case that was taken up again sends this work anew when it settles.
        return tools.works.finish(claim, Change())
    if claim.claims > CRASH_LIMIT:
        return _give_up(tools, claim, case)
    wanted = []
    for part in (prove, refresh, retire):
        wanted.append(part(tools, claim, tools.cases.load(case.id)))
    times = [at for at in wanted if at is not None]
    if not times:
        return tools.works.finish(claim, Change())
    return tools.works.again(claim, Change(), min(times))


def _give_up(tools: Tools, claim: Claim, case: Case) -> tuple[Work, ...]:
    """End an aftercare that kills its workers: what is open is left to people.

    They are told by another final report, which has what is left to them.
    """
    changed = tuple(one for one in map(_left, case.targets) if one not in case.targets)
    text = f"{claim.claims - 1} workers ended without a word while they had it."
    entry = entry_of(claim, tools.clock(), "case.aftercare_given_up", detail=text)
    lines = lines_for(tools, case, ReportKind.FINAL) if changed else ()
    change = Change(
        case=case,
        targets=changed,
        reports=lines,
        entries=(entry,),
        after=replace(case, reports=lines).after(Step.REPORT),
    )
    return tools.works.finish(claim, change)


def _left(target: CaseTarget) -> CaseTarget:
    return replace(
        target,
        follow_ups=tuple(
            replace(one, text=one.text + _GAVE_UP, care=None)
            if one.care is not None and one.done_at is None
            else one
            for one in target.follow_ups
        ),
    )
