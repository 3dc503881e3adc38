"""Sends work at the moment it is due, in the worker that has put it off.

The sweep brings whatever is due, once a second; a read-back that waits for it is safe
half a second later than it need be. Nothing depends on this: who dies here loses a
second.
"""

import heapq
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from workers.offboarding.model import Work

# What is due later than this can wait for the sweep; so can what comes after so many.
_WITHIN: Final = timedelta(minutes=2)
_MOST: Final = 10_000
# The store's clock decides what is due, and ours may be a little ahead of it.
_BEHIND_SECONDS: Final = 0.005


class Alarms:
    """Wakes up for work; ``send`` must not raise."""

    def __init__(self, send: Callable[[Work], None]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._numbers = count()
        self._waiting: list[tuple[float, int, Work]] = []
        self._thread: threading.Thread | None = None

    def set(self, work: Work, at: datetime) -> None:
        """Have *work* sent at *at*; what is due now, or late, is left to the sweep."""
        wait = at - datetime.now(UTC)
        if not timedelta() < wait <= _WITHIN:
            return
        due = time.monotonic() + wait.total_seconds() + _BEHIND_SECONDS
        with self._changed:
            if len(self._waiting) >= _MOST:
                return
            heapq.heappush(self._waiting, (due, next(self._numbers), work))
            if self._thread is None:
                run = threading.Thread(target=self._run, name="alarms", daemon=True)
                self._thread = run
                run.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            self._send(self._next())

    def _next(self) -> Work:
        with self._changed:
            while True:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait)
