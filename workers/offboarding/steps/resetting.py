"""Reset one target: token in hand, read again, write "about to reset", send once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import asked_wait
from workers.offboarding.entries import about_plan, about_target
from workers.offboarding.errors import (
    CaseChangedError,
    LeaseLostError,
    LostAnswerError,
    PausedError,
    PermanentError,
    Reason,
    TransientError,
    UnderWayError,
)
from workers.offboarding.guards import canaries_of
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    NoOwner,
    Note,
    Outcome,
    OwnerKind,
    Reading,
    Right,
    Step,
    Target,
    Unread,
    Work,
)
from workers.offboarding.plan import doubted
from workers.offboarding.polls import first_poll
from workers.offboarding.ports import Change, Claim, ReadyReset, Resets
from workers.offboarding.steps.assigning import judged_anew
from workers.offboarding.steps.holding import held
from workers.offboarding.steps.owning_up import own_up
from workers.offboarding.steps.settling import end, settled
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    is_as_planned,
    moved,
    pause,
    whole,
    with_target,
)
from workers.offboarding.steps.weighing import paused_notes

# Transient faults in a row before a target is given up: some four minutes.
TRIES: Final = 10
_LOOK_AGAIN: Final = timedelta(seconds=5)
# Longer than Kubernetes takes to show a changed secret to all pods.
_BEHIND: Final = timedelta(minutes=2)
_BEFORE: Final = "It was theirs when its owner was last read."


def reset(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Reset one target, unless looking again shows that it must not be."""
    now = tools.clock()
    case = tools.cases.load_part(claim.work.case_id, claim.work.item)
    target = case.target(claim.work.item)
    if target.is_settled or target.intent_at is not None:
        # Delivered twice, or a worker died after "about to reset": never send again,
        # the owner decides.
        return tools.works.finish(claim, moved(claim, case, target))
    try:
        return _reset(tools, claim, case, target, now)
    except (PausedError, UnderWayError) as error:
        return _wait(tools, claim, case, error)
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
    account = tools.accounts.get(target.target.account_id)
    if account is None or account.resets is None or case.dry_run:
        return _without_means(tools, claim, case, target, now)
    if case.stopped is not None:
        # It was out when the case was stopped, and certainly did nothing.
        raise PermanentError(case.stopped.text, reason=case.stopped.reason)
    if target.functional_id is None:
        # A plan of a former version named nobody; the present one does.
        again = Change(after=(Work(case.id, Step.PLAN),))
        return tools.works.finish(claim, again)
    if not case.may_be_reset(target):
        # It is held, or another goes first. The work ends; what lets it go on sends it
        # again.
        return tools.works.finish(claim, Change())
    if tools.switches.is_paused(target.target.account_id):
        raise PausedError("Resets are paused.")
    _refuse_protected(tools, case, now)
    return _judge_and_send(tools, claim, case, target, account.resets, now)


def _without_means(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, now: datetime
) -> tuple[Work, ...]:
    """End a target where nothing may be written, unless that may be old news."""
    if not case.dry_run and _is_lately_planned(case, now):
        return tools.works.again(claim, Change(), now + _LOOK_AGAIN)
    if target.target.account_id not in tools.accounts:
        reason = Reason.ACCOUNT_REMOVED
        ended = target.ended(Outcome.UNREAD, now, reason=reason, detail=_BEFORE)
    else:
        ended = target.ended(Outcome.PLANNED, now)
    return tools.works.finish(claim, settled(tools, claim, case, ended, now))


def _is_lately_planned(case: Case, now: datetime) -> bool:
    """Tell whether whoever planned it may have read other settings than this worker.

    Each worker sees a change of the files at its own moment. Who planned the reset
    could write there: so either that was taken back since, or this one is behind.
    """
    return case.plan is not None and now - case.plan.made_at < _BEHIND


