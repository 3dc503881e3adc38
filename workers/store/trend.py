"""The figure of each day, in one hash by the day; it names nobody."""

from datetime import date, timedelta
from typing import Final

import redis

from workers.offboarding.trend import Day
from workers.store.codec import CANNOT_BE_READ, decode, encode
from workers.store.connection import PREFIX, faults

_KEY: Final = f"{PREFIX}trend"
_KEPT: Final = timedelta(days=400)


class Trend:
    """How exposure went. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def put(self, day: Day) -> None:
        """Write a day's figure; a later one of the same day takes its place."""
        with faults():
            self._client.hset(_KEY, day.day.isoformat(), encode(day))
            oldest = (day.day - _KEPT).isoformat()
            # As text, days of this form are in the order of time.
            past = [one for one in self._client.hkeys(_KEY) if str(one) <= oldest]
            if past:
                self._client.hdel(_KEY, *past)

    def since(self, first: date) -> tuple[Day, ...]:
        """Return the days from *first* on that have a figure, oldest first."""
        with faults():
            found = self._client.hgetall(_KEY)
        days = sorted((str(one), text) for one, text in found.items())
        wanted = (text for day, text in days if day >= first.isoformat())
        return tuple(one for one in map(_day_of, wanted) if one is not None)


def _day_of(text: str | bytes) -> Day | None:
    """Read one day; None for one that cannot be read, which leaves a gap."""
    try:
        return decode(text, Day)
    except CANNOT_BE_READ:
        return None
