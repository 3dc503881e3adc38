"""Whose turn it is to call the dead man's switch, and how the last call went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis

from workers.store.codec import CANNOT_BE_READ, decode, encode
from workers.store.connection import PREFIX, faults

_TURN: Final = f"{PREFIX}vouch:turn"
_LAST: Final = f"{PREFIX}vouch:last"
# A little less than a minute, so that no turn is missed by a hair.
_TURN_SECONDS: Final = 55


@dataclass(frozen=True, slots=True)
class Vouched:
    """How it went last.

    Attributes:
        why: Why it was not called, or could not be; empty where it was.
        since: Since when that is so.
        at: When it was looked at last.
    """

    why: str
    since: datetime
    at: datetime


class Vouches:
    """The turns and the last call. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def turn(self) -> bool:
        """Take this minute's turn, if nobody has; it proves that the store writes."""
        with faults():
            return bool(self._client.set(_TURN, "1", nx=True, ex=_TURN_SECONDS))

    def give_back(self) -> None:
        """Let it be tried again before the minute is over."""
        with faults():
            self._client.delete(_TURN)

    def note(self, why: str, at: datetime) -> bool:
        """Write down how it went; tell whether that is another way than before."""
        before = self.last()
        is_news = before is None or before.why != why
        since = at if before is None or is_news else before.since
        with faults():
            self._client.set(_LAST, encode(Vouched(why, since, at)))
        return is_news

    def last(self) -> Vouched | None:
        """Tell how it went last; None if it was never looked at."""
        with faults():
            text = self._client.get(_LAST)
        try:
            return decode(text, Vouched) if text else None
        except CANNOT_BE_READ:
            return None
