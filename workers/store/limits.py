"""How often somebody asked within a minute: a moving window a caller, in the store.

The windows are those of the library `limits`, over the store's own connections, so that
all web processes count together. A window that is full is only read, never written:
what is over the limit costs the disk nothing.
"""

import time
from typing import Final

import redis
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from workers.store.connection import PREFIX, faults

_KEYS: Final = f"{PREFIX}limits"


class Limits:
    """The limits of callers who are known, and of addresses that prove nobody.

    Both methods raise StoreAwayError.
    """

    def __init__(
        self, client: "redis.Redis", *, requests_per_minute: int, failed_per_minute: int
    ) -> None:
        # The address is not used: the connections are there already.
        storage = RedisStorage(
            "redis://", connection_pool=client.connection_pool, key_prefix=_KEYS
        )
        self._windows = MovingWindowRateLimiter(storage)
        self._requests = RateLimitItemPerMinute(requests_per_minute, namespace="token")
        self._failed = RateLimitItemPerMinute(failed_per_minute, namespace="failed")

    def asked(self, token_name: str) -> float | None:
        """Count a request; None, or over the limit the seconds until one is free."""
        return self._hit(self._requests, token_name)

    def failed(self, address: str) -> float | None:
        """Count a failed authentication; None, or the seconds until one is free."""
        return self._hit(self._failed, address)

    def _hit(self, limit: RateLimitItem, who: str) -> float | None:
        with faults():
            if self._windows.hit(limit, who):
                return None
            free_at = self._windows.get_window_stats(limit, who).reset_time
        return max(free_at - time.time(), 0.0)
