"""What can be seen of an account, through the Cloud port alone: targets and readings.

It decides nothing; what could not be seen is part of its answer. Plan, survey, gate and
the command line on its own all look through this.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from workers.offboarding.doubts import doubted
from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    Reason,
    StoreAwayError,
    TransientError,
)
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.model import (
    KeyList,
    KeyOwner,
    Note,
    Person,
    Right,
    Scope,
    Target,
    Unread,
)
from workers.offboarding.ports import Cloud, Discovery
from workers.offboarding.remembered import still_owned
from workers.offboarding.view import Seen, View

S = TypeVar("S")
T = TypeVar("T")

_READERS: Final = 8
# Where there is one account, nobody waits for it.
_SEVERAL: Final = 2
# How often is looked which of those under way are silent.
_GLANCE_SECONDS: Final = 0.25
_LONGEST_WAIT_SECONDS: Final = 300.0


def look_at_all(
    clouds: Iterable[Cloud],
    scope: Scope | None,
    known: Collection[str] = (),
    indexes: Iterable[AccountIndex] = (),
    *,
    patience: float | None = None,
) -> list[View]:
    """Look at several accounts at once; a faulty one is faulty alone.

    Args:
        clouds: The accounts.
        scope: As ``look_at``, and so are *known* and *indexes*.
        known: Ids of targets whose owners are not to be read again.
        indexes: What surveys have read.
        patience: For how many seconds an account may be silent before the others go on
            without it; None waits for all.
    """
    by_account = {one.account_id: one for one in indexes}

    def look(cloud: Cloud) -> View:
        return look_at(cloud, scope, known, by_account.get(cloud.account_id))

    views = in_time(look, [(one, one) for one in clouds], _silent, patience=patience)
    return views if len(views) < _SEVERAL else [told_apart(one) for one in views]


def look_at(
    cloud: Cloud,
    scope: Scope | None,
    known: Collection[str] = (),
    index: AccountIndex | None = None,
) -> View:
    """Read everything one account shows: people, keys, targets in *scope*, owners.

    Never raises for what could not be seen: that is in ``unseen`` and in the readings.

    Args:
        cloud: The account.
        scope: What to keep to; None for all of it.
        known: Ids of targets whose owners are not to be read again.
        index: What surveys have read there, where that may stand for reading again
            what IAM's key list says did not change since. Not for somebody who was
            removed: see ``read_again``.
    """
    with ThreadPoolExecutor(_READERS, thread_name_prefix="look") as readers:
        ours = _submit(readers, lambda: _asked(cloud.identities))
        keys = _submit(readers, lambda: _asked(cloud.cluster_keys))
        # Keys go with whoever is removed. Only who is in the account when they have
        # been listed had theirs in that list.
        before = keys if index is not None else None
        people = _submit(readers, lambda: _asked(cloud.people, after=before))
        targets = _submit(readers, lambda: _asked(cloud.targets))
        visibility = _submit(readers, cloud.visibility)
    view = View(cloud.account_id, visibility=visibility.result())
    view = _with_people(_with_ours(view, ours.result()), people.result())
    view = _with_keys(view, keys.result())
    found = targets.result()
    if isinstance(found, OffboardingError):
        return _without(view, "clusters", found)
    view = _with_targets(cloud, view, found, scope, known, index)
    judged = doubted(view)
    # What says that the list is not whole says that it speaks for nobody.
    return judged if judged.has_keys else doubted(read_again(cloud, view))


def read_again(cloud: Cloud, view: View) -> View:
    """Read the owners that were only remembered."""
    remembered = [one.target for one in view.seen if one.is_remembered]
    if not remembered:
        return view
    read = {one.target.id: one for one in read_all(cloud, remembered)}
    seen = tuple(read.get(one.target.id, one) for one in view.seen)
    return _with_seen(view, seen)


def read(cloud: Cloud, target: Target) -> Seen:
    """Read the key owner of one target; a fault becomes a reading."""
    try:
        return Seen(target, cloud.key_owner(target))
    except TransientError as error:
        unread = Unread(error.reason, str(error))
        return Seen(
            target, unread, is_final=False, retry_after_seconds=asked_wait(error)
        )
    except PermanentError as error:
        return Seen(target, Unread(error.reason, str(error)))


def read_all(cloud: Cloud, targets: Iterable[Target]) -> tuple[Seen, ...]:
    """Read the key owners of several targets at once, in their order."""

    def look(target: Target) -> Seen:
        return read(cloud, target)

    return tuple(at_once(look, targets))


def at_once(look: Callable[[S], T], things: Iterable[S]) -> list[T]:
    """Look at several things at the same time; the answers come in their order."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as readers:
        asked = [_submit(readers, partial(look, one)) for one in things]
    return [one.result() for one in asked]


