"""Begin a case with what surveys have read: whose targets are known.

It spares a departure the look at a whole account before its first reset. A target for
which no key was made since is not read for that either: each reset reads its own
target's owner immediately before. What the owner index does not plainly say is left to
the look at everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from workers.offboarding.discovery import at_once, in_time, read_all
from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    TransientError,
)
from workers.offboarding.exposure import AccountIndex, Holding
from workers.offboarding.model import Case, KeyOwner, ListedKey, Person
from workers.offboarding.plan import Resolved, who_is
from workers.offboarding.ports import Cloud
from workers.offboarding.remembered import since_of, untouched
from workers.offboarding.steps.tools import PATIENCE_SECONDS, Tools
from workers.offboarding.view import Seen, View


def remembered_views(
    tools: Tools, indexes: Sequence[AccountIndex], case: Case, at: datetime
) -> list[View] | None:
    """Make a view of each account of which a fresh survey tells enough.

    Returns:
        Views that hold the leaver's own entry on the user list and their targets, as
        surveys read them or read live; None where nobody, or more than one, is meant,
        or where nothing is known to be theirs.
    """
    fresh = [one for one in indexes if knows_people(tools, one, at)]
    if len(fresh) < len(indexes) and not _is_named_by_id(tools, case):
        # Another account may know another person of that e-mail.
        return None
    views = views_of_people(tools, fresh, case)
    resolved = remembered_leaver(tools, fresh, views, case)
    iam_id = resolved.leaver.iam_id
    if iam_id is None or resolved.is_ambiguous:
        return None
    if not any(index.of(iam_id) for index in fresh):
        return None
    pairs = list(zip(fresh, views, strict=True))
    return in_time(
        partial(_begun_with, tools, case, iam_id, at),
        [(tools.accounts[one.account_id].cloud, (one, view)) for one, view in pairs],
        _left,
        patience=PATIENCE_SECONDS,
    )


def _left(pair: tuple[AccountIndex, View]) -> View:
    """Begin without an account that is silent: nothing there is sure now."""
    index, view = pair
    places = tuple(one.target for one in index.holdings)
    return replace(view, places=places, has_ours=False, is_final=False)


def views_of_people(
    tools: Tools, indexes: Sequence[AccountIndex], case: Case
) -> list[View]:
    """Make a view of each account that holds the leaver's entries on the user list."""
    named = [one for one in (case.leaver.email, case.leaver.iam_id) if one]
    names = [*named, *case.aliases, *_mapped(tools, case)]
    return [
        View(one.account_id, people=tools.index.people(one.account_id, names))
        for one in indexes
    ]


def remembered_leaver(
    tools: Tools,
    indexes: Sequence[AccountIndex],
    views: Sequence[View],
    case: Case,
) -> Resolved:
    """Find who is meant by what surveys have read alone."""
    owners = [one.owner for each in indexes for one in each.holdings if one.owner]
    return who_is(
        case.leaver,
        views,
        case.aliases,
        named=case.as_named,
        same_people=tools.same_people,
        remembered=owners,
    )


def is_fresh(tools: Tools, index: AccountIndex, at: datetime) -> bool:
    """Tell whether a survey is young and whole enough to go by."""
    return (
        index.surveyed_at is not None
        and index.has_people
        and at - index.surveyed_at <= tools.index_life
    )


def knows_people(tools: Tools, index: AccountIndex, at: datetime) -> bool:
    """Tell whether who is in an account is known well enough to go by.

    Where later surveys could not see it, the list before them is as good as it was:
    one faulty account takes the warm start from nobody. Of what is owned there nothing
    is known then, since such a survey marks it as unread.
    """
    read_at = index.people_read_at
    return read_at is not None and at - read_at <= tools.index_life


def _is_named_by_id(tools: Tools, case: Case) -> bool:
    mapped = [name for name in _mapped(tools, case) if "@" not in name]
    return case.as_named.iam_id is not None or bool(mapped)


def _mapped(tools: Tools, case: Case) -> list[str]:
    """Return every name the identity map gives the leaver."""
    mine = {case.leaver.email, case.leaver.iam_id, *case.aliases} - {None}
    return [
        name
        for one in tools.same_people
        if mine & {one.iam_id, *one.emails}
        for name in (*one.emails, *((one.iam_id,) if one.iam_id else ()))
    ]


def _begun_with(
    tools: Tools, case: Case, iam_id: str, at: datetime, pair: tuple[AccountIndex, View]
) -> View:
    index, view = pair
    mine = [
        one
        for one in index.of(iam_id)
        if one.owner_now is not None
        and one.checked_at is not None
        and at - one.checked_at <= tools.index_life
        and (case.scope is None or case.scope.covers(one.target))
    ]
    ours = ours_in(tools, index.account_id)
    return replace(
        view,
        people=_with(view.people, tools.index.people(index.account_id, [iam_id])),
        seen=_seen(tools.accounts[index.account_id].cloud, mine),
        places=tuple(one.target for one in index.holdings),
        ours=ours or (),
        has_ours=ours is not None,
        is_final=False,
    )


def _seen(cloud: Cloud, mine: Sequence[Holding]) -> tuple[Seen, ...]:
    """Take over what was surveyed; read live what a key made since speaks against.

    Meanwhile whoever may take over is looked at, so that nobody has to wait for that.
    """
    since = since_of(mine)
    if since is None:
        return ()
    asks: list[Callable[[], object]] = [partial(_new, cloud, since)]
    keys, *_ = at_once(_called, [*asks, *_ahead(cloud, mine)])
    same = untouched(mine, keys) if isinstance(keys, tuple) else ()
    kept = {one.target.id for one in same}
    others = [one.target for one in mine if one.target.id not in kept]
    remembered = (
        Seen(one.target, one.owner_now, is_remembered=True)
        for one in same
        if one.owner_now is not None
    )
    return (*remembered, *read_all(cloud, others))


def _called(ask: Callable[[], object]) -> object:
    return ask()


def _new(cloud: Cloud, since: datetime) -> tuple[ListedKey, ...] | None:
    """List the newest keys; None where nobody can say."""
    try:
        return tuple(cloud.cluster_keys_since(since))
    except (PermanentError, TransientError):
        return None


def _ahead(cloud: Cloud, mine: Sequence[Holding]) -> list[Callable[[], object]]:
    """Say who is to be looked at: what that shows is kept until it is asked for."""
    takers: dict[str, KeyOwner] = {}
    for one in mine:
        try:
            found = cloud.candidates(one.target)
        except (PermanentError, TransientError):
            # Whoever is asked for them next says why.
            continue
        takers.update({each.id: each for each in found})
    return [partial(cloud.standing, each) for each in takers.values()]


def ours_in(tools: Tools, account_id: str) -> tuple[KeyOwner, ...] | None:
    """Return our own identities in an account; None where they cannot be seen."""
    try:
        return tuple(tools.accounts[account_id].cloud.identities())
    except OffboardingError:
        return None


def _with(some: Sequence[Person], more: Sequence[Person]) -> tuple[Person, ...]:
    return tuple(dict.fromkeys((*some, *more)))
