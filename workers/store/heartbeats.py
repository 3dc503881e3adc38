"""Which processes said lately that they live, in one hash by host and process id."""

import uuid
from collections.abc import Iterable
from typing import Final

import msgspec
import redis

from workers.offboarding.heartbeat import Heartbeat
from workers.store.codec import decode
from workers.store.connection import PREFIX, Scripts, faults

_KEY: Final = f"{PREFIX}heartbeats"
# How long the age of one that died can be seen to grow.
_FORGET_MS: Final = 600_000


class _Record(msgspec.Struct):
    """How one stands in the store: times in milliseconds of the server's clock."""

    kind: str
    version: str
    at: float
    since: float


class Heartbeats:
    """The heartbeats. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)
        # A container that begins anew has the same host and the same process id.
        self._run = uuid.uuid4().hex

    def say(self, name: str, kind: str, version: str) -> tuple[Heartbeat, ...]:
        """Write down that a process lives; return all that said so, itself too."""
        now, *found = self._scripts.call(
            "heartbeat",
            member=name,
            kind=kind,
            version=version,
            run=self._run,
            forget_ms=_FORGET_MS,
        )
        return _of(float(now), zip(found[::2], found[1::2], strict=True))

    def all(self) -> tuple[Heartbeat, ...]:
        """List all that said so within ten minutes, by the server's clock."""
        with faults(), self._client.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(_KEY)
            (seconds, micros), found = pipe.execute()
        heard = _of(seconds * 1000 + micros / 1000, found.items())
        return tuple(one for one in heard if one.age_seconds * 1000 <= _FORGET_MS)

    def forget(self, name: str) -> None:
        """Write down that a process ended as it should."""
        with faults():
            self._client.hdel(_KEY, name)


def _of(now_ms: float, found: Iterable[tuple[str, str]]) -> tuple[Heartbeat, ...]:
    heard = [(str(name), decode(text, _Record)) for name, text in found]
    return tuple(
        Heartbeat(
            name,
            one.kind,
            one.version,
            max(0.0, (now_ms - one.at) / 1000),
            max(0.0, (now_ms - one.since) / 1000),
        )
        for name, one in sorted(heard, key=lambda pair: pair[0])
    )
