"""Report: settle the case and fill the outbox; deliver: empty it, line by line.

A report never changes an outcome: a dead Slack does not fail a reset.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.after_reset import aftercare_of
from workers.offboarding.discovery import asked_wait
from workers.offboarding.entries import about_plan, about_target
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Entry,
    Outcome,
    Plan,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim, Notifier
from workers.offboarding.quiet import ReportClean, found_nothing
from workers.offboarding.steps.following import followed
from workers.offboarding.steps.showing import awaits_root, shown_with
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    lines_for,
    pause,
    with_targets,
)

# Tries before a report counts as failed: with pauses of up to five minutes, a day.
TRIES: Final = 300
# Looks for a channel that this worker does not know: some four minutes, longer than one
# may be behind another that has read of it in the settings.
UNSET_TRIES: Final = 8
NOT_SET_UP: Final = "The channel is not set up any more."
# What was perhaps posted and is not known says for ever that its case is under way: of
# those there is one at most.
_ROOT_CRASHES: Final = 2
_A_MOMENT: Final = timedelta(seconds=1)
# Warnings that something the case is about was not seen.
_BLINDING: Final = frozenset(
    {
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
        Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
        Reason.SCOPE_UNMATCHED,
    }
)
# Seconds before the next try of a report whose answer was lost: at once, and then over
# the hours that a channel may be away. A double is better than silence, and each of
# these may be one.
UNKNOWN_PAUSES: Final = (1, 300, 1_800, 7_200, 21_600)


def report(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Settle a case of which nothing is pending, and hand its report to the outbox."""
    now = tools.clock()
    case = tools.cases.load(claim.work.case_id)
    is_live = case.status in (CaseStatus.OPEN, CaseStatus.WAITING)
    # A plan that looks again is not over, though nothing it found so far is left.
    is_planned = not case.departures and not case.tries
    is_done = is_planned and all(one.is_settled for one in case.targets)
    # A guard may have stopped a second plan after this was sent.
    is_stopped = case.is_held and not case.dry_run
    if not is_live or not is_done or is_stopped:
        return tools.works.finish(claim, Change())
    changed = followed(tools, case, now)
    case = with_targets(case, changed)
    accepted = _accepted(tools, case)
    case = with_targets(case, accepted)
    done = replace(
        case,
        status=CaseStatus.SETTLED,
        result=result_of(case),
        settled_at=now,
        plan=_without_pause(case.plan),
    )
    lines = _lines(tools, done)
    done = replace(done, reports=lines)
    settled = _settled(tools, claim, done, now)
    change = Change(
        case=done,
        targets=_as_now(case, (*changed, *accepted)),
        reports=lines,
        entries=(
            *_spots(claim, accepted, now),
            *_counted(claim, case, now),
            about_plan(settled, done),
        ),
        after=(*done.after(Step.REPORT), *aftercare_of(done)),
    )
    return tools.works.finish(claim, change)


def _lines(tools: Tools, case: Case) -> tuple[ReportLine, ...]:
    """Make the lines that tell of the end: at once, in the digest, or none."""
    if tools.report_clean is ReportClean.EACH or not found_nothing(case):
        return lines_for(tools, case, ReportKind.FINAL)
    if tools.report_clean is ReportClean.NEVER:
        return ()
    return lines_for(tools, case, ReportKind.DIGEST)


def _as_now(case: Case, changed: Sequence[CaseTarget]) -> tuple[CaseTarget, ...]:
    """Return those of the case that changed, each once and as it is now."""
    ids = {one.target.id for one in changed}
    return tuple(one for one in case.targets if one.target.id in ids)


def _accepted(tools: Tools, case: Case) -> list[CaseTarget]:
    """Mark what could not be read and an approver accepted as such, for now.

    What was read as the leaver's before it could not be read any more is no blind spot.
    """
    unread = {
        one.target.id: one
        for one in case.targets
        if one.outcome is Outcome.UNREAD and one.owner_before is None
    }
    if not unread or tools.blind_spots is None:
        return []
    spots = tools.blind_spots.among(list(unread))
    return [replace(unread[each], blind=spot) for each, spot in spots.items()]


def _spots(claim: Claim, accepted: list[CaseTarget], at: datetime) -> tuple[Entry, ...]:
    """Say who answers for each target that was not read, and until when."""
    return tuple(
        replace(
            entry_of(claim, at, "blind_spot.counted", detail=one.blind.reason),
            target_id=one.target.id,
            actor=one.blind.accepted_by,
        )
        for one in accepted
        if one.blind is not None
    )


def _counted(claim: Claim, case: Case, at: datetime) -> tuple[Entry, ...]:
    """Say how each target counted that was not read back by a step of its own.

    What a plan itself settled, since it could not be seen or no functional ID may own
    it, stands nowhere else in the ledger.
    """
    return tuple(
        about_target(
            replace(
                entry_of(
                    claim,
                    at,
                    "target.counted",
                    reason=one.reason,
                    detail=f"{one.outcome}: {one.detail}"
                    if one.detail
                    else one.outcome,
                ),
                target_id=one.target.id,
            ),
            one,
        )
        for one in case.targets
        if one.outcome is not Outcome.VERIFIED
    )


