"""Whether an account that lists not one cluster is believed. Pure.

A far side in trouble answers with an empty list too, and "owns nothing" is what would
follow from it. So it is held against what IAM lists there, against what surveys have
seen, and against a second look.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.model import Note, Right
from workers.offboarding.view import View
from workers.offboarding.words import counted

# Keys stay listed when their clusters are deleted, so other evidence does not count for
# ever; no trouble of a list lasts this long over several surveys.
LONG_EMPTY: Final = timedelta(hours=24)
_SEVERAL: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account beside one look at it.

    Attributes:
        index: What surveys have read.
        at: When the look began.
        iam_id: Whose keys are looked for; None while nobody is found.
        is_gone: Whether they are known to be removed from the account.
        was_empty: Whether a look before this one saw no cluster there either.
    """

    index: AccountIndex
    at: datetime
    iam_id: str | None = None
    is_gone: bool = False
    was_empty: bool = False


def lists_none(view: View) -> bool:
    """Tell whether every cluster list was read, and not one cluster was there."""
    return view.has_clusters and not view.places


def accounts_without(views: Iterable[View]) -> tuple[str, ...]:
    """Return the ids of the accounts that list no cluster."""
    return tuple(sorted(one.account_id for one in views if lists_none(one)))


def doubted_if_empty(view: View, known: Known) -> View:
    """Return *view* with a note if it lists no cluster and that is not to be believed.

    Such a view is not final: looking again may show what there is.
    """
    if not lists_none(view):
        return view
    why = contradicted(view, known.index, known.at)
    if not why and not _is_borne_out(view, known):
        why = "and nothing but one look says so: clusters may be hidden."
    if not why:
        return view
    text = f"Account {view.account_id} lists no cluster, {why}"
    note = Note(Reason.LIST_SHORT, text)
    return replace(
        view, unseen=(*view.unseen, note), has_clusters=False, is_final=False
    )


def contradicted(view: View, index: AccountIndex, at: datetime) -> str:
    """Say what speaks against an account without clusters; empty if nothing does.

    Once surveys of a reader who sees all have seen none for long enough, what is left
    over from before speaks against it no more. One alone, after which none could see,
    is none of those.
    """
    since = index.empty_since
    is_proven = view.visibility is not None and view.visibility.clusters is Right.OK
    is_long = since is not None and at - since >= LONG_EMPTY
    if is_proven and is_long and index.empty_surveys >= _SEVERAL:
        return ""
    keys = len(view.keys.keys) if view.keys is not None else 0
    targets = sum(bool(one.target.readable) for one in index.holdings)
    found = [f"IAM lists {counted(keys, 'cluster API key')} there"] if keys else []
    if targets:
        found.append(f"surveys saw {counted(targets, 'target')} there")
    if not found:
        return ""
    return (
        f"though {' and '.join(found)}: clusters may be hidden. If it has none any "
        "more, that is believed once surveys have seen none for 24 hours."
    )


def _is_borne_out(view: View, known: Known) -> bool:
    """Tell whether more than one look says that nothing of the leaver's is there.

    IAM's list of keys does, of whoever is still in the account: keys go with people.
    """
    if known.was_empty or known.index.empty_since is not None:
        return True
    people = {one.iam_id for one in view.people}
    is_there = known.iam_id in people and not known.is_gone
    return is_there and view.has_keys and view.is_proven


def as_empty(view: View, before: AccountIndex, at: datetime) -> AccountIndex:
    """Return the index with since when surveys have seen no cluster, and how many."""
    if not view.has_clusters and not view.places:
        # Not seen this time, which says nothing either way.
        return before
    if not lists_none(view) or not view.sees_clusters:
        return replace(before, empty_since=None, empty_surveys=0)
    since, many = before.empty_since or at, before.empty_surveys + 1
    return replace(before, empty_since=since, empty_surveys=many)
