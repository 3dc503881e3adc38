"""Holds what was seen of an account against what else the account says of itself.

A list that comes back shorter than the other evidence says so; a target is called
nobody's only where nothing could be hidden.
"""

from dataclasses import replace

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    KeyOwner,
    NoOwner,
    Note,
    OwnerKind,
    Right,
    Unread,
)
from workers.offboarding.view import Seen, View
from workers.offboarding.words import counted


def doubted(view: View) -> View:
    """Return *view* with a note for each list that other evidence says is short."""
    hidden, lacking = _without_clusters(view), _without_keys(view)
    notes = (*hidden, *lacking)
    view = replace(
        view,
        has_clusters=view.has_clusters and not hidden,
        has_keys=view.has_keys and not lacking,
    )
    seen = tuple(_plainly(view, one) for one in view.seen)
    return replace(view, seen=seen, unseen=(*view.unseen, *notes))


def _without_clusters(view: View) -> list[Note]:
    """Doubt an account that shows keys and not one cluster, unless rights prove it."""
    keys = view.keys.keys if view.keys is not None else ()
    sees_all = view.visibility is not None and view.visibility.clusters is Right.OK
    if view.places or not keys or sees_all:
        return []
    text = (
        f"Account {view.account_id} lists no cluster, though IAM lists "
        f"{counted(len(keys), 'cluster API key')} there: clusters may be hidden from "
        "the identity that reads."
    )
    return [Note(Reason.LIST_SHORT, text)]


def _without_keys(view: View) -> list[Note]:
    """Doubt a key list that lacks the key of somebody who was seen to own one.

    Somebody removed has no key any more, and a functional ID's may be as new as this
    look; that an owner's key is listed under their IAM ID is not confirmed against a
    live account.
    """
    if view.keys is None or not view.has_people:
        return []
    people = {one.iam_id for one in view.people}
    missing = [
        one.target
        for one in view.seen
        if isinstance(one.reading, KeyOwner)
        and one.reading.kind is not OwnerKind.FUNCTIONAL_ID
        and one.reading.id in people
        and one.reading.id not in view.keys.owners_of(one.target.place)
    ]
    if not missing:
        return []
    text = (
        f"IAM's list of API keys in account {view.account_id} lacks a key of the owner "
        f"in {counted(len(missing), 'target')}, so it is not whole: targets without "
        "clusters may be missing here."
    )
    return [Note(Reason.LIST_SHORT, text)]


def _plainly(view: View, one: Seen) -> Seen:
    """Call a target nobody's only where IAM, seen whole, lists no key for it."""
    if one.read_as is not None:
        # By now the list may have shown that it is not whole.
        one = replace(one, reading=one.read_as, read_as=None)
    is_nameless = (
        isinstance(one.reading, Unread) and one.reading.reason is Reason.OWNER_UNKNOWN
    )
    if not is_nameless or view.keys is None or not view.has_keys or not view.is_proven:
        return one
    is_listed = view.keys.owners_of(one.target.place) or any(
        key.place is None for key in view.keys.keys
    )
    return one if is_listed else replace(one, reading=NoOwner(), read_as=one.reading)
