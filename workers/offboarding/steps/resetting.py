"""Reset one target: token in hand, read again, write "about to reset", send once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import asked_wait
from workers.offboarding.errors import (
    CaseChangedError,
    LostAnswerError,
    PausedError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    NoOwner,
    Note,
    Outcome,
    OwnerKind,
    ReportKind,
    Step,
    Unread,
    Work,
)
from workers.offboarding.ports import Change, Claim, ReadyReset
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    end,
    entry_of,
    lines_for,
    moved,
    pause,
    settled,
)

# Transient faults in a row before a target is given up: some four minutes.
TRIES: Final = 10
_LOOK_AGAIN: Final = timedelta(seconds=5)


def reset(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Reset one target, unless looking again shows that it must not be."""
    now = tools.clock()
    case = tools.cases.load(claim.work.case_id)
    target = case.target(claim.work.item)
    if target.is_settled or target.intent_at is not None:
        # Delivered twice, or a worker died after "about to reset": never send again,
        # the owner decides.
        return tools.works.finish(claim, moved(claim, case, target))
    try:
        return _reset(tools, claim, case, target, now)
    except PausedError:
        return _wait(tools, claim, case)
    except PermanentError as error:
        return _end(tools, claim, case, target, error.reason, str(error))
    except TransientError as error:
        return _later(tools, claim, case, target, error)


def _reset(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, now: datetime
) -> tuple[Work, ...]:
    if claim.claims > CRASH_LIMIT:
        text = f"{claim.claims - 1} workers ended without a word while they had it."
        raise PermanentError(text, reason=Reason.GAVE_UP)
    account = tools.accounts[target.target.account_id]
    if account.resets is None or case.dry_run:
        planned = target.ended(Outcome.PLANNED, now)
        return tools.works.finish(claim, settled(claim, case, planned, now))
    if case.is_held:
        # A later plan was stopped. The work ends; the plan that goes on sends it again.
        return tools.works.finish(claim, Change())
    if tools.switches.is_paused(target.target.account_id):
        raise PausedError("Resets are paused.")
    case = _resumed(tools, claim, case)
    if target.functional_id is None:
        raise PermanentError(
            "Nobody is planned to take it over.", reason=Reason.NO_FUNCTIONAL_ID
        )
    ready = account.resets.prepare(target.target, target.functional_id)
    _check_identity(case, target, ready.identity)
    ended = _no_longer_theirs(tools, case, target, now)
    if ended is not None:
        return end(tools, claim, case, ended, now)
    if not ready.is_fresh:
        # What was waited for so long has to be looked at once more.
        text = "It waited too long for its turn among the requests to IBM Cloud."
        raise TransientError(text, reason=Reason.RATE_LIMITED, retry_after_seconds=1)
    return _send(tools, claim, case, target, ready)


def _check_identity(case: Case, target: CaseTarget, identity: KeyOwner) -> None:
    """Turn away a reset by anybody but who the plan named; whoever asks will own it."""
    if identity.id == case.leaver.iam_id:
        text = "The identity that would reset is the leaver's own."
        raise PermanentError(text, reason=Reason.WRONG_IDENTITY)
    planned = target.functional_id
    if planned is not None and identity.id != planned.id:
        text = f"The plan names {planned.id}, the key in hand is that of {identity.id}."
        raise PermanentError(text, reason=Reason.WRONG_IDENTITY)


def _no_longer_theirs(
    tools: Tools, case: Case, target: CaseTarget, now: datetime
) -> CaseTarget | None:
    """Read the owner again; None if it is still the leaver, and only then."""
    reading = tools.accounts[target.target.account_id].cloud.key_owner(target.target)
    match reading:
        case KeyOwner(id=owner_id) if owner_id == case.leaver.iam_id:
            return None
        case KeyOwner(kind=OwnerKind.FUNCTIONAL_ID):
            return target.ended(Outcome.ALREADY, now, owner_after=reading)
        case KeyOwner():
            return target.ended(
                Outcome.CHANGED_HANDS,
                now,
                reason=Reason.ANOTHER_OWNER,
                owner_after=reading,
            )
        case NoOwner():
            return target.ended(Outcome.UNREAD, now, reason=Reason.OWNER_UNKNOWN)
        case Unread(reason=reason, detail=detail):
            return target.ended(Outcome.UNREAD, now, reason=reason, detail=detail)


