"""What is counted for good, and what a scrape reads beside the owner index."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import redis

from workers.store.budget import WINDOW_SECONDS
from workers.store.connection import Scripts

# A batch whose answer was lost is given again at once, or when the store is back.
_KEPT_SECONDS: Final = 86_400
# More cases than this that were put off and are at work still are of one age by then.
_OLDEST_AT_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How the store stands at a scrape.

    Attributes:
        now: The server's time, by which all ages go.
        counted: What is counted for good, by field.
        numbers: How many there are of several things, by the script's own words.
        began: When the work on the oldest case that is open or waiting began.
        heartbeats: When each worker last said that it lives, by its name.
        paused: What is paused: accounts, and ``*`` for everything.
        surveyed: When a survey of each account last ended well.
        swept_at: When a worker last swept; None if none ever did.
    """

    now: datetime
    counted: Mapping[str, int]
    numbers: Mapping[str, int]
    began: datetime | None
    heartbeats: Mapping[str, datetime]
    paused: frozenset[str]
    surveyed: Mapping[str, datetime]
    swept_at: datetime | None


class Counts:
    """What is counted. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._scripts = Scripts(client)
        self._process = uuid.uuid4().hex

    def add(self, number: int, counts: Mapping[str, int]) -> None:
        """Add a batch of this process; the same *number* again adds nothing."""
        self._scripts.call(
            "count",
            **{"from": self._process},
            number=number,
            counts=dict(counts),
            kept_seconds=_KEPT_SECONDS,
        )

    def standing(self) -> Standing:
        """Read how the store stands; one call, whatever the store holds."""
        now, counted, numbers, heads, beats, paused, surveyed, swept = (
            self._scripts.call(
                "scrape",
                budget_ms=round(WINDOW_SECONDS * 1000),
                at_most=_OLDEST_AT_MOST,
            )
        )
        return Standing(
            _moment(now),
            {field: int(value) for field, value in _pairs(counted).items()},
            json.loads(numbers),
            min(map(_began, heads), default=None),
            _workers(_pairs(beats)),
            frozenset(name for name, value in _pairs(paused).items() if value == "1"),
            {name: _moment(value) for name, value in _pairs(surveyed).items()},
            _moment(swept) if swept else None,
        )


def _pairs(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _moment(millis: str | float) -> datetime:
    return datetime.fromtimestamp(float(millis) / 1000, UTC)


def _began(times: Sequence[str]) -> datetime:
    """Say when the work on a case began, as both of its clocks do."""
    received, starts = map(datetime.fromisoformat, times[:2])
    was_put_off = starts > received and times[2]
    return datetime.fromisoformat(times[2]) if was_put_off else received


def _workers(records: Mapping[str, str]) -> dict[str, datetime]:
    """Read the workers among the processes that said that they live."""
    found: dict[str, Any] = {name: json.loads(text) for name, text in records.items()}
    return {
        name: _moment(one["at"])
        for name, one in found.items()
        if one.get("kind") == "worker"
    }
