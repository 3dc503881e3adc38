"""The users of SCIM clients at the desk: a write, and what it tells, heard once.

The row and its event go to disk in one step, then the event is heard, then it is
struck off. A crash in between loses nothing: whoever next asks for that row has it
heard first, and so does the sweep.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import structlog

from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.heard import Heard, Unreadable, UnreadableError
from workers.offboarding.scim_users import ScimUser
from workers.store.codec import converted
from workers.store.scim import ScimTable, Waiting, waiting_of

log = structlog.get_logger()

SOURCE: Final = "scim"
_TRIES: Final = 10
# Longer than a request takes; hearing an event twice would do no harm.
_UNDER_WAY: Final = timedelta(seconds=10)


class Hear(Protocol):
    """Acts on an event, as the desk does."""

    def __call__(self, heard: Heard, *, request_id: str | None = None) -> str | None:
        """Return the id of its case; UnreadableError, ConflictError."""


class NoSuchUserError(Exception):
    """There is no user of that id; what it told before it went has been heard."""


class NameTakenError(Exception):
    """Another user has that userName."""


class ScimUsers:
    """The table of users. Every method raises StoreAwayError."""

    def __init__(
        self,
        table: ScimTable,
        *,
        hear: Hear,
        quarantine: Callable[[str, str, Mapping[str, Any], UnreadableError], str],
    ) -> None:
        self._table = table
        self._hear = hear
        self._quarantine = quarantine

    def create(self, user: ScimUser) -> None:
        """Put a new user on disk; NameTakenError."""
        verdict = self._table.write(user.id, 0, user)
        if verdict == "taken":
            raise NameTakenError
        if verdict != "ok":
            raise _busy()

    def find(self, user_id: str) -> ScimUser:
        """Read a user, once all they told was heard; NoSuchUserError."""
        self._settle(user_id)
        found = self._table.load([user_id])
        if not found:
            raise NoSuchUserError(user_id)
        return found[0]

    def change(
        self,
        user_id: str,
        how: Callable[[ScimUser], tuple[ScimUser | None, Heard | None]],
        *,
        request_id: str | None = None,
    ) -> ScimUser | None:
        """Change a user and act on what this tells; both are on disk on return.

        Args:
            user_id: Whom.
            how: Makes the new row of the one it is given, and the event; None deletes.
                Called again where another write came between. The same row back
                changes nothing.
            request_id: Of the request that asks for it.

        Raises:
            NoSuchUserError: There is none, or none any more.
            NameTakenError: Another has that userName.
        """
        for _ in range(_TRIES):
            before = self.find(user_id)
            after, heard = how(before)
            if after == before:
                return after
            waiting = Waiting(heard, request_id) if heard else None
            verdict = self._table.write(user_id, before.version, after, waiting)
            if verdict == "taken":
                raise NameTakenError
            if verdict == "ok":
                self._settle(user_id)
                return after
        raise _busy()

    def page(self, start: int, count: int) -> tuple[list[ScimUser], int]:
        """List users from the one numbered *start*, oldest first, and count all."""
        ids, total = self._table.ids(start, count)
        return self._table.load(ids), total

    def among(self, attribute: str, value: str) -> list[ScimUser]:
        """Find those who may have a value: whoever asks checks it in the row.

        Args:
            attribute: ``id``, ``user_name``, ``external_id`` or ``email``.
            value: As it was asked for.
        """
        find: Mapping[str, Callable[[str], Sequence[str]]] = {
            "id": lambda one: [one],
            "user_name": self._table.ids_by_name,
            "external_id": self._table.ids_by_external_id,
            "email": self._table.ids_by_email,
        }
        return self._table.load(find[attribute](value))

    def hear_left_over(self, now: datetime) -> None:
        """Hear what a crash left unheard; for the sweep.

        What came a moment ago is left to the request that brought it. One that breaks
        costs only itself: the others are heard, and then its fault is raised.
        """
        is_away = False

        def hear(user_id: str, text: str) -> None:
            nonlocal is_away
            try:
                if not is_away:
                    self._hear_late(user_id, text, now)
            except StoreAwayError:
                # It is away for the others, too.
                is_away = True
                raise

        with ExitStack() as all_of_them:
            for user_id, text in self._table.all_waiting():
                all_of_them.callback(hear, user_id, text)

    def _hear_late(self, user_id: str, text: str, now: datetime) -> None:
        waiting = waiting_of(text)
        at = waiting.heard.occurred_at
        if at is None or at <= now - _UNDER_WAY:
            log.warning("scim.heard_late", event_key=waiting.heard.event_key)
            self._take(user_id, text, waiting)

    def _settle(self, user_id: str) -> None:
        found = self._table.waiting(user_id)
        if found is not None:
            self._take(user_id, *found)

    def _take(self, user_id: str, text: str, waiting: Waiting) -> None:
        heard = waiting.heard
        try:
            self._hear(heard, request_id=waiting.request_id)
        except UnreadableError as error:
            self._keep(heard, error)
        except ConflictError as error:
            self._keep(heard, UnreadableError(Unreadable.KEY_REUSED, str(error)))
        self._table.heard(user_id, text)

    def _keep(self, heard: Heard, error: UnreadableError) -> None:
        kept_id = self._quarantine(SOURCE, heard.event_key, body_of(heard), error)
        log.warning("event.quarantined", reason=error.reason, quarantine_id=kept_id)


def body_of(heard: Heard) -> dict[str, Any]:
    """Write an event as the body it is kept by in quarantine."""
    found: dict[str, Any] = msgspec.to_builtins(heard)
    return found


def heard_again(body: Mapping[str, Any]) -> Heard:
    """Read an event back from quarantine, to be heard anew.

    Raises:
        UnreadableError: It is not what ``body_of`` wrote.
    """
    try:
        return converted(dict(body), Heard)
    except msgspec.ValidationError as error:
        text = "What was kept of this SCIM event cannot be read back."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text) from error


def _busy() -> StoreAwayError:
    return StoreAwayError("The store: too many writes to one user at a time.")