def _refuse_protected(tools: Tools, case: Case, now: datetime) -> None:
    """Turn away a reset for somebody who is protected since the plan was made.

    Of a plan that was made a moment ago it is known that nobody in it was.
    """
    if case.kind is not CaseKind.DEPARTURE:
        return
    leaver = case.leaver
    kept = {one.lower() for one in tools.protected}
    names = {one.lower() for one in (leaver.iam_id, leaver.email) if one}
    is_kept = not kept.isdisjoint(names)
    if not is_kept and not _is_lately_planned(case, now):
        is_kept = tools.switches.is_protected(leaver.refs)
    if is_kept:
        text = "The leaver is protected since the plan was made."
        raise PermanentError(text, reason=Reason.PROTECTED_USER)


def _judge_and_send(
    tools: Tools,
    claim: Claim,
    case: Case,
    target: CaseTarget,
    resets: Resets,
    now: datetime,
) -> tuple[Work, ...]:
    """Let preflight have the last word before anything is prepared."""
    case = _resumed(tools, claim, case)
    target = judged_anew(tools, case, target, now)
    if target.is_settled:
        return tools.works.finish(claim, settled(tools, claim, case, target, now))
    if target.preflight is Right.CANNOT_TELL and not _is_let_go(tools, case, target):
        return _hold(tools, claim, case, target, now)
    return _look_and_send(tools, claim, case, target, resets)


def _look_and_send(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, resets: Resets
) -> tuple[Work, ...]:
    """Have the token in hand, read the owner once more, and send."""
    taker = target.functional_id
    if taker is None:
        text = "Nobody is planned to take it over."
        raise PermanentError(text, reason=Reason.NO_FUNCTIONAL_ID)
    # Before anything is sent: what is sent is written down, whoever is away then.
    usual, is_scout = tools.lags.enlist(target.target.account_id)
    first = first_poll(usual, is_scout=is_scout)
    try:
        ready = resets.prepare(target.target, taker)
    except PermanentError as error:
        now = tools.clock()
        if error.reason is Reason.WRONG_IDENTITY and _is_lately_planned(case, now):
            # Whoever planned it knows this functional ID, and this worker not yet.
            return tools.works.again(claim, Change(), now + _LOOK_AGAIN)
        raise
    _check_identity(case, target, ready.identity)
    now = tools.clock()
    ended = _no_longer_theirs(tools, case, target, now)
    if ended is not None:
        return end(tools, claim, case, ended, now)
    if not ready.is_fresh:
        # What was waited for so long has to be looked at once more.
        text = "It waited too long for its turn among the requests to IBM Cloud."
        raise TransientError(text, reason=Reason.RATE_LIMITED, retry_after_seconds=1)
    if not tools.is_in_force():
        # An account may be held back by now, or another functional ID be meant.
        return (*tools.works.again(claim, Change(), now), claim.work)
    return _send(tools, claim, case, target, ready, timedelta(seconds=first))


def _check_identity(case: Case, target: CaseTarget, identity: KeyOwner) -> None:
    """Turn away a reset by anybody but who the plan named; whoever asks will own it."""
    before = target.owner_before.id if target.owner_before is not None else None
    if identity.id in (case.leaver.iam_id, before):
        text = "The identity that would reset is the leaver's own."
        raise PermanentError(text, reason=Reason.WRONG_IDENTITY)
    planned = target.functional_id
    if planned is not None and identity.id != planned.id:
        text = f"The plan names {planned.id}, the key in hand is that of {identity.id}."
        raise PermanentError(text, reason=Reason.WRONG_IDENTITY)


def _no_longer_theirs(
    tools: Tools, case: Case, target: CaseTarget, now: datetime
) -> CaseTarget | None:
    """Read the owner again; None if it is still who the plan names, and only then."""
    reading = _read(tools, target.target)
    match reading:
        case KeyOwner(id=owner_id) if is_as_planned(case, target, owner_id):
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
            reason = Reason.OWNER_UNKNOWN
            return target.ended(Outcome.UNREAD, now, reason=reason, detail=_BEFORE)
        case Unread(reason=reason, detail=detail):
            text = f"{detail.removesuffix('.')}. {_BEFORE}"
            return target.ended(Outcome.UNREAD, now, reason=reason, detail=text)


