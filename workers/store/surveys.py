"""Since when surveys of an account fail: from the first that did not end well."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.failing import Failing
from workers.store.connection import PREFIX, faults

_KEY: Final = f"{PREFIX}survey:failing:"
# When the last that ended well did, by account, in ms.
_COMPLETE: Final = f"{PREFIX}survey:complete"


class SurveyNotes:
    """How surveys fare. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def began(self, account_id: str, at: datetime) -> None:
        """Write down that a survey began; who dies over it leaves that for the next."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(_KEY + account_id, "since", at.isoformat())
            pipe.hincrby(_KEY + account_id, "tries", 1)
            pipe.execute()

    def failed(self, account_id: str, why: str) -> None:
        """Write down why the last one did not end well."""
        with faults():
            self._client.hset(_KEY + account_id, "why", why)

    def worked(self, account_id: str, at: datetime) -> None:
        """Write down that one ended well, and when."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.delete(_KEY + account_id)
            pipe.hset(_COMPLETE, account_id, str(round(at.timestamp() * 1000)))
            pipe.execute()

    def told(self, account_id: str) -> None:
        """Write down that people were told."""
        with faults():
            self._client.hset(_KEY + account_id, "told", "1")

    def failing(self, account_ids: Iterable[str]) -> list[Failing]:
        """List those accounts of which no survey ended well since one began."""
        wanted = list(account_ids)
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for each in wanted:
                pipe.hgetall(_KEY + each)
            found = pipe.execute()
        return [
            Failing(
                each,
                datetime.fromisoformat(said["since"]),
                said.get("why", ""),
                int(said.get("tries", "0")),
                is_told="told" in said,
            )
            for each, said in zip(wanted, found, strict=True)
            if "since" in said
        ]
