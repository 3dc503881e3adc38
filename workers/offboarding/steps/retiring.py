"""Retire superseded cluster API keys, once everything of a case is safe and settled in.

Which keys are superseded is decided in ``offboarding/retirement.py``. IAM's list is
read first each time, so that what an earlier try did, or a person, is not tried again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from workers.offboarding.discovery import read
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    RETIRE_OLD_KEY,
    Case,
    CaseResult,
    KeyList,
    KeyOwner,
    ListedKey,
    OwnerKind,
)
from workers.offboarding.ports import Claim, Retirement
from workers.offboarding.retirement import (
    Holder,
    kept_because,
    key_in_use,
    left_over,
    superseded,
)
from workers.offboarding.steps.caring import NotNowError, cared_for, writer
from workers.offboarding.steps.old_keys import (
    OldKeys,
    done_with,
    give_up,
    try_later,
    watch,
    write,
)
from workers.offboarding.steps.proving import settled_in
from workers.offboarding.steps.tools import Tools

_STILL_SHOWN: Final = "IAM's list still shows a key that it said it had retired"
_NOT_SHOWN: Final = (
    "IAM's list does not plainly show the key that is in use here, so that of no other "
    "it can be said that it is superseded"
)


def retire(tools: Tools, claim: Claim, case: Case) -> datetime | None:
    """Retire what is superseded; return when to come back, None for never."""
    waiting = _waiting(tools, claim, case)
    if tools.retirement is Retirement.OFF:
        for old in waiting:
            give_up(old, "The service does not retire keys any more")
        return None
    if not waiting or case.result is not CaseResult.SAFE:
        # A retried case sends this work again when it settles.
        return None
    if not all(one.is_safe for one in case.targets):
        for old in waiting:
            give_up(old, "A target of the case is accepted as a blind spot")
        return None
    now, at = tools.clock(), settled_in(tools, case)
    if now < at:
        return at
    held = _retire_due(tools, claim, [one for one in waiting if one.care.due_at <= now])
    case = tools.cases.load(case.id)
    later = [one.care.due_at for one in _waiting(tools, claim, case)]
    return min([*held, *(each for each in later if each > now)], default=None)


def _waiting(tools: Tools, claim: Claim, case: Case) -> list[OldKeys]:
    began = case.started_at or case.received_at
    return [
        OldKeys(tools, claim, *each, began) for each in cared_for(case, RETIRE_OLD_KEY)
    ]


def _retire_due(tools: Tools, claim: Claim, due: Sequence[OldKeys]) -> list[datetime]:
    """Deal with one account after the other; return when those that may not be may."""
    held = []
    for account_id in sorted({one.account_id for one in due}):
        mine = [one for one in due if one.account_id == account_id]
        try:
            writer(tools, account_id)
            _retire_in(tools, account_id, mine)
        except NotNowError as error:
            held.append(tools.clock() + error.wait)
    return held


def _retire_in(tools: Tools, account_id: str, due: Sequence[OldKeys]) -> None:
    keys = _listed(tools, account_id, due)
    if keys is None:
        return
    sent: list[tuple[OldKeys, Holder]] = []
    for old in due:
        try:
            holder = _retire_at(old, keys)
            sent += [] if holder is None else [(old, holder)]
        except LostAnswerError as error:
            # The list shows next time whether it was done.
            try_later(old, TransientError(str(error)))
        except TransientError as error:
            try_later(old, error)
        except PermanentError as error:
            watch(old, str(error))
    _see_gone(tools, account_id, sent)


def _listed(tools: Tools, account_id: str, due: Sequence[OldKeys]) -> KeyList | None:
    """List an account's keys; None where that cannot be done now, and is put off."""
    try:
        keys = tools.account(account_id).cloud.cluster_keys()
        _check_whole(keys)
    except (PermanentError, TransientError) as error:
        for old in due:
            try_later(old, error)
        return None
    return keys


def _check_whole(keys: KeyList) -> None:
    if not keys.has_own:
        text = "IAM's list of API keys lacks a key of the identity that asks for it."
        raise TransientError(text)


