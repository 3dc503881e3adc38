"""One target's superseded keys, and what is written of how far the service got.

Who a key is left to, and the command, is said in ``offboarding/retirement.py``.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import asked_wait
from workers.offboarding.errors import OffboardingError
from workers.offboarding.model import Care, CaseTarget, FollowUp, ListedKey
from workers.offboarding.ports import Claim
from workers.offboarding.retirement import left_text
from workers.offboarding.steps.caring import TRIES, put_follow_up, put_off, told
from workers.offboarding.steps.tools import Tools

# What is left to a person, or goes with somebody's removal, is looked at so often.
_WATCH: Final = timedelta(days=1)
_WATCHES: Final = 30


@dataclass(frozen=True, slots=True)
class OldKeys:
    """One target's superseded keys, and the follow-up that has them retired.

    ``began`` is when work on the case began: no reset of it was sent before.
    """

    tools: Tools
    claim: Claim
    target: CaseTarget
    follow_up: FollowUp
    care: Care
    began: datetime

    @property
    def account_id(self) -> str:
        """Return whose account it is in."""
        return self.target.target.account_id


def done_with(old: OldKeys) -> None:
    """Write that nothing superseded is there any more."""
    done = replace(old.follow_up, done_at=old.tools.clock())
    write(old, done, "key.retirement_done")


def try_later(old: OldKeys, error: OffboardingError) -> None:
    """Try again after a pause that grows; after some tries it is left to a person."""
    if old.care.is_refused or old.care.tries + 1 >= TRIES:
        watch(old, str(error))
        return
    later = put_off(old.follow_up, old.care, old.tools.clock(), asked_wait(error))
    write(old, later, "key.retirement_delayed", detail=str(error))


def watch(old: OldKeys, why: str, key: ListedKey | None = None) -> None:
    """Leave the keys to a person, and look day by day whether they are gone.

    A leaver's keys go with their removal. What was said first stays.
    """
    tries = old.care.tries + 1 if old.care.is_refused else 0
    if tries >= _WATCHES:
        write(old, replace(old.follow_up, care=None), "key.retirement_given_up")
        return
    care = Care(old.tools.clock() + _WATCH, tries=tries, is_refused=True)
    left = replace(old.follow_up, care=care)
    if old.care.is_refused:
        write(old, left)
        return
    left = replace(left, text=left_text(why, key, old.tools.retirement))
    write(old, left, "key.retirement_left", detail=why)


def give_up(old: OldKeys, why: str) -> None:
    """Leave the keys to a person, and look no more."""
    text = left_text(why, None, old.tools.retirement)
    left = replace(old.follow_up, text=text, care=None)
    write(old, left, "key.retirement_left", detail=why)


def write(
    old: OldKeys,
    one: FollowUp,
    what: str = "",
    *,
    detail: str | None = None,
    request_id: str | None = None,
    is_open: bool = False,
) -> bool:
    """Write the follow-up as *one* is, and in the ledger *what* came of it.

    Returns:
        False if it had to be open still, and was ticked off.
    """
    now = old.tools.clock()
    entries = (
        (told(old.claim, now, what, old.target, detail=detail, request_id=request_id),)
        if what
        else ()
    )
    return put_follow_up(
        old.tools, old.claim, old.target, one, *entries, only_open=is_open
    )
