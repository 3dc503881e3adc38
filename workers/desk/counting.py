"""What a process counted, handed to the store by a thread of its own.

So nobody who is answered waits for it, and a store that is away costs nothing but time:
what could not be handed over is kept and handed over later.
"""

import atexit
from threading import Event, Lock, Thread
from typing import Final

import structlog

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.tally import Tally
from workers.store.metrics import Counts

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_EVERY_SECONDS: Final = 1.0


class Counting:
    """One process's tally, and its way into the store.

    Args:
        counts: The store's.
        tally: What the process counts in.
    """

    def __init__(self, counts: Counts, tally: Tally) -> None:
        self.tally = tally
        self._counts = counts
        self._lock = Lock()
        self._number = 0
        self._batch: dict[str, int] = {}
        self._is_heard = True

    def begin(self, over: Event | None = None) -> None:
        """Hand over every second from now on, and once more as the process ends.

        To be called in the process that counts: threads do not outlive a fork.
        """
        thread = Thread(
            target=self._run, args=(over or Event(),), name="counting", daemon=True
        )
        thread.start()
        atexit.register(self.hand_over)

    def _run(self, over: Event) -> None:
        while not over.wait(_EVERY_SECONDS):
            self.hand_over()

    def hand_over(self) -> None:
        """Hand over what was counted since; best effort, raises nothing."""
        with self._lock:
            try:
                # Whether it got there the last time is not known: first the same again.
                while self._batch or self._next():
                    self._counts.add(self._number, self._batch)
                    self._batch = {}
                    self._is_heard = True
            except StoreAwayError as error:
                # Once an outage: each second of it would say the same.
                if self._is_heard:
                    log.warning("counts.kept", fault=str(error))
                self._is_heard = False

    def _next(self) -> bool:
        """Take the next batch; False where nothing was counted."""
        self._batch = self.tally.taken()
        self._number += bool(self._batch)
        return bool(self._batch)