def _send(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, ready: ReadyReset
) -> tuple[Work, ...]:
    intent_at = tools.clock()
    target = replace(
        target,
        functional_id=ready.identity,
        intent_at=intent_at,
        reset_at=None,
        resets=target.resets + 1,
        polls=0,
    )
    about = entry_of(
        claim, intent_at, "target.reset_intended", detail=ready.identity.id
    )
    # The last check of fence and pause, and the intent, are one write; nothing comes
    # between it and the call.
    tools.works.record(claim, Change(targets=(target,), entries=(about,), wrote=True))
    try:
        request_id = ready.send()
    except LostAnswerError as error:
        lost = entry_of(claim, tools.clock(), "target.answer_lost", detail=str(error))
        return tools.works.finish(claim, moved(claim, case, target, lost))
    except (PermanentError, TransientError):
        _disproved(tools, claim, target)
        raise
    done_at = tools.clock()
    target = replace(target, reset_at=done_at, tries=0)
    done = entry_of(claim, done_at, "target.reset", request_id=request_id)
    return tools.works.finish(claim, moved(claim, case, target, done))


def _disproved(tools: Tools, claim: Claim, target: CaseTarget) -> None:
    """Write down that the reset just sent certainly did nothing."""
    undone = replace(target, intent_at=None, proven_failures=target.proven_failures + 1)
    entry = entry_of(claim, tools.clock(), "target.reset_refused")
    tools.works.record(claim, Change(targets=(undone,), entries=(entry,)))


def _end(
    tools: Tools,
    claim: Claim,
    case: Case,
    target: CaseTarget,
    reason: Reason,
    detail: str,
) -> tuple[Work, ...]:
    now = tools.clock()
    target = tools.cases.load(case.id).target(target.target.id)
    ended = target.ended(Outcome.FAILED, now, reason=reason, detail=detail)
    return tools.works.finish(claim, settled(claim, case, ended, now))


def _later(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, error: TransientError
) -> tuple[Work, ...]:
    target = tools.cases.load(case.id).target(target.target.id)
    if target.tries + 1 >= TRIES:
        return _end(tools, claim, case, target, error.reason, str(error))
    now = tools.clock()
    asked = timedelta(seconds=asked_wait(error))
    wait = max(pause(target.tries, longest_seconds=60), asked)
    entry = entry_of(
        claim, now, "target.delayed", reason=error.reason, detail=str(error)
    )
    tried = replace(target, tries=target.tries + 1)
    change = Change(targets=(tried,), entries=(entry,))
    return tools.works.again(claim, change, now + wait)


def _wait(tools: Tools, claim: Claim, case: Case) -> tuple[Work, ...]:
    """Come back while the pause lasts; the first to see it says so in the case."""
    now = tools.clock()
    change = Change()
    if case.plan is not None and not case.plan.refused:
        note = Note(Reason.PAUSED, "Resets are paused; it goes on when the pause ends.")
        lines = lines_for(tools, case, ReportKind.HELD)
        held = replace(
            case,
            status=CaseStatus.WAITING,
            plan=replace(case.plan, refused=(note,)),
            reports=lines,
        )
        entry = entry_of(claim, now, "case.held", reason=Reason.PAUSED)
        after = held.after(Step.REPORT)
        change = Change(case=held, reports=lines, entries=(entry,), after=after)
    try:
        return tools.works.again(claim, change, now + _LOOK_AGAIN)
    except CaseChangedError:
        return tools.works.again(claim, Change(), now + _LOOK_AGAIN)


def _resumed(tools: Tools, claim: Claim, case: Case) -> Case:
    """Take a case that only the pause held back to open."""
    if case.status is not CaseStatus.WAITING or case.plan is None:
        return case
    resumed = replace(case, status=CaseStatus.OPEN, plan=replace(case.plan, refused=()))
    entry = entry_of(claim, tools.clock(), "case.resumed")
    # Where another target was faster, or a guard was, the step begins anew and sees it.
    tools.works.record(claim, Change(case=resumed, entries=(entry,)))
    return replace(resumed, revision=case.revision + 1)
