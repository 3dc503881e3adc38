"""What all that is done after a case settled shares: when to write, and how.

A settled case is written by others too, who tick follow-ups off. Every change names the
revision it was read at, so that none overwrites another's.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.entries import about_target
from workers.offboarding.errors import CaseChangedError, OffboardingError, Reason
from workers.offboarding.model import Care, Case, CaseTarget, Entry, FollowUp
from workers.offboarding.ports import Change, Claim, Resets
from workers.offboarding.steps.tools import Tools, entry_of, pause

# Faults in a row before a follow-up is left to a person: some two hours.
TRIES: Final = 8
_PAUSED: Final = timedelta(minutes=1)
# Arming an account takes a change of the settings, and nobody waits for this.
_NOT_ARMED: Final = timedelta(hours=1)
_ANEW: Final = timedelta(seconds=1)
_WRITES: Final = 10


class NotNowError(OffboardingError):
    """Nothing may be written there now; it comes back after ``wait``."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


def writer(tools: Tools, account_id: str) -> Resets:
    """Return the means to write in an account; asked immediately before each write.

    Raises:
        NotNowError: It is not armed, or paused; or may not be armed any more.
    """
    if not tools.is_in_force():
        raise NotNowError("The settings were read anew.", _ANEW)
    account = tools.accounts.get(account_id)
    if account is None or account.resets is None:
        raise NotNowError(f"Account {account_id} is not armed.", _NOT_ARMED)
    if tools.switches.is_paused(account_id):
        raise NotNowError("Resets are paused.", _PAUSED)
    return account.resets


def cared_for(case: Case, kind: str) -> Iterator[tuple[CaseTarget, FollowUp, Care]]:
    """Return the open follow-ups of a kind that the service deals with itself."""
    for target in case.targets:
        for one in target.follow_ups:
            if one.kind == kind and one.done_at is None and one.care is not None:
                yield target, one, one.care


def put(
    tools: Tools,
    claim: Claim,
    target_id: str,
    turned: Callable[[CaseTarget], CaseTarget | None],
    *entries: Entry,
) -> bool:
    """Write a target as *turned* makes it of what it is now, and keep the work.

    Returns:
        False if *turned* gave None: nothing was written then.
    """
    for _ in range(_WRITES):
        case = tools.cases.load(claim.work.case_id)
        target = turned(case.target(target_id))
        if target is None:
            return False
        change = Change(case=case, targets=(target,), entries=entries)
        try:
            tools.works.record(claim, change)
        except CaseChangedError:
            continue
        return True
    raise CaseChangedError("The case keeps changing.")


def put_follow_up(
    tools: Tools,
    claim: Claim,
    target: CaseTarget,
    one: FollowUp,
    *entries: Entry,
    only_open: bool = False,
) -> bool:
    """Write a follow-up as *one* is; what a person ticked off meanwhile stays ticked.

    Returns:
        False if it is *only_open* that is to be written, and it is done.
    """

    def turned(now: CaseTarget) -> CaseTarget | None:
        is_done = any(
            each.key == one.key and each.done_at is not None for each in now.follow_ups
        )
        if is_done:
            return None if only_open else now
        return with_follow_up(now, one)

    return put(tools, claim, target.target.id, turned, *entries)


def with_follow_up(target: CaseTarget, one: FollowUp) -> CaseTarget:
    """Return the target with this follow-up in its present state."""
    kept = tuple(one if each.key == one.key else each for each in target.follow_ups)
    return replace(target, follow_ups=kept)


def put_off(one: FollowUp, care: Care, now: datetime, asked: float) -> FollowUp:
    """Return a follow-up that is tried again, after a pause that grows."""
    grown = pause(care.tries, first_seconds=60, longest_seconds=1800)
    due_at = now + max(grown, timedelta(seconds=asked))
    tried = replace(care, due_at=due_at, asked_at=None, tries=care.tries + 1)
    return replace(one, care=tried)


def told(
    claim: Claim,
    at: datetime,
    what: str,
    target: CaseTarget,
    *,
    reason: Reason | None = None,
    request_id: str | None = None,
    detail: str | None = None,
) -> Entry:
    """Make a ledger entry about one target; the work in hand is about all of them."""
    entry = entry_of(
        claim, at, what, reason=reason, request_id=request_id, detail=detail
    )
    return replace(about_target(entry, target), target_id=target.target.id)
