"""What a store from before lacks to have its old cases found: written once, in parts.

One walk over all keys, some at each turn, so that nothing waits for it. Who dies over a
part does it again, which changes nothing.
"""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
import redis

from workers.store.codec import decode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.work import FORGOTTEN_MS

_PLACE: Final = f"{PREFIX}archiving:filled"
_DONE: Final = "done"
_KEYS_AT_ONCE: Final = 1000
_PARTS_AT_ONCE: Final = 10


class _Head(msgspec.Struct):
    received_at: datetime
    settled_at: datetime | None = None


class Backfill:
    """The walk over a store that has cases from before."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def go_on(self) -> bool:
        """Do some more of it; tell whether it is done."""
        with faults():
            place = str(self._client.get(_PLACE) or "0")
        for _ in range(_PARTS_AT_ONCE):
            if place == _DONE:
                return True
            place = self._one_part(place)
        return place == _DONE

    def _one_part(self, place: str) -> str:
        with faults():
            cursor, found = self._client.scan(
                int(place), match=f"{PREFIX}*", count=_KEYS_AT_ONCE
            )
        names = [str(one).removeprefix(PREFIX) for one in found]
        traces: dict[str, list[str]] = {}
        for name, case_id in (*self._of_events(names), *self._of_people(names)):
            traces.setdefault(case_id, []).append(name)
        self._scripts.call(
            "old_cases", does="fill", ended=self._ended(names), traces=traces
        )
        self._let_leases_go(names)
        place = str(cursor) if cursor else _DONE
        with faults():
            self._client.set(_PLACE, place)
        return place

    def _of_events(self, names: Iterable[str]) -> list[tuple[str, str]]:
        keys = [one for one in names if one.startswith("event:")]
        if not keys:
            return []
        with faults():
            known = self._client.mget([PREFIX + one for one in keys])
        pairs = zip(keys, known, strict=True)
        return [(name, str(text).split(" ", 1)[0]) for name, text in pairs if text]

    def _of_people(self, names: Iterable[str]) -> list[tuple[str, str]]:
        keys = [one for one in names if one.startswith("index:user:")]
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in keys:
                pipe.zrange(PREFIX + one, 0, -1)
            found = pipe.execute()
        pairs = zip(keys, found, strict=True)
        return [(name, str(case_id)) for name, ids in pairs for case_id in ids]

    def _ended(self, names: Iterable[str]) -> dict[str, int]:
        """Tell when cases ended that are over; the script looks whether they still are.

        What the brake refused has its time beside the head; what has none counts from
        when it was opened.
        """
        cases = [one.split(":") for one in names if one.startswith("case:")]
        ids = [parts[1] for parts in cases if len(parts) == 2]
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in ids:
                pipe.hmget(f"{PREFIX}case:{one}", ["head", "brake_at"])
            rows = pipe.execute()
        return {
            one: _ended_at(row[0], row[1])
            for one, row in zip(ids, rows, strict=True)
            if row[0] is not None
        }

    def _let_leases_go(self, names: Iterable[str]) -> None:
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in names:
                if one.startswith("lease:"):
                    pipe.pexpire(PREFIX + one, FORGOTTEN_MS, nx=True)
            pipe.execute()


def _ended_at(text: str, refused_at: str | None) -> int:
    try:
        head = decode(text, _Head)
    except msgspec.MsgspecError:
        # It is kept for its whole life from now on, should it be read again.
        return int(time.time() * 1000)
    refused = datetime.fromisoformat(refused_at) if refused_at else None
    at = head.settled_at or refused or head.received_at
    return int(at.timestamp() * 1000)
