"""Which cluster API keys are superseded, so that nothing hangs on them. Pure.

IAM's list does not say which key is in use. Whoever owns a place since a reset has one
in use that was made since, mostly the newest: a reset that failed halfway may have left
a newer one that nothing hangs on. In doubt a key is kept: a spare key costs a slot, the
one in use costs every cluster of its place.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.advice import cleaned, shell_word
from workers.offboarding.model import KeyList, ListedKey
from workers.offboarding.ports import Retirement
from workers.offboarding.reasons import IAM_ADMIN

# IAM gives times to the minute too: of two keys this close either may be the newer.
SAME_MOMENT: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key is in use at a place that a reset put in order.

    Attributes:
        place: Region and resource group id.
        owner_id: Who owns it as read just now.
        former_id: Who owned it before the reset; None where nobody was read.
        since: When the reset was about to be sent; the key in use is not older.
        began: When the first reset may have been sent; of the keys made since then each
            may be the one in use. None: ``since``.
    """

    place: tuple[str, str]
    owner_id: str
    former_id: str | None
    since: datetime
    began: datetime | None = None


def key_in_use(keys: KeyList, holder: Holder) -> ListedKey | None:
    """Return the newest key of the owner at their place; None where nobody can tell.

    That it is the one in use is likely, and no more: see ``superseded``.
    """
    own = [
        one
        for one in keys.keys
        if one.place == holder.place and one.iam_id == holder.owner_id
    ]
    dated = [(one.created_at, one) for one in own if one.created_at is not None]
    if not dated or len(dated) < len(own):
        return None
    created_at, newest = max(dated, key=lambda each: each[0])
    # Without the key that the reset made, the list does not show the one in use; and a
    # disabled one was hardly left in use, so that it may be an older one that is.
    is_shown = created_at >= holder.since - SAME_MOMENT and not newest.is_disabled
    return newest if is_shown else None


def left_over(keys: KeyList, holder: Holder) -> list[ListedKey]:
    """Return the keys at a place that are its former or present owner's and not in use.

    They need not be superseded for sure: that is what ``superseded`` tells.
    """
    in_use = key_in_use(keys, holder)
    whose = {holder.owner_id, holder.former_id}
    return [
        one
        for one in keys.keys
        if one.place == holder.place and one.iam_id in whose and one != in_use
    ]


def superseded(
    keys: KeyList,
    holders: Iterable[Holder],
    *,
    ours: Collection[str],
    made_before: datetime,
) -> list[ListedKey]:
    """Choose the keys that may be retired, in the order of the list.

    Args:
        keys: What IAM lists; a list that is not whole gives none.
        holders: Who owns the places in question now.
        ours: IAM IDs of our functional IDs; a place of anybody else's gives none.
        made_before: The key in use must be no newer, so that every cluster has it.
    """
    if not keys.has_own:
        return []
    return [
        one
        for holder in holders
        if holder.owner_id in ours
        for one in _older(keys, holder, made_before)
    ]


def _older(keys: KeyList, holder: Holder, made_before: datetime) -> list[ListedKey]:
    in_use = key_in_use(keys, holder)
    if in_use is None or in_use.created_at is None or in_use.created_at > made_before:
        return []
    # Of what was made since the case began each may be in use, whoever owns it: the
    # owner that was read, too, may be one of before. One moment for the two clocks,
    # one for times to the minute.
    until = min(holder.began or holder.since, holder.since) - 2 * SAME_MOMENT
    return [
        one
        for one in left_over(keys, holder)
        if one.id not in ("", in_use.id)
        and not one.is_locked
        and one.created_at is not None
        and one.created_at < until
    ]


def kept_because(key: ListedKey) -> str:
    """Say why a key that is not in use was kept all the same."""
    if key.is_locked:
        return f"Key {key.id} is locked, or it could not be told that it is not"
    if key.created_at is None:
        return f"When key {key.id} was made is not known"
    if not key.id:
        return "A key there has no id to name it by"
    return (
        f"Key {key.id} was made about when the reset was, or later, so that it may be "
        "the one in use"
    )


def left_text(why: str, key: ListedKey | None, how: Retirement) -> str:
    """Say why superseded keys are left to a person, who that is, and the command."""
    command = f" Command: `{_command(key, how)}`." if key and key.id else ""
    return (
        "Superseded cluster API keys here are left to be retired by hand. "
        f"{cleaned(why, 300).rstrip('.')}. Who can: {IAM_ADMIN}, who has to be sure "
        f"that the key is not the one in use; a locked key is unlocked first.{command} "
        "A person's keys also go when they are removed from the account."
    )


def _command(key: ListedKey, how: Retirement) -> str:
    verb = "disable" if how is Retirement.DISABLE else "delete"
    if key.iam_id.startswith("iam-ServiceId-"):
        whose = shell_word(key.iam_id.removeprefix("iam-"))
        return f"ibmcloud iam service-api-key-{verb} {shell_word(key.id)} {whose}"
    return f"ibmcloud iam api-key-{verb} {shell_word(key.id)}"
