"""What can be seen of an account, through the Cloud port alone: targets and readings.

It decides nothing; what could not be seen is part of its answer.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import Note, Person, Reading, Scope, Target, Unread
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

    ``is_final`` is False where looking again may show more, ``has_people`` where that
    may show people. ``retry_after_seconds`` is the longest wait anything asked for.
    """

    account_id: str
    people: tuple[Person, ...] = ()
    seen: tuple[Seen, ...] = ()
    unseen: tuple[Note, ...] = ()
    is_final: bool = True
    has_people: bool = True
    retry_after_seconds: float = 0


def look_at(cloud: Cloud, scope: Scope | None) -> View:
    """Read everything one account shows: people, targets in *scope*, their owners.

    Never raises for what could not be seen: that is in ``unseen`` and in the readings.
    """
    account_id = cloud.account_id
    users = _people(cloud)
    try:
        found = cloud.targets()
    except OffboardingError as error:
        note = _unlisted("clusters", account_id, error)
        return replace(
            users,
            unseen=(*users.unseen, note),
            is_final=users.is_final and _is_final(error),
            retry_after_seconds=max(users.retry_after_seconds, asked_wait(error)),
        )
    wanted = [one for one in found.targets if scope is None or scope.covers(one)]
    seen = tuple(_read_all(cloud, wanted))
    waits = [one.retry_after_seconds for one in seen]
    return replace(
        users,
        seen=seen,
        unseen=(*users.unseen, *found.unseen),
        is_final=users.is_final
        and found.is_final
        and all(one.is_final for one in seen),
        retry_after_seconds=max([users.retry_after_seconds, *waits]),
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


def _people(cloud: Cloud) -> View:
    empty = View(cloud.account_id)
    try:
        return replace(empty, people=tuple(cloud.people()))
    except OffboardingError as error:
        note = _unlisted("users", cloud.account_id, error)
        return replace(
            empty,
            unseen=(note,),
            is_final=_is_final(error),
            has_people=_is_final(error),
            retry_after_seconds=asked_wait(error),
        )


def _unlisted(what: str, account_id: str, error: OffboardingError) -> Note:
    text = f"The {what} of account {account_id} could not be listed: {error}"
    return Note(Reason.LIST_UNREADABLE, text)


def _is_final(error: OffboardingError) -> bool:
    return not isinstance(error, TransientError)


def asked_wait(error: OffboardingError) -> float:
    """Return the wait in seconds the far side asked for, five minutes at most."""
    asked = error.retry_after_seconds if isinstance(error, TransientError) else None
    return min(asked or 0.0, _LONGEST_WAIT_SECONDS)


def _read_all(cloud: Cloud, targets: Iterable[Target]) -> Iterable[Seen]:
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as readers:
        return list(readers.map(lambda target: read(cloud, target), targets))