def _settled(tools: Tools, claim: Claim, done: Case, at: datetime) -> Entry:
    left = sum(
        one.done_at is None for target in done.targets for one in target.follow_ups
    )
    return replace(
        entry_of(claim, at, "case.settled", detail=done.result),
        settle_minutes=int(tools.settle.total_seconds() // 60),
        follow_ups=left,
    )


def _without_pause(plan: Plan | None) -> Plan | None:
    """Drop a pause that lasted to the end: of a settled case it holds nothing back."""
    if plan is None:
        return None
    kept = tuple(one for one in plan.refused if one.reason is not Reason.PAUSED)
    return replace(plan, refused=kept)


def result_of(case: Case) -> CaseResult:
    """Sum a case up; what could not be seen is never taken for "nothing"."""
    if case.dry_run:
        return CaseResult.PLANNED
    is_blind = any(note.reason in _BLINDING for note in case.warnings)
    is_blocked = any(one.is_blocked for one in case.targets)
    # An accepted blind spot counts for nothing here; reports tell of it all the same.
    counted = [one for one in case.targets if one.blind is None]
    if is_blind or is_blocked or not all(one.is_safe for one in counted):
        return CaseResult.ATTENTION
    return CaseResult.SAFE if counted else CaseResult.CLEAN


def deliver(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Send one report on one channel, until it is sent, refused, or given up."""
    case = tools.cases.load(claim.work.case_id)
    line = next((one for one in case.reports if one.id == claim.work.item), None)
    if line is None or line.state in (ReportState.SENT, ReportState.FAILED):
        return tools.works.finish(claim, Change())
    notifier = tools.notifier_of(line)
    if notifier is None:
        return _without_channel(tools, claim, case, line)
    if claim.claims > (
        _ROOT_CRASHES if line.kind is ReportKind.STARTED else CRASH_LIMIT
    ):
        text = f"{claim.claims - 1} workers ended without a word while they had it."
        return _drop(tools, claim, case, line, text)
    if line.kind is ReportKind.STARTED and case.is_over:
        return _came_too_late(tools, claim, line)
    return _send(tools, claim, case, line, notifier)


def _send(
    tools: Tools, claim: Claim, case: Case, line: ReportLine, notifier: Notifier
) -> tuple[Work, ...]:
    now = tools.clock()
    if awaits_root(case, line, now):
        return tools.works.again(claim, Change(), now + _A_MOMENT)
    wait = pause(line.tries, longest_seconds=300)
    try:
        line = notifier.deliver(case, line)
    except TransientError as error:
        line = replace(line, tries=line.tries + 1, detail=str(error))
        wait = max(wait, timedelta(seconds=asked_wait(error)))
    return _put_down(tools, claim, case, line, wait)


def _without_channel(
    tools: Tools, claim: Claim, case: Case, line: ReportLine
) -> tuple[Work, ...]:
    """Leave a line to a worker that knows its channel; none does after some minutes."""
    if line.tries >= UNSET_TRIES:
        return _drop(tools, claim, case, line, NOT_SET_UP)
    at = tools.clock() + pause(line.tries, longest_seconds=300)
    left = replace(line, tries=line.tries + 1, detail=NOT_SET_UP)
    return tools.works.again(claim, Change(reports=(left,)), at)


def _drop(
    tools: Tools, claim: Claim, case: Case, line: ReportLine, detail: str
) -> tuple[Work, ...]:
    failed = replace(line, state=ReportState.FAILED, at=tools.clock(), detail=detail)
    return _put_down(tools, claim, case, failed, timedelta())


def _came_too_late(tools: Tools, claim: Claim, line: ReportLine) -> tuple[Work, ...]:
    """Leave out that a case began where its end is told already."""
    now = tools.clock()
    text = "The case was over before this was told."
    late = replace(line, state=ReportState.FAILED, at=now, detail=text)
    entry = entry_of(claim, now, "report.left_out", detail=text)
    return tools.works.finish(claim, Change(reports=(late,), entries=(entry,)))


def _put_down(
    tools: Tools, claim: Claim, case: Case, line: ReportLine, wait: timedelta
) -> tuple[Work, ...]:
    now = tools.clock()
    is_root = line.kind is ReportKind.STARTED
    pauses = UNKNOWN_PAUSES[:1] if is_root else UNKNOWN_PAUSES
    if line.state is ReportState.UNKNOWN and line.lost < len(pauses):
        wait = timedelta(seconds=pauses[line.lost])
        lost = replace(line, lost=line.lost + 1)
        return tools.works.again(claim, Change(reports=(lost,)), now + wait)
    if line.state is ReportState.PENDING and line.tries < TRIES:
        return tools.works.again(claim, Change(reports=(line,)), now + wait)
    if line.state is ReportState.PENDING:
        line = replace(line, state=ReportState.FAILED, at=now)
    entry = entry_of(claim, now, f"report.{line.state}", detail=line.detail or None)
    if line.room:
        entry = replace(entry, place=f"account {line.room}")
    # What is told below a message is what it shows by then.
    change = Change(reports=(line,), entries=(entry,), after=shown_with(case, line))
    return tools.works.finish(claim, change)
