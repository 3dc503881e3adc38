"""An old copy of the store, found by ``sweep.lua``: what was found, and what is due.

Everything is paused from then on, until a person who looked says that it goes on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import redis

from workers.offboarding.model import Step
from workers.offboarding.restored import Found, WhyOld
from workers.store.connection import PREFIX, faults

# Long enough for a machine that sleeps over lunch, and far shorter than backups live.
OLD_AFTER: Final = timedelta(minutes=60)
_RECORD: Final = f"{PREFIX}restored"


@dataclass(slots=True)
class Watermark:
    """What a process goes by to tell that its store is an older one than it was.

    Attributes:
        old_after: Longer without a sweep than this, a store counts as an old copy.
        sweeps: The most sweeps that this process knows of; a store with fewer went
            back. Of two threads that see one at a time the lower may win, which the
            next sweep mends.
    """

    old_after: timedelta = OLD_AFTER
    sweeps: int = 0

    def saw(self, sweeps: int) -> None:
        """Remember how many sweeps there were."""
        self.sweeps = max(self.sweeps, sweeps)

    @property
    def asked(self) -> dict[str, object]:
        """Return what the scripts judge by."""
        old_ms = int(self.old_after.total_seconds() * 1000)
        return {"seen": self.sweeps, "old_ms": old_ms}


class Restorations:
    """What was found about an old copy; every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def found(self) -> Found | None:
        """Return what was found and is not confirmed yet; None for a sound store."""
        with faults():
            found = self._client.hgetall(_RECORD)
        kept = {str(name): str(value) for name, value in found.items()}
        if not kept:
            return None
        return Found(
            at=_moment(int(kept["found"])),
            why=WhyOld(kept["why"]),
            swept_at=_moment_or_none(kept["swept"]),
            copied_at=_moment_or_none(kept["copied"]),
            is_told="told" in kept,
        )

    def told(self, found: Found) -> None:
        """Write down that people were told of this finding."""
        millis = str(round(found.at.timestamp() * 1000))
        with faults():
            # Another finding meanwhile is told by itself.
            if self._client.hget(_RECORD, "found") == millis:
                self._client.hset(_RECORD, "told", "1")

    def held_back(self) -> int:
        """Count the reports and notices that wait, since they may have been sent."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.zcard(f"{_RECORD}:reports")
            pipe.zcard(f"{_RECORD}:notices")
            return sum(pipe.execute())

    def planned_until(self, until: datetime, limit: int) -> list[str]:
        """List the cases that are to be planned until then, at most so many."""
        with faults():
            members = self._client.zrangebyscore(
                f"{PREFIX}due", 0, round(until.timestamp() * 1000)
            )
        ending = f"|{Step.PLAN}|"
        planned = (str(one) for one in members)
        return [one.removesuffix(ending) for one in planned if one.endswith(ending)][
            :limit
        ]


def _moment_or_none(millis: str) -> datetime | None:
    return _moment(int(millis)) if int(millis) else None


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
