"""A reset that was sent when its work had gone to somebody else: found, and told.

A worker may stand still between its last look and its call for longer than its lease.
What it did then, it alone knows, and the fence keeps it from its outcome.
"""

from typing import Final

from workers.offboarding.errors import CaseChangedError, Reason
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Note,
    ReportKind,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.tools import Tools, entry_of, lines_for

_WRITES: Final = 10


def own_up(
    tools: Tools, claim: Claim, sent: CaseTarget, request_id: str | None
) -> None:
    """Put down a reset whose outcome the worker may not write any more.

    Args:
        tools: The ports.
        claim: What was lost.
        sent: The target as it was written before the call.
        request_id: IBM Cloud's id of the call, if it gave one.
    """
    for _ in range(_WRITES):
        case = tools.cases.load(claim.work.case_id)
        change = _told(tools, claim, case, sent, request_id)
        try:
            tools.works.own_up(case, change)
        except CaseChangedError:
            continue
        return
    raise CaseChangedError("The case keeps changing.")


def _told(
    tools: Tools,
    claim: Claim,
    case: Case,
    sent: CaseTarget,
    request_id: str | None,
) -> Change:
    now = tools.clock()
    if case.target(sent.target.id).intent_at == sent.intent_at:
        # Whoever took the work over counts on this very reset: it is none too many.
        late = entry_of(claim, now, "target.reset_late", request_id=request_id)
        return Change(entries=(late,))
    note = _note(sent)
    extra = entry_of(
        claim,
        now,
        "target.extra_reset",
        reason=Reason.EXTRA_RESET,
        request_id=request_id,
        detail=note.text,
    )
    is_told = case.status is CaseStatus.SETTLED
    lines = lines_for(tools, case, ReportKind.FINAL) if is_told else ()
    after = tuple(Work(case.id, Step.DELIVER, line.id) for line in lines)
    return Change(case=case.warned(note), entries=(extra,), reports=lines, after=after)


def _note(sent: CaseTarget) -> Note:
    target, taker = sent.target, sent.functional_id
    at = f"{sent.intent_at:%Y-%m-%d %H:%M:%S} UTC" if sent.intent_at else "before"
    whose = (
        f" {taker.id}, the functional ID, may have one key more now." if taker else ""
    )
    return Note(
        Reason.EXTRA_RESET,
        f"In {target.region} / {target.resource_group.name} one reset too many was "
        f"sent: that intended at {at} was taken for not done, and was sent late by a "
        f"worker that had stood still.{whose} See who owns it.",
    )
