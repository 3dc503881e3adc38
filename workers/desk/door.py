"""What stands at the door: how often somebody may ask, and which sessions are over.

Nobody who proves who they are is kept out by what others did from their address: behind
one may be a whole company, or all the world where a proxy stands in front. So a limit
that is passed costs those who prove nothing their answer, and the store nothing.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog

from workers.offboarding.errors import StoreAwayError
from workers.store.ended_sessions import EndedSessions
from workers.store.limits import Limits

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Addresses that are remembered here; a flood from more than these begins anew.
_MOST_HELD: Final = 10_000
# After a store that did not answer: or each junk request would wait for it again.
_PAUSE_SECONDS: Final = 5.0


class Door:
    """The door. What it remembers itself is this process's own, and short-lived."""

    def __init__(
        self,
        limits: Limits,
        sessions: EndedSessions,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._held: dict[str, float] = {}
        self._counts_from = 0.0
        self.end_session = sessions.add
        self.has_ended = sessions.has

    def asked(self, token_name: str) -> float | None:
        """Count a request of a known token; the seconds to wait where it is too many.

        Raises:
            StoreAwayError: It cannot be counted. What such a request wants needs the
                store too, so it is answered as it would be a moment later.
        """
        return self._limits.asked(token_name)

    def failed(self, address: str) -> float | None:
        """Count what proved nobody; the seconds to wait where it is too many.

        It raises nothing: while the store is away nothing is counted, and whoever
        proves nothing is turned away as ever.
        """
        left = self._left(address)
        if left > 0:
            return left
        if self._monotonic() < self._counts_from:
            return None
        try:
            seconds = self._limits.failed(address)
        except StoreAwayError as error:
            self._counts_from = self._monotonic() + _PAUSE_SECONDS
            log.warning("limit.not_counted", fault=str(error))
            return None
        if seconds is not None:
            self._hold(address, seconds)
        return seconds

    def is_held(self, address: str) -> bool:
        """Tell, without the store, whether an address is over its limit already."""
        return self._left(address) > 0

    def _left(self, address: str) -> float:
        return self._held.get(address, 0.0) - self._monotonic()

    def _hold(self, address: str, seconds: float) -> None:
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        self._held[address] = self._monotonic() + seconds
