"""The SCIM table in the store: its rows, their indexes, the events that wait.

An event is written in the same step as the row that tells it, and stays until it was
heard. While it does, its row takes no other write: events of one person keep their
order.
"""

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import redis

from workers.offboarding.heard import Heard
from workers.offboarding.scim_users import ScimUser
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults

_PENDING: Final = "scim:pending"
# A call whose answer was lost is repeated at once; this is far longer.
_REPEAT_SECONDS: Final = 60
# Ends the value in an index entry; an entry is checked again once its row is read.
_END: Final = "\n"
_PAST_END: Final = "\x0b"
_FOUND_AT_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is on disk and was not heard yet."""

    heard: Heard
    request_id: str | None = None


def waiting_of(text: str) -> Waiting:
    """Read an event that waits from its text."""
    return decode(text, Waiting)


def folded(text: str) -> str:
    """Return the form in which names are compared whose case does not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


class ScimTable:
    """The users that SCIM clients keep here."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def write(
        self,
        user_id: str,
        version: int,
        user: ScimUser | None,
        waiting: Waiting | None = None,
    ) -> str:
        """Write a row, or delete it, and the event that this tells.

        Args:
            user_id: Whose row.
            version: Of the row as it was read; 0 where there is to be none yet.
            user: The row; None deletes it.
            waiting: What it tells.

        Returns:
            ``ok``, ``changed``, ``taken`` or ``pending``; see the script.
        """
        verdict = self._scripts.call(
            "scim_write",
            op=uuid.uuid4().hex,
            op_ttl=_REPEAT_SECONDS,
            id=user_id,
            version=version,
            row=encode(user) if user else None,
            user_name=folded(user.user_name) if user else None,
            refs=_refs(user) if user else [],
            event=encode(waiting) if waiting else None,
        )
        return str(verdict)

    def load(self, user_ids: Sequence[str]) -> list[ScimUser]:
        """Read rows, in the order asked for; those that are not there are left out."""
        if not user_ids:
            return []
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for user_id in user_ids:
                pipe.hget(f"{PREFIX}scim:user:{user_id}", "row")
            rows = pipe.execute()
        return [decode(row, ScimUser) for row in rows if row is not None]

    def ids(self, start: int, count: int) -> tuple[list[str], int]:
        """List ids from the one numbered *start* (0 is the oldest), and count all."""
        key = f"{PREFIX}scim:ids"
        with faults(), self._client.pipeline() as pipe:
            pipe.zcard(key)
            if count:
                pipe.zrange(key, start, start + count - 1)
            total, *pages = pipe.execute()
        return [str(one) for page in pages for one in page], int(total)

    def ids_by_name(self, user_name: str) -> list[str]:
        """Return the id of whoever has a userName, its case aside."""
        with faults():
            found = self._client.hget(f"{PREFIX}scim:names", folded(user_name))
        return [] if found is None else [str(found)]

    def ids_by_external_id(self, external_id: str) -> list[str]:
        """Return the ids of those who may have an externalId."""
        return self._ids_by("x", external_id)

    def ids_by_email(self, email: str) -> list[str]:
        """Return the ids of those who may have an e-mail, its case aside."""
        return self._ids_by("m", folded(email))

    def _ids_by(self, kind: str, value: str) -> list[str]:
        first, last = f"[{kind}:{value}{_END}", f"({kind}:{value}{_PAST_END}"
        with faults():
            found = self._client.zrangebylex(
                f"{PREFIX}scim:refs", first, last, start=0, num=_FOUND_AT_MOST
            )
        return list(dict.fromkeys(str(one).rpartition(_END)[2] for one in found))

    def waiting(self, user_id: str) -> tuple[str, Waiting] | None:
        """Read the event of one user that waits, with its text; None if none does."""
        with faults():
            text = self._client.hget(f"{PREFIX}{_PENDING}", user_id)
        return None if text is None else (str(text), waiting_of(str(text)))

    def all_waiting(self) -> list[tuple[str, str]]:
        """Read the text of every event that waits, each with its user's id."""
        with faults():
            found = self._client.hgetall(f"{PREFIX}{_PENDING}")
        return [(str(one), str(text)) for one, text in found.items()]

    def heard(self, user_id: str, text: str) -> None:
        """Take an event out that was heard, if it is still the one that was read."""
        self._scripts.call("forget", hash=_PENDING, entries={user_id: text})


def _refs(user: ScimUser) -> list[str]:
    values = [f"x:{user.external_id}"] if user.external_id else []
    values += [f"m:{folded(one.value)}" for one in user.emails if one.value]
    return [f"{value}{_END}{user.id}" for value in dict.fromkeys(values)]
