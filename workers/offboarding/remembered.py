"""What of the owner index need not be read again: IAM's list says since when it holds.

A reset always makes a new API key, and IAM lists whose it is and when it was made. So
who was read as the owner of a target still is, where that list has their key for its
place and none that was made since. That holds for somebody who is in the account, and
was all the time: keys of people who were removed are listed no more, and do not come
back with them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.exposure import AccountIndex, Holding
from workers.offboarding.model import KeyOwner, ListedKey, Right
from workers.offboarding.view import View

# IAM's clock and ours may differ, and a key may have been made while it was read.
MARGIN: Final = timedelta(minutes=10)

_Place = tuple[str, str] | None


def still_owned(view: View, index: AccountIndex) -> dict[str, KeyOwner]:
    """Tell whose targets are as the index has them, by target id.

    Only by a list that is whole, of a reader who is proven to see everybody's keys. A
    target of which the list does not plainly say it is left out: it is to be read. That
    keys are listed under their owner's IAM ID, and for which place they are, is not
    confirmed against a live account.

    Args:
        view: An account, with IAM's key list and what its reader may see.
        index: What surveys have read there.
    """
    sees_all = view.visibility is not None and view.visibility.keys is Right.OK
    if view.keys is None or not view.has_keys or not sees_all:
        return {}
    listed = _by_place(view.keys.keys)
    return {
        one.target.id: owner
        for one in index.holdings
        if (owner := _still(one, listed)) is not None
    }


def untouched(
    holdings: Iterable[Holding], keys: Iterable[ListedKey]
) -> tuple[Holding, ...]:
    """Return those for whose place no key is listed that was made since they were read.

    Enough to begin with, since each reset reads its owner first; it proves nothing.

    Args:
        holdings: What surveys have read.
        keys: The account's cluster API keys made since ``since_of`` these.
    """
    listed = _by_place(keys)
    return tuple(one for one in holdings if _is_untouched(one, listed))


def has_stayed(view: View, index: AccountIndex, iam_id: str | None) -> bool:
    """Tell whether somebody was in an account ever since it was surveyed.

    Who was removed and invited again has none of their keys any more. When they were
    added says so, where IBM Cloud tells it; that it is another time then is not
    confirmed against a live account. So does a key that a survey saw in force.
    """
    mine = [one for one in view.people if one.iam_id == iam_id]
    if not mine or view.keys is None or index.surveyed_at is None:
        return False
    since = index.surveyed_at - MARGIN
    if any(one.added_at is not None and one.added_at >= since for one in mine):
        return False
    return all(
        iam_id in view.keys.owners_of(one.target.place)
        for one in index.of(iam_id)
        if one.owner_now is not None
    )


def since_of(holdings: Iterable[Holding]) -> datetime | None:
    """Return from when on keys are to be listed to judge all of these; None: none."""
    times = [one.checked_at for one in holdings if one.checked_at is not None]
    return min(times) - MARGIN if times else None


def _by_place(keys: Iterable[ListedKey]) -> dict[_Place, list[ListedKey]]:
    found: dict[_Place, list[ListedKey]] = {}
    for one in keys:
        found.setdefault(one.place, []).append(one)
    return found


def _still(one: Holding, listed: Mapping[_Place, list[ListedKey]]) -> KeyOwner | None:
    here = listed.get(one.target.place, [])
    owner = one.owner_now
    if owner is None or not here or not _is_untouched(one, listed):
        return None
    newest = max(here, key=_made_at)
    return owner if newest.iam_id == owner.id else None


def _is_untouched(one: Holding, listed: Mapping[_Place, list[ListedKey]]) -> bool:
    """Tell whether no key that may be of its place was made since it was read."""
    if one.checked_at is None:
        return False
    moment = one.checked_at - MARGIN
    # A key that does not say where it belongs may belong here.
    keys = (*listed.get(one.target.place, []), *listed.get(None, []))
    return all(key.created_at is not None and key.created_at < moment for key in keys)


def _made_at(key: ListedKey) -> datetime:
    if key.created_at is None:
        raise ValueError("A key without a time is never compared")
    return key.created_at
