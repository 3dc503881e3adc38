"""Brings work back at its time: what this process wrote that comes back soon.

The store has it as due in any case, a little later: what is lost with this process, the
sweep brings back. The sweep alone would be up to a second late at each look, and a case
is as late as the last of its targets.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread
from time import monotonic
from typing import Final

import structlog

from workers.offboarding.model import Work

log = structlog.get_logger()

# What comes back later than this can as well be swept.
_WITHIN_SECONDS: Final = 60.0
_MOST: Final = 10_000
# Times are cut to milliseconds in the store, and clocks of one machine agree.
_AFTER_SECONDS: Final = 0.005


class Alarm:
    """Sends work when its time has come; what comes together is sent together."""

    def __init__(
        self,
        send: Callable[..., None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._send = send
        self._clock = clock
        self._changed = Condition()
        self._numbers = count()
        self._waiting: list[tuple[float, int, Work]] = []
        self._thread: Thread | None = None

    def covers(self, at: datetime) -> bool:
        """Tell whether what comes back at *at* is brought back; not what is late."""
        seconds = (at - self._clock()).total_seconds()
        return 0 < seconds <= _WITHIN_SECONDS and len(self._waiting) < _MOST

    def set(self, work: Work, at: datetime) -> None:
        """Send *work* at *at*."""
        seconds = (at - self._clock()).total_seconds() + _AFTER_SECONDS
        with self._changed:
            heappush(self._waiting, (monotonic() + seconds, next(self._numbers), work))
            self._changed.notify()
            # A bug in sending costs what was to be sent then, and nothing after it.
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="alarm", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._send(*self._await_due())

    def _await_due(self) -> list[Work]:
        with self._changed:
            while True:
                wait = self._waiting[0][0] - monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return self._due()
                self._changed.wait(wait)

    def _due(self) -> list[Work]:
        now = monotonic()
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(heappop(self._waiting)[2])
        return found