def _read(tools: Tools, target: Target) -> Reading:
    """Read the owner; what refuses to say for good is no word about who it is."""
    cloud = tools.account(target.account_id).cloud
    try:
        return cloud.key_owner(target)
    except PermanentError as error:
        return Unread(error.reason, str(error))


def _is_let_go(tools: Tools, case: Case, target: CaseTarget) -> bool:
    let_go = case.plan.let_go if case.plan is not None else ()
    return tools.lets_unknown_go or target.target.id in let_go


def _hold(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, now: datetime
) -> tuple[Work, ...]:
    """Have a target wait of which preflight could tell when it was planned."""
    case = whole(tools, case)
    before = case.plan.refused if case.plan is not None else ()
    place = f"{target.target.region} / {target.target.resource_group.name}"
    note = Note(
        Reason.PREFLIGHT_UNKNOWN,
        f"In {place} it cannot be told any more whether the functional ID has the "
        "rights it needs. The other targets go on.",
    )
    is_said = any(one.reason is Reason.PREFLIGHT_UNKNOWN for one in before)
    refused = before if is_said else (*before, note)
    if case.plan is not None:
        case = replace(case, plan=doubted(case, case.plan, target))
    waiting = held(tools, with_target(case, target), refused, now)
    # Nobody waits behind one that waits itself, if another can go first.
    canaries = canaries_of(waiting.case, is_wanted=tools.canary)
    fresh = [one for one in canaries if one not in case.canaries]
    waiting = replace(waiting, case=replace(waiting.case, canaries=canaries))
    sent = [one for one in waiting.case.after(Step.PLAN) if one.item in fresh]
    entry = entry_of(claim, now, "target.held", reason=Reason.PREFLIGHT_UNKNOWN)
    entry = about_plan(about_target(entry, target), waiting.case)
    change = Change(
        case=waiting.case,
        targets=(target,),
        reports=waiting.lines,
        entries=(entry,),
        after=(*sent, *waiting.after),
    )
    return tools.works.finish(claim, change)


def _send(
    tools: Tools,
    claim: Claim,
    case: Case,
    target: CaseTarget,
    ready: ReadyReset,
    first_poll_after: timedelta,
) -> tuple[Work, ...]:
    """Write "about to reset", send it once, and have its owner read back later."""
    intent_at = tools.clock()
    target = replace(
        target,
        functional_id=ready.identity,
        intent_at=intent_at,
        reset_at=None,
        resets=target.resets + 1,
        polls=0,
        polled_at=None,
    )
    about = entry_of(
        claim, intent_at, "target.reset_intended", detail=ready.identity.id
    )
    about = about_plan(about_target(about, target), case)
    # The last check of fence and pause, and the intent, are one write; nothing comes
    # between it and the call.
    tools.works.record(claim, Change(targets=(target,), entries=(about,), wrote=True))
    try:
        request_id = ready.send()
    except LostAnswerError as error:
        lost = entry_of(claim, tools.clock(), "target.answer_lost", detail=str(error))
        lost = about_target(lost, target)
        change = moved(claim, case, target, lost)
        change = _read_back(change, tools.clock(), first_poll_after)
        return _sent(tools, claim, target, change)
    except (PermanentError, TransientError):
        _disproved(tools, claim, target)
        raise
    done_at = tools.clock()
    target = replace(target, reset_at=done_at, tries=0)
    done = entry_of(claim, done_at, "target.reset", request_id=request_id)
    done = about_plan(about_target(done, target), case)
    change = moved(claim, case, target, done)
    change = _read_back(change, done_at, first_poll_after)
    return _sent(tools, claim, target, change, request_id=request_id)


def _read_back(change: Change, sent_at: datetime, after: timedelta) -> Change:
    """Have what follows a reset begin when it is likely to show."""
    return replace(change, after_at=sent_at + after) if after else change