def in_time(
    look: Callable[[S], T],
    things: Iterable[tuple[Cloud, S]],
    left: Callable[[S], T],
    *,
    patience: float | None,
) -> list[T]:
    """Look at several accounts at the same time, and leave those that are silent.

    What waits for its turn in the budget is not silent. A look that is left comes to
    its end by itself, and its answer is nobody's.

    Args:
        look: What is done with each.
        things: Each account, with what is given to *look*.
        left: Makes the answer of one that was left.
        patience: As ``look_at_all``.
    """
    waiting = list(enumerate(things))
    if patience is None or len(waiting) < _SEVERAL:
        return at_once(look, [one for _, (_, one) in waiting])
    found: dict[int, T] = {}
    under_way: dict[Future[T], tuple[int, Cloud, S]] = {}
    readers = ThreadPoolExecutor(len(waiting), thread_name_prefix="read")
    try:
        while waiting or under_way:
            while waiting and len(under_way) < _READERS:
                at, (cloud, one) = waiting.pop(0)
                under_way[_submit(readers, partial(look, one))] = at, cloud, one
            ended = wait(under_way, _GLANCE_SECONDS, FIRST_COMPLETED).done
            for future in [one for one in under_way if one in ended]:
                found[under_way.pop(future)[0]] = future.result()
            for future, (at, cloud, one) in list(under_way.items()):
                if cloud.silence_seconds() >= patience:
                    found[at] = left(one)
                    del under_way[future]
    finally:
        readers.shutdown(wait=False)
    return [found[at] for at in sorted(found)]


def told_apart(view: View) -> View:
    """Have each note say of which account it is, since there are several."""
    notes = (
        one
        if view.account_id in one.text
        else replace(one, text=f"In account {view.account_id}: {one.text}")
        for one in view.unseen
    )
    return replace(view, unseen=tuple(notes))


def _silent(cloud: Cloud) -> View:
    """Say of an account that it did not answer: nothing of it was seen."""
    text = f"Account {cloud.account_id} does not answer: nothing of it was seen."
    note = Note(Reason.LIST_UNREADABLE, text)
    return View(
        cloud.account_id,
        unseen=(note,),
        is_final=False,
        has_people=False,
        has_ours=False,
    )


def _submit(readers: ThreadPoolExecutor, call: Callable[[], T]) -> "Future[T]":
    # Each reader logs as the work in hand, so it needs that work's context.
    return readers.submit(copy_context().run, call)


def _asked(
    call: Callable[[], T], *, after: "Future[Any] | None" = None
) -> T | OffboardingError:
    if after is not None:
        after.result()
    try:
        return call()
    except StoreAwayError:
        # Ours, and no word about the account: the whole look is made again.
        raise
    except OffboardingError as error:
        return error


def _with_ours(view: View, ours: Sequence[KeyOwner] | OffboardingError) -> View:
    if isinstance(ours, OffboardingError):
        return replace(_without(view, "our own identities", ours), has_ours=False)
    return replace(view, ours=tuple(ours))


