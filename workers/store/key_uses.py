"""What workers say of the API keys they use: the last word of each, and what was used.

It may be lost: workers say it again within seconds.
"""

from datetime import datetime, timedelta
from typing import Final

import redis

from workers.offboarding.key_uses import UsedKey, WorkerWord, each_key
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, faults

_WORDS: Final = f"{PREFIX}keys:words"
_USED: Final = f"{PREFIX}keys:used"
_SILENT: Final = timedelta(hours=1)
_LONG_AGO: Final = timedelta(days=400)


class KeyUses:
    """Which keys are in use. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def say(self, word: WorkerWord) -> None:
        """Take a worker's word in, in the place of its last one."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hset(_WORDS, word.worker, encode(word))
            for one in each_key([word]):
                key = "|".join((*one.place, one.key_id))
                pipe.hset(_USED, key, encode(UsedKey(one, word.at)))
            pipe.execute()

    def leave(self, worker: str) -> None:
        """Take in that a worker ends."""
        with faults():
            self._client.hdel(_WORDS, worker)

    def words(self, now: datetime) -> list[WorkerWord]:
        """Return the last word of every worker; forget those long silent."""
        with faults():
            found = self._client.hgetall(_WORDS)
        words = [decode(text, WorkerWord) for _, text in sorted(found.items())]
        gone = [one.worker for one in words if now - one.at > _SILENT]
        if gone:
            with faults():
                self._client.hdel(_WORDS, *gone)
        return [one for one in words if one.worker not in gone]

    def used(self, now: datetime) -> list[UsedKey]:
        """Return every key that was ever used; forget those of long ago."""
        with faults():
            found = self._client.hgetall(_USED)
        keys = {name: decode(text, UsedKey) for name, text in sorted(found.items())}
        gone = [name for name, one in keys.items() if now - one.last_at > _LONG_AGO]
        if gone:
            with faults():
                self._client.hdel(_USED, *gone)
        return [one for name, one in keys.items() if name not in gone]
