"""How long resets take to show, by account: what all workers know of it."""

from typing import Final

import redis

from workers.offboarding.polls import SCOUTS
from workers.store.connection import PREFIX, Scripts, faults

# Resets that are sent within so long are most often one case's.
_WITHIN_MS: Final = 15_000


class Lags:
    """Implements the port of the same name."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def usual(self, account_id: str) -> float | None:
        """Tell how long the last one took, in seconds; see the port."""
        with faults():
            usual_ms = self._client.hget(f"{PREFIX}lags", account_id)
        return None if usual_ms is None else int(usual_ms) / 1000

    def enlist(self, account_id: str) -> tuple[float | None, bool]:
        """Tell that, and whether to be one of those that look early; see the port."""
        usual_ms, many = self._scripts.call(
            "lags", account=account_id, within_ms=_WITHIN_MS
        )
        usual = None if usual_ms < 0 else usual_ms / 1000
        return usual, int(many) <= SCOUTS

    def note(self, account_id: str, seconds: float) -> None:
        """Write down how long one took; see the port."""
        with faults():
            self._client.hset(f"{PREFIX}lags", account_id, round(seconds * 1000))
