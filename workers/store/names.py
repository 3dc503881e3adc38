"""Names learned from sources: their own id of a person → an e-mail or IAM ID.

A deleted person cannot be looked up any more, so what was heard of them before is all
there is. One hash a source.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

import redis

from workers.store.connection import PREFIX, faults

_AT_ONCE: Final = 1000


class KnownNames:
    """What each source's ids of people stand for."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def of(self, source: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the e-mail or IAM ID of each of *ids* that is known."""
        if not ids:
            return {}
        with faults():
            found = self._client.hmget(f"{PREFIX}names:{source}", list(ids))
        pairs = zip(ids, found, strict=True)
        return {one: str(name) for one, name in pairs if name is not None}

    def learn(self, source: str, names: Mapping[str, str]) -> None:
        """Keep e-mails or IAM IDs by the source's own ids."""
        if names:
            heard_at = datetime.now(UTC).timestamp()
            with faults(), self._client.pipeline(transaction=True) as pipe:
                pipe.hset(
                    f"{PREFIX}names:{source}",
                    items=[part for pair in names.items() for part in pair],
                )
                pipe.zadd(_heard(source), dict.fromkeys(names, heard_at))
                pipe.execute()

    def ids_of(
        self, source: str, people: Collection[str], before: datetime
    ) -> list[str]:
        """Return the ids by which a source knew *people*, and named no more since.

        It reads all names of the source, some at a time. Whom it named again works
        here again.

        Args:
            source: The source.
            people: E-mails and IAM IDs.
            before: When the cases of all of them were over.
        """
        cursor, found = 0, list[str]()
        while True:
            with faults():
                cursor, page = self._client.hscan(
                    f"{PREFIX}names:{source}", cursor, count=_AT_ONCE
                )
            pairs = cast("dict[str, str]", page).items()
            mine = [one for one, name in pairs if name in people]
            found += self._not_heard_since(source, mine, before)
            if not cursor:
                return found

    def _not_heard_since(
        self, source: str, ids: Sequence[str], before: datetime
    ) -> list[str]:
        if not ids:
            return []
        with faults():
            times = self._client.zmscore(_heard(source), list(ids))
        at = before.timestamp()
        # Names of a store from before have no time.
        return [
            one
            for one, heard in zip(ids, times, strict=True)
            if heard is None or heard <= at
        ]

    def forget(self, source: str, ids: Sequence[str]) -> None:
        """Forget what a source's *ids* stand for."""
        if not ids:
            return
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hdel(f"{PREFIX}names:{source}", *ids)
            pipe.zrem(_heard(source), *ids)
            pipe.execute()


def _heard(source: str) -> str:
    return f"{PREFIX}names:{source}:heard"
