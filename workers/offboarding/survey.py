"""A survey: what was seen of an account → its index, and what is worth telling.

Pure. What a survey could not read keeps the owner that an earlier one read, marked as
unread: history helps to know whose a key was, and is never the present.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.emptiness import Known, as_empty, doubted_if_empty
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import (
    KeyOwner,
    NoOwner,
    OwnerKind,
    ResourceGroup,
    Right,
    Target,
    Unread,
)
from workers.offboarding.view import Seen, View
from workers.offboarding.warnings import hidden_from

# More owners gone at once than this looks like a list that hides people: then no case
# is opened by itself, and a person is asked to look.
MOST_GONE: Final = 5
# How long a target is remembered that may be hidden, or may have been deleted.
_REMEMBERED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A target that a functional ID owned, and a person owns now."""

    target: Target
    before: KeyOwner
    now: KeyOwner


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey found.

    ``gone`` are people who own something and left the user list since it was last read
    whole; ``taken_over`` is news since the survey before. ``is_sure`` tells whether
    nobody can be hidden from the reader, so that who is not listed is not there.
    """

    index: AccountIndex
    is_sure: bool = True
    gone: tuple[KeyOwner, ...] = ()
    taken_over: tuple[TakenOver, ...] = ()


def surveyed(
    view: View, before: AccountIndex, at: datetime, were: Collection[str]
) -> Surveyed:
    """Make the index of an account from one look at all of it.

    Args:
        view: What was seen, of the whole account.
        before: The index as it was.
        at: When the look began.
        were: IAM IDs of owners who were on the user list when it was last read whole.
    """
    known = {one.target.id: one for one in before.holdings}
    before = as_empty(view, before, at)
    # A first look is what the next one is held against.
    view = doubted_if_empty(view, Known(before, at, was_empty=True))
    read = [_holding(view, one, known.get(one.target.id), at) for one in view.seen]
    hidden = _hidden(view, before, at)
    kept = {one.target.place for one in hidden}
    index = AccountIndex(
        account_id=view.account_id,
        holdings=(*read, *_listed_only(view, kept, at), *hidden),
        surveyed_at=at,
        has_people=view.has_people,
        notes=(*view.unseen, *hidden_from(view)),
        empty_since=before.empty_since,
        empty_surveys=before.empty_surveys,
        people_at=at if view.has_people else before.people_read_at,
    )
    is_sure = view.visibility is not None and view.visibility.users is Right.OK
    return Surveyed(index, is_sure, _gone(index, were), _taken_over(index, known))


def owners_of(view: View, before: AccountIndex) -> list[str]:
    """Return the IAM IDs of every owner that was read, now or before."""
    now = [one.reading.id for one in view.seen if isinstance(one.reading, KeyOwner)]
    then = [one.owner.id for one in before.holdings if one.owner is not None]
    return list(dict.fromkeys((*now, *then)))


def _holding(view: View, one: Seen, known: Holding | None, at: datetime) -> Holding:
    match one.reading:
        case KeyOwner() as owner:
            has_left = _has_left(view, owner, known)
            return Holding(
                one.target, ReadingKind.OWNER, owner, None, at, has_left=has_left
            )
        case NoOwner():
            return _without(view, one.target, ReadingKind.NONE, None, known, at)
        case Unread(reason=reason):
            return _without(view, one.target, ReadingKind.UNREAD, reason, known, at)


def _without(
    view: View,
    target: Target,
    reading: ReadingKind,
    reason: Reason | None,
    known: Holding | None,
    at: datetime,
) -> Holding:
    owner = known.owner if known is not None else None
    has_left = owner is not None and _has_left(view, owner, known)
    return Holding(target, reading, owner, reason, at, has_left=has_left)


def _has_left(view: View, owner: KeyOwner, known: Holding | None) -> bool:
    """Tell whether an owner is a person who is on no user list any more."""
    if owner.kind is not OwnerKind.PERSON:
        return False
    if not view.has_people:
        before = known.owner if known is not None else None
        is_same = before is not None and before.id == owner.id
        return is_same and known is not None and known.has_left
    # That the id shown is an IAM ID is not confirmed: whose address is there is there.
    address = owner.email.lower() if owner.email else None
    return not any(
        owner.id == one.iam_id or (address and address in one.addresses)
        for one in view.people
    )


def _listed_only(
    view: View, kept: Collection[tuple[str, str]], at: datetime
) -> list[Holding]:
    """Find the places where IAM lists a cluster API key, and no cluster is."""
    known = {one.place for one in view.places}.union(kept)
    keys = view.keys.keys if view.keys is not None else ()
    found = []
    for region, group_id in sorted({one.place for one in keys if one.place} - known):
        group = ResourceGroup(group_id, view.group_names.get(group_id, group_id))
        target = Target(view.account_id, region, group)
        reason = Reason.NO_CLUSTER if view.has_clusters else Reason.LIST_UNREADABLE
        found.append(Holding(target, ReadingKind.UNREAD, None, reason, at))
    return found


def _hidden(view: View, before: AccountIndex, at: datetime) -> list[Holding]:
    """Keep what an earlier survey saw and this one did not, for a while.

    Only lists that are whole, of a reader from whom no cluster can be hidden, say that
    it is gone; else it is forgotten when nothing was seen of it for so long.
    """
    if view.sees_clusters:
        return []
    here = {one.place for one in view.places}
    return [
        replace(
            one,
            reading=ReadingKind.UNREAD,
            reason=Reason.LIST_SHORT,
            has_left=one.owner is not None and _has_left(view, one.owner, one),
        )
        for one in before.holdings
        if one.target.clusters
        and one.target.place not in here
        and (one.checked_at is None or at - one.checked_at <= _REMEMBERED)
    ]


def _gone(index: AccountIndex, were: Collection[str]) -> tuple[KeyOwner, ...]:
    """Find the owners who were on the user list when it was last whole, and left it."""
    if not index.has_people:
        return ()
    gone = {
        one.owner.id: one.owner
        for one in index.holdings
        if one.owner is not None and one.has_left and one.owner.id in were
    }
    return tuple(gone[each] for each in sorted(gone))


def _taken_over(
    index: AccountIndex, known: dict[str, Holding]
) -> tuple[TakenOver, ...]:
    found = []
    for one in index.holdings:
        before = known[one.target.id].owner if one.target.id in known else None
        now = one.owner_now
        if before is None or before.kind is not OwnerKind.FUNCTIONAL_ID:
            continue
        if now is None or now.id == before.id:
            # The same one: what kind it is could not be told for a while.
            continue
        if now.kind is OwnerKind.PERSON:
            found.append(TakenOver(one.target, before, now))
    return tuple(found)