def _sent(
    tools: Tools,
    claim: Claim,
    target: CaseTarget,
    change: Change,
    *,
    request_id: str | None = None,
) -> tuple[Work, ...]:
    """Write down what was sent; where that is refused, tell of it at least."""
    try:
        return tools.works.finish(claim, change)
    except LeaseLostError:
        own_up(tools, claim, target, request_id)
        raise


def _disproved(tools: Tools, claim: Claim, target: CaseTarget) -> None:
    """Write down that the reset just sent certainly did nothing."""
    undone = replace(target, intent_at=None, proven_failures=target.proven_failures + 1)
    entry = entry_of(claim, tools.clock(), "target.reset_refused")
    entry = about_target(entry, undone)
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
    case = tools.cases.load_part(case.id, target.target.id)
    target = case.target(target.target.id)
    ended = target.ended(Outcome.FAILED, now, reason=reason, detail=detail)
    return tools.works.finish(claim, settled(tools, claim, case, ended, now))


def _later(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, error: TransientError
) -> tuple[Work, ...]:
    case = tools.cases.load_part(case.id, target.target.id)
    target = case.target(target.target.id)
    if target.tries + 1 >= TRIES:
        return _end(tools, claim, case, target, error.reason, str(error))
    now = tools.clock()
    asked = timedelta(seconds=asked_wait(error))
    wait = max(pause(target.tries, longest_seconds=60), asked)
    entry = entry_of(
        claim, now, "target.delayed", reason=error.reason, detail=str(error)
    )
    tried = replace(target, tries=target.tries + 1)
    change = Change(untouched=(tried,), entries=(entry,))
    return tools.works.again(claim, change, now + wait)


def _wait(
    tools: Tools, claim: Claim, case: Case, error: PausedError | UnderWayError
) -> tuple[Work, ...]:
    """Come back while it lasts; the first to see a pause says so in the case.

    What another case has out is read back within minutes, and needs no word.
    """
    now = tools.clock()
    is_news = isinstance(error, PausedError) and not paused_notes(case)
    try:
        # As it was read for this step: what was ended meanwhile waits for nothing.
        change = _paused(tools, claim, whole(tools, case), now) if is_news else Change()
        return tools.works.again(claim, change, now + _LOOK_AGAIN)
    except CaseChangedError:
        return tools.works.again(claim, Change(), now + _LOOK_AGAIN)


def _paused(tools: Tools, claim: Claim, case: Case, now: datetime) -> Change:
    """Say in the whole case that it is paused."""
    if case.plan is None:
        return Change()
    refused = (*case.plan.refused, _paused_note(tools))
    waiting = held(tools, case, refused, now)
    entry = entry_of(claim, now, "case.held", reason=Reason.PAUSED)
    return Change(
        case=waiting.case,
        reports=waiting.lines,
        entries=(about_plan(entry, waiting.case),),
        after=waiting.after,
    )


def _paused_note(tools: Tools) -> Note:
    why = ""
    if tools.switches.is_restored():
        why = ", since the store was restored or stood still for long"
    text = f"Resets are paused{why}; it goes on when the pause ends."
    return Note(Reason.PAUSED, text)


def _resumed(tools: Tools, claim: Claim, case: Case) -> Case:
    """Take the pause off a case; what else holds a part of it stays."""
    if not paused_notes(case):
        return case
    case = whole(tools, case)
    if case.plan is None:
        return case
    kept = tuple(one for one in case.plan.refused if one.reason is not Reason.PAUSED)
    status = CaseStatus.WAITING if kept else CaseStatus.OPEN
    resumed = replace(case, status=status, plan=replace(case.plan, refused=kept))
    entry = about_plan(entry_of(claim, tools.clock(), "case.resumed"), case)
    # Where another target was faster, or a guard was, the step begins anew and sees it.
    tools.works.record(claim, Change(case=resumed, entries=(entry,)))
    return replace(resumed, revision=case.revision + 1)
