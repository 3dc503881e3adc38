"""Sessions that somebody ended before their time, by the number in their cookie."""

from math import ceil

import redis

from workers.store.connection import PREFIX, faults


class EndedSessions:
    """One key a session, for as long as its cookie would still hold."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def add(self, session_id: str, seconds: float) -> None:
        """End a session whose cookie would hold for *seconds* more; StoreAwayError."""
        if seconds > 0:
            with faults():
                self._client.set(_key(session_id), "1", ex=ceil(seconds))

    def has(self, session_id: str) -> bool:
        """Tell whether a session was ended; StoreAwayError."""
        with faults():
            return bool(self._client.exists(_key(session_id)))


def _key(session_id: str) -> str:
    return f"{PREFIX}session:ended:{session_id}"
