"""Blind spots: targets that an approver accepted as not readable, in one hash.

An acceptance that has run out counts as none; whoever lists them takes it out.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import redis

from workers.offboarding.model import BlindSpot
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults

_HASH: Final = "blind_spots"
_KEY: Final = f"{PREFIX}{_HASH}"


class BlindSpots:
    """The blind spots; implements the port of that name, and what the desk needs."""

    def __init__(
        self,
        client: "redis.Redis",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._clock = clock

    def among(self, target_ids: Sequence[str]) -> Mapping[str, BlindSpot]:
        """Return those of *target_ids* that are accepted now, by target id."""
        wanted = list(dict.fromkeys(target_ids))
        if not wanted:
            return {}
        with faults():
            found = self._client.hmget(_KEY, wanted)
        spots = (decode(one, BlindSpot) for one in found if one)
        return {one.target_id: one for one in spots if self._holds(one)}

    def all(self) -> tuple[BlindSpot, ...]:
        """List what is accepted now, by target id; what has run out is removed."""
        with faults():
            found = self._client.hgetall(_KEY)
        spots = {name: decode(text, BlindSpot) for name, text in found.items()}
        over = {name: found[name] for name in spots if not self._holds(spots[name])}
        if over:
            # Only as it was read: it may have been accepted anew meanwhile.
            self._scripts.call("forget", hash=_HASH, entries=over)
        return tuple(spots[name] for name in sorted(spots) if name not in over)

    def put(self, spot: BlindSpot) -> None:
        """Accept a target; an acceptance before this one is replaced."""
        with faults():
            self._client.hset(_KEY, spot.target_id, encode(spot))

    def drop(self, target_id: str) -> bool:
        """Take an acceptance back; tell whether there was one that still held."""
        with faults(), self._client.pipeline() as pipe:
            pipe.hget(_KEY, target_id)
            pipe.hdel(_KEY, target_id)
            text, _ = pipe.execute()
        return bool(text) and self._holds(decode(text, BlindSpot))

    def _holds(self, spot: BlindSpot) -> bool:
        return self._clock() < spot.until
