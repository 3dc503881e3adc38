"""What can be seen of an account, through the Cloud port alone: targets and readings.

It decides nothing; what could not be seen is part of its answer.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Final

from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    KeyOwner,
    Note,
    Person,
    Reading,
    Scope,
    Target,
    Unread,
)
from workers.offboarding.ports import Cloud

_READERS: Final = 8
_LONGEST_WAIT_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One target and what was read of its key owner.

    ``is_final`` is False where reading again may help: a timeout is not an answer.
    ``retry_after_seconds`` is the wait the far side asked for then.
    """

    target: Target
    reading: Reading
    is_final: bool = True
    retry_after_seconds: float = 0


@dataclass(frozen=True, slots=True)
class View:
    """All that was seen of one account, and a note for each list that was not.

    ``places`` has every target found, those outside the scope too, unread.
    ``ours`` are our own identities. ``has_people`` tells whether the user list was
    read, and whole as far as can be told; ``has_ours`` the same of our identities.
    ``is_final`` is False where looking again may show more. ``retry_after_seconds`` is
    the longest wait anything asked for.
    """

    account_id: str
    people: tuple[Person, ...] = ()
    seen: tuple[Seen, ...] = ()
    unseen: tuple[Note, ...] = ()
    places: tuple[Target, ...] = ()
    ours: tuple[KeyOwner, ...] = ()
    is_final: bool = True
    has_people: bool = True
    has_ours: bool = True
    retry_after_seconds: float = 0


def look_at(cloud: Cloud, scope: Scope | None) -> View:
    """Read everything one account shows: people, targets in *scope*, their owners.

    Never raises for what could not be seen: that is in ``unseen`` and in the readings.
    """
    view = _with_people(cloud, _with_ours(cloud, View(cloud.account_id)))
    try:
        found = cloud.targets()
    except OffboardingError as error:
        return _without(view, "clusters", error)
    wanted = [one for one in found.targets if scope is None or scope.covers(one)]
    seen = tuple(_read_all(cloud, wanted))
    waits = [one.retry_after_seconds for one in seen]
    return replace(
        view,
        seen=seen,
        places=found.targets,
        unseen=(*view.unseen, *found.unseen),
        is_final=view.is_final and found.is_final and all(one.is_final for one in seen),
        retry_after_seconds=max([view.retry_after_seconds, *waits]),
    )


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


def _with_ours(cloud: Cloud, view: View) -> View:
    try:
        return replace(view, ours=tuple(cloud.identities()))
    except OffboardingError as error:
        return replace(_without(view, "our own identities", error), has_ours=False)


def _with_people(cloud: Cloud, view: View) -> View:
    try:
        people = tuple(cloud.people())
    except OffboardingError as error:
        return replace(_without(view, "users", error), has_people=False)
    view = replace(view, people=people)
    # A service ID is no user; every other identity of ours must be in a whole list.
    users = {one.id for one in view.ours if not one.id.startswith("iam-")}
    if not users or users & {one.iam_id for one in people}:
        return view
    text = f"The user list of account {view.account_id} lacks our own identity."
    note = Note(Reason.LIST_UNREADABLE, text)
    return replace(view, unseen=(*view.unseen, note), has_people=False)


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


def _read_all(cloud: Cloud, targets: Iterable[Target]) -> Iterable[Seen]:
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as readers:
        # Each reader logs as the work in hand, so it needs that work's context.
        asked = [
            readers.submit(copy_context().run, read, cloud, target)
            for target in targets
        ]
        return [one.result() for one in asked]