def _see_gone(
    tools: Tools, account_id: str, sent: Sequence[tuple[OldKeys, Holder]]
) -> None:
    """Look whether what was retired is gone: a status code is no proof of that."""
    keys = _listed(tools, account_id, [old for old, _ in sent]) if sent else None
    if keys is None:
        return
    for old, holder in sent:
        if _rest(old, keys, holder):
            try_later(old, TransientError(_STILL_SHOWN))
        else:
            done_with(old)


def _retire_at(old: OldKeys, keys: KeyList) -> Holder | None:
    """Retire a target's superseded keys, or say why they are left alone.

    Returns:
        Who owns it, where all that is superseded was retired and is to be seen gone.
    """
    owner, holder = _held_now(old)
    in_use = key_in_use(keys, holder)
    now, settle = old.tools.clock(), old.tools.settle
    made_at = in_use.created_at if in_use is not None else None
    # One that is made in days to come would be waited for till then, without a word.
    if made_at is None or made_at - settle > now:
        watch(old, _NOT_SHOWN)
        return None
    rest = _rest(old, keys, holder)
    if not rest:
        done_with(old)
        return None
    if old.care.is_refused:
        watch(old, kept_because(rest[0]))
    elif made_at + settle > now:
        # Somebody reset it again: clusters may be on the key before for as long.
        later = replace(old.care, due_at=made_at + settle)
        write(old, replace(old.follow_up, care=later))
    elif _retire_all(old, keys, holder, owner, rest):
        return holder
    return None


def _retire_all(
    old: OldKeys,
    keys: KeyList,
    holder: Holder,
    owner: KeyOwner,
    rest: Sequence[ListedKey],
) -> bool:
    """Retire what is superseded for sure; False where anything is left to a person."""
    made_before = old.tools.clock() - old.tools.settle
    chosen = superseded(keys, [holder], ours={owner.id}, made_before=made_before)
    for key in chosen:
        if key in rest and not _retire_key(old, key, owner):
            return False
    kept = [key for key in rest if key not in chosen]
    if kept:
        watch(old, kept_because(kept[0]), kept[0])
    return not kept


def _held_now(old: OldKeys) -> tuple[KeyOwner, Holder]:
    """Read who owns the target now; only one of our functional IDs' is touched."""
    target, cloud = old.target, old.tools.account(old.account_id).cloud
    owner = read(cloud, target.target).reading
    if not isinstance(owner, KeyOwner) or target.intent_at is None:
        raise TransientError("The present owner could not be read.")
    planned = target.functional_id
    is_planned = planned is not None and owner.id == planned.id
    if not is_planned and owner.kind is not OwnerKind.FUNCTIONAL_ID:
        text = f"The key in use is {owner.id}'s by now, so nothing was touched"
        raise PermanentError(text, reason=Reason.ANOTHER_OWNER)
    former = target.owner_before
    former_id = former.id if former is not None else None
    place = target.target.place
    return owner, Holder(place, owner.id, former_id, target.intent_at, old.began)


def _rest(old: OldKeys, keys: KeyList, holder: Holder) -> list[ListedKey]:
    """Return what is still there, besides the key in use."""
    is_disabled_enough = old.tools.retirement is Retirement.DISABLE
    return [
        one
        for one in left_over(keys, holder)
        if not (one.is_disabled and is_disabled_enough)
    ]


def _retire_key(old: OldKeys, key: ListedKey, owner: KeyOwner) -> bool:
    """Retire one key; False where the others have to be left alone."""
    resets, how = writer(old.tools, old.account_id), old.tools.retirement
    now = old.tools.clock()
    asked = replace(old.follow_up, care=replace(old.care, asked_at=now))
    detail = f"{how} {key.id} of {key.iam_id}"
    if not write(old, asked, "key.retirement_intended", detail=detail, is_open=True):
        return False
    try:
        request_id = resets.retire(
            key, owner, how, last_look=partial(writer, old.tools, old.account_id)
        )
    except PermanentError as error:
        watch(old, str(error), key)
        return False
    write(old, asked, "key.retired", detail=detail, request_id=request_id)
    return True
