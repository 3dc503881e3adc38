"""What is in quarantine, by kind: a source and a reason; what of it was told.

Kinds are counted as deliveries come and go (``intake.lua``), so that to tell them takes
no longer with ten thousand than with one.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import redis

from workers.offboarding.heard import Unreadable
from workers.offboarding.intake import Kind, RunningOut
from workers.store.connection import PREFIX, faults

# What runs out within a day of the first is told with it: one notice a kind and day.
_TOGETHER: Final = timedelta(days=1)


class Kinds:
    """The kinds of deliveries in quarantine."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def untold(self) -> tuple[Kind, ...]:
        """List the kinds in quarantine of which the channels were not told yet."""
        with faults(), self._client.pipeline() as pipe:
            for part in ("kinds", "since", "told"):
                pipe.hgetall(f"{PREFIX}quarantine:{part}")
            counts, since, told = pipe.execute()
        new = [
            one
            for one in sorted(counts)
            if since.get(one) != told.get(one) and _is_known(one)
        ]
        return tuple(self._kind(one, int(counts[one]), since[one]) for one in new)

    def _kind(self, kind: str, count: int, since: str) -> Kind:
        source, _, reason = kind.partition("|")
        first = since.partition(":")[0]
        with faults():
            there = self._client.zscore(
                f"{PREFIX}quarantine:ends", f"{source}|{reason}|{first}"
            )
        # The first may be gone by now, and another be the only one.
        only_id = first if count == 1 and there is not None else None
        return Kind(source, Unreadable(reason), count, since, only_id)

    def told(self, kind: Kind) -> None:
        """Write down that the channels were told of this filling of a kind."""
        with faults():
            self._client.hset(
                f"{PREFIX}quarantine:told", f"{kind.source}|{kind.reason}", kind.since
            )

    def running_out(self, now: datetime) -> dict[RunningOut, tuple[str, ...]]:
        """List what runs out soon and was not told, by kind; with what to give back.

        What runs out within a day of the first of its kind is told together with it.
        """
        key = f"{PREFIX}quarantine:warns"
        with faults():
            if not self._client.zcount(key, 0, millis_of(now)):
                return {}
            rows = self._client.zrangebyscore(
                key, 0, millis_of(now + _TOGETHER), withscores=True
            )
        by_kind: dict[str, list[tuple[str, float]]] = {}
        for row in rows:
            member, at = str(row[0]), float(row[1])
            kind = member.rpartition("|")[0]
            if _is_known(kind):
                by_kind.setdefault(kind, []).append((member, at))
        return {
            self._running(kind, mine): tuple(one for one, _ in mine)
            for kind, mine in by_kind.items()
            if mine[0][1] <= now.timestamp() * 1000
        }

    def _running(self, kind: str, mine: list[tuple[str, float]]) -> RunningOut:
        source, _, reason = kind.partition("|")
        member = mine[0][0]
        with faults():
            ends = self._client.zscore(f"{PREFIX}quarantine:ends", member)
        first_at = moment_of(str(int(ends if ends is not None else mine[0][1])))
        first_id = member.rpartition("|")[2]
        return RunningOut(source, Unreadable(reason), len(mine), first_at, first_id)

    def warned(self, members: tuple[str, ...]) -> None:
        """Write down that the channels were told that these run out."""
        with faults():
            self._client.zrem(f"{PREFIX}quarantine:warns", *members)

    def counts(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Count by source what waits for its look-up, and what is in quarantine."""
        with faults(), self._client.pipeline() as pipe:
            pipe.hgetall(f"{PREFIX}lookups:sources")
            pipe.hgetall(f"{PREFIX}quarantine:kinds")
            pipe.hgetall(f"{PREFIX}quarantine:expired")
            waiting, kinds, expired = pipe.execute()
        kept = {str(one): int(count) for one, count in expired.items()}
        for kind, count in kinds.items():
            source = str(kind).partition("|")[0]
            kept[source] = kept.get(source, 0) + int(count)
        return {str(one): int(count) for one, count in waiting.items()}, kept


def _is_known(kind: str) -> bool:
    """Tell whether this version knows a kind's reason; else a newer one tells of it."""
    return kind.partition("|")[2] in set(Unreadable)


def millis_of(at: datetime) -> str:
    """Write a moment as the store keeps it: milliseconds since 1970."""
    # Rounded up: never before the time that was asked for.
    return str(math.ceil(at.timestamp() * 1000))


def moment_of(millis: str | None) -> datetime:
    """Read what ``millis_of`` wrote."""
    return datetime.fromtimestamp(int(millis or 0) / 1000, UTC)