def _with_people(view: View, people: Sequence[Person] | OffboardingError) -> View:
    if isinstance(people, OffboardingError):
        return replace(_without(view, "users", people), has_people=False)
    view = replace(view, people=tuple(people))
    lack = _lack_of_people(view)
    if not lack:
        return view
    text = f"The user list of account {view.account_id} {lack}"
    note = Note(Reason.LIST_UNREADABLE, text)
    return replace(view, unseen=(*view.unseen, note), has_people=False)


def _lack_of_people(view: View) -> str:
    """Say why a user list that was read is not whole; empty where it may be."""
    if view.visibility is not None and view.visibility.users is Right.MISSING:
        return "is restricted, and the identity that reads may not see all of it."
    # A service ID is no user; every other identity of ours must be in a whole list.
    users = {one.id for one in view.ours if not one.id.startswith("iam-")}
    if users and not users & {one.iam_id for one in view.people}:
        return "lacks our own identity."
    return "" if view.people else "is empty."


def _with_keys(view: View, keys: KeyList | OffboardingError) -> View:
    if isinstance(keys, OffboardingError):
        return _without(view, "the cluster API keys in IAM", keys)
    if keys.has_own:
        return replace(view, keys=keys, has_keys=True)
    text = (
        f"IAM's list of API keys in account {view.account_id} lacks a key of the "
        "identity that asked for it, so it is not whole."
    )
    note = Note(Reason.LIST_SHORT, text)
    return replace(view, keys=keys, unseen=(*view.unseen, note))


def _with_targets(
    cloud: Cloud,
    view: View,
    found: Discovery,
    scope: Scope | None,
    known: Collection[str],
    index: AccountIndex | None,
) -> View:
    wanted = [one for one in found.targets if scope is None or scope.covers(one)]
    credentials = cloud.classic_credentials(wanted)
    owned = still_owned(view, index) if index is not None else {}
    to_read = [one for one in wanted if one.id not in known and one.id not in owned]
    remembered = [
        Seen(one, owned[one.id], is_remembered=True)
        for one in wanted
        if one.id in owned and one.id not in known
    ]
    seen = (*read_all(cloud, to_read), *remembered)
    # As late as can be: it may take as many calls as the account has clusters.
    found = found.checked()
    view = replace(
        view,
        places=found.targets,
        has_clusters=not found.unseen,
        credentials=credentials,
        group_names=found.group_names,
        unseen=(*view.unseen, *found.unseen, *_unread(credentials, wanted)),
        is_final=view.is_final and found.is_final,
    )
    return _with_seen(view, seen)


def _with_seen(view: View, seen: tuple[Seen, ...]) -> View:
    waits = [one.retry_after_seconds for one in seen]
    return replace(
        view,
        seen=seen,
        is_final=view.is_final and all(one.is_final for one in seen),
        retry_after_seconds=max([view.retry_after_seconds, *waits]),
    )


def _unread(
    credentials: Mapping[str, str | Unread], targets: Iterable[Target]
) -> list[Note]:
    """Say where it could not be read whose classic credential is in force."""
    return [
        Note(
            Reason.LIST_UNREADABLE,
            "Whose classic infrastructure credential is in force in "
            f"{one.region} / {one.resource_group.name} could not be read: "
            f"{said.detail}",
        )
        for one in targets
        if isinstance(said := credentials.get(one.id), Unread)
    ]


def _without(view: View, what: str, error: OffboardingError) -> View:
    text = f"In account {view.account_id}, {what} could not be listed: {error}"
    return replace(
        view,
        unseen=(*view.unseen, Note(Reason.LIST_UNREADABLE, text)),
        is_final=view.is_final and not isinstance(error, TransientError),
        retry_after_seconds=max(view.retry_after_seconds, asked_wait(error)),
    )


def asked_wait(error: OffboardingError) -> float:
    """Return the wait in seconds the far side asked for, five minutes at most."""
    asked = error.retry_after_seconds if isinstance(error, TransientError) else None
    return min(asked or 0.0, _LONGEST_WAIT_SECONDS)
