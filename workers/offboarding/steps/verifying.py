"""Verify one target: read the owner back until it is the functional ID, or give up.

A status code is no proof. Only the functional ID's own id, read back, makes *verified*.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import read
from workers.offboarding.entries import about_target
from workers.offboarding.errors import OffboardingError, PermanentError, Reason
from workers.offboarding.model import (
    Case,
    CaseTarget,
    Entry,
    KeyOwner,
    Outcome,
    OwnerKind,
    Unread,
    Work,
)
from workers.offboarding.polls import learned, next_poll, wait_for_others
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.settling import end, settled
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    is_as_planned,
    moved,
)
from workers.offboarding.view import Seen

# Between read-backs of one that does not show, and of which nobody can say why.
_LATE: Final = timedelta(seconds=20)


def verify(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Read the owner of a target that was reset, and settle it once that is proof."""
    case = tools.cases.load_part(claim.work.case_id, claim.work.item)
    target = case.target(claim.work.item)
    if target.is_settled or target.intent_at is None:
        return tools.works.finish(claim, moved(claim, case, target))
    if claim.claims > CRASH_LIMIT:
        text = f"{claim.claims - 1} workers ended without a word while they had it."
        return _fail(tools, claim, case, target, Reason.GAVE_UP, text)
    return _verify(tools, claim, case, target, target.intent_at)


def _verify(
    tools: Tools, claim: Claim, case: Case, target: CaseTarget, intent_at: datetime
) -> tuple[Work, ...]:
    usual = tools.lags.usual(target.target.account_id)
    since = target.reset_at or intent_at
    began = tools.clock()
    elapsed = (began - since).total_seconds()
    wait = wait_for_others(usual, elapsed, polls=target.polls)
    if wait is not None:
        return tools.works.again(claim, Change(), since + timedelta(seconds=wait))
    seen = _seen(tools, target)
    now = tools.clock()
    ended = _proved(case, target, seen, now)
    if ended is not None:
        _learn(tools, target, ended, usual, began)
        return end(tools, claim, case, ended, now)
    if now < intent_at + tools.verify_deadline:
        due = since + timedelta(seconds=next_poll(usual, elapsed))
        return _look_again(tools, claim, target, seen, began, due)
    return _overdue(tools, claim, case, target, seen, now)


def _seen(tools: Tools, target: CaseTarget) -> Seen:
    try:
        return read(tools.account(target.target.account_id).cloud, target.target)
    except PermanentError as error:
        return Seen(target.target, Unread(error.reason, str(error)))


def _proved(
    case: Case, target: CaseTarget, seen: Seen, now: datetime
) -> CaseTarget | None:
    """Settle a target whose owner is not the former one any more; None: not yet."""
    owner = seen.reading
    if not isinstance(owner, KeyOwner) or is_as_planned(case, target, owner.id):
        # A 404 or P0005 right after a reset means not yet; so does the old owner.
        return None
    if target.functional_id is not None and owner.id == target.functional_id.id:
        return target.ended(Outcome.VERIFIED, now, owner_after=owner)
    if owner.kind is OwnerKind.FUNCTIONAL_ID:
        return target.ended(Outcome.ALREADY, now, owner_after=owner)
    return target.ended(
        Outcome.CHANGED_HANDS, now, reason=Reason.ANOTHER_OWNER, owner_after=owner
    )


def _look_again(
    tools: Tools,
    claim: Claim,
    target: CaseTarget,
    seen: Seen,
    began: datetime,
    due: datetime,
) -> tuple[Work, ...]:
    asked = tools.clock() + timedelta(seconds=seen.retry_after_seconds)
    polled = replace(target, polls=target.polls + 1, polled_at=began)
    change = Change(targets=(polled,))
    return tools.works.again(claim, change, max(due, asked))


def _learn(
    tools: Tools,
    target: CaseTarget,
    ended: CaseTarget,
    usual: float | None,
    began: datetime,
) -> None:
    """Write down how long the reset took to show, for the others."""
    if ended.outcome is not Outcome.VERIFIED or target.reset_at is None:
        return
    account_id, since = target.target.account_id, target.reset_at
    elapsed = (began - since).total_seconds()
    in_vain = (target.polled_at - since).total_seconds() if target.polled_at else None
    if learned(usual, elapsed, in_vain_seconds=in_vain) is None:
        return
    # Of many that show at once the first says it best, and may have done so meanwhile.
    usual = tools.lags.usual(account_id)
    seconds = learned(usual, elapsed, in_vain_seconds=in_vain)
    if seconds is not None:
        tools.lags.note(account_id, seconds)


def _overdue(
    tools: Tools,
    claim: Claim,
    case: Case,
    target: CaseTarget,
    seen: Seen,
    now: datetime,
) -> tuple[Work, ...]:
    """Decide about a reset that does not show: did it happen, may it be repeated?"""
    since = target.intent_at or now
    landed, text = _landed(tools, target, since)
    if isinstance(seen.reading, Unread):
        text = f"The owner could not be read back: {seen.reading.detail}"
    # Only the leaver, seen as owner, and no new key prove that nothing happened.
    is_undone = landed is False and isinstance(seen.reading, KeyOwner)
    if not is_undone and now < since + 2 * tools.verify_deadline:
        return _look_again(tools, claim, target, seen, now, now + _LATE)
    if not is_undone:
        return _fail(tools, claim, case, target, Reason.OWNER_NOT_SHOWN, text)
    undone = replace(target, intent_at=None, proven_failures=target.proven_failures + 1)
    entry = about_target(entry_of(claim, now, "target.reset_disproved"), undone)
    # A reset whose answer was lost is sent once more, and no third time.
    if target.reset_at is None and target.disproved == 0:
        undone = replace(undone, disproved=1)
        return tools.works.finish(claim, moved(claim, case, undone, entry))
    return _fail(tools, claim, case, undone, Reason.OWNER_NOT_SHOWN, text, entry)


def _landed(
    tools: Tools, target: CaseTarget, since: datetime
) -> tuple[bool | None, str]:
    """Ask whether the reset made a key; None, which is not no, if nobody can say."""
    try:
        cloud = tools.account(target.target.account_id).cloud
        taker = target.functional_id
        if taker is None:
            return None, "Nobody was planned to take it over."
        has_key = cloud.has_new_key(target.target, taker, since)
    except OffboardingError as error:
        return None, f"The functional ID's keys could not be read: {error}"
    if has_key:
        return True, "The functional ID got its key, but does not show as the owner."
    return False, "The reset was sent, and neither a new owner nor a new key appeared."


def _fail(
    tools: Tools,
    claim: Claim,
    case: Case,
    target: CaseTarget,
    reason: Reason,
    detail: str,
    *before: Entry,
) -> tuple[Work, ...]:
    now = tools.clock()
    ended = target.ended(Outcome.FAILED, now, reason=reason, detail=detail)
    change = settled(tools, claim, case, ended, now)
    change = replace(change, entries=(*before, *change.entries))
    return tools.works.finish(claim, change)
