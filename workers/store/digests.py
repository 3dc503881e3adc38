"""What a digest is made from that stands in no list of its own, and the last one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import redis

from workers.offboarding.digest import Record
from workers.offboarding.model import CaseStatus
from workers.store.codec import CANNOT_BE_READ, decode
from workers.store.connection import PREFIX, faults
from workers.store.kinds import millis_of, moment_of

_DIGEST: Final = f"{PREFIX}digest"
_WAITING: Final = f"{PREFIX}index:status:{CaseStatus.WAITING}"
_UNTOLD: Final = f"{PREFIX}untold"
_ENDS: Final = f"{PREFIX}quarantine:ends"
_REMEMBERED_SECONDS: Final = 90 * 86_400
# Ids looked at in one round trip, and how often: behind a brake with ten thousand
# cases those that are held are found all the same, and no look takes long.
_AT_ONCE: Final = 500
_LOOKS: Final = 40


@dataclass(frozen=True, slots=True)
class Held:
    """How many cases wait, without those behind the brake, and the first of them."""

    many: int
    case_ids: tuple[str, ...]


class Digests:
    """What is kept for digests. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def day(self) -> date | None:
        """Tell of which day the last one was; None before the first."""
        with faults():
            found = self._client.hget(_DIGEST, "day")
        return None if found is None else date.fromisoformat(str(found))

    def begin(self, day: date) -> None:
        """Say that the digest of a day is not owed, so that the next is the first."""
        with faults():
            self._client.hsetnx(_DIGEST, "day", day.isoformat())

    def turn_back(self, ahead: date, day: date) -> None:
        """Go back to *day* where a clock that was wrong had made one of a later day."""
        with faults():
            if self._client.hget(_DIGEST, "day") == ahead.isoformat():
                self._client.hset(_DIGEST, "day", day.isoformat())

    def record(self) -> Record | None:
        """Read what the last one left to compare with."""
        with faults():
            found = self._client.hget(_DIGEST, "record")
        try:
            return None if found is None else decode(str(found), Record)
        except CANNOT_BE_READ:
            # It is only compared with.
            return None

    def ended(self) -> dict[str, int]:
        """Count the cases that ever ended, by result."""
        with faults():
            found = self._client.hgetall(f"{PREFIX}ended")
        return {str(one): int(count) for one, count in found.items()}

    def held(self, limit: int) -> Held:
        """Find the cases that wait and are not the brake's, oldest first."""
        with faults():
            waiting = int(self._client.zcard(_WAITING))
            braked = int(self._client.zcard(f"{PREFIX}braked"))
        found: list[str] = []
        start = "-"
        for _ in range(_LOOKS if waiting > braked else 0):
            with faults():
                page = self._client.zrangebylex(_WAITING, start, "+", 0, _AT_ONCE)
                ids = [str(one) for one in page]
                scores = self._client.zmscore(f"{PREFIX}braked", ids) if ids else []
            pairs = zip(ids, scores, strict=True)
            found += [one for one, score in pairs if score is None]
            if len(found) >= limit or len(ids) < _AT_ONCE:
                break
            start = f"({ids[-1]}"
        return Held(max(len(found), waiting - braked), tuple(found[:limit]))

    def untold(self, since: datetime, limit: int) -> tuple[int, tuple[str, ...]]:
        """Count the reports that no try got through since a time; whose the last are.

        What is longer ago than people ask for is forgotten.
        """
        now = datetime.now(UTC).timestamp()
        low = millis_of(since)
        with faults(), self._client.pipeline(transaction=True) as pipe:
            oldest = int((now - _REMEMBERED_SECONDS) * 1000)
            pipe.zremrangebyscore(_UNTOLD, "-inf", oldest)
            pipe.zcount(_UNTOLD, low, "+inf")
            pipe.zrevrangebyscore(_UNTOLD, "+inf", low, 0, 10 * limit)
            _, many, names = pipe.execute()
        ids = dict.fromkeys(str(one).partition("|")[0] for one in names)
        return int(many), tuple(ids)[:limit]

    def running_out(self, until: datetime) -> tuple[int, datetime | None]:
        """Count the kept deliveries whose bodies are removed by *until*, and when."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.zcount(_ENDS, "-inf", millis_of(until))
            pipe.zrange(_ENDS, 0, 0, withscores=True)
            many, first = pipe.execute()
        if not many or not first:
            return 0, None
        return int(many), moment_of(str(int(first[0][1])))

    def told_still(self, limit: int) -> list[str]:
        """List the newest cases that were told to stand still, if they do or not."""
        with faults():
            ids = self._client.hkeys(f"{PREFIX}stuck:told")
        return sorted((str(one) for one in ids), reverse=True)[:limit]
