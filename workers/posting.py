"""Messages sent by a thread of its own, so that no answer waits for the broker."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final, Generic, TypeVar

# Sending a message costs as much as taking an event in: of more events in a second the
# sweep sends the work, within a second.
TURNS_A_SECOND: Final = 10
# Nobody waits for what stands behind so many.
_MOST: Final = 1_000

M = TypeVar("M")


class Posting(Generic[M]):
    """Sends messages in order, from one thread.

    What was not sent when its process ends or the broker is away is brought by the
    sweep, or asked for again. The thread is started by the first message, and so in the
    process that serves: a server forks before it has any.

    Args:
        send: Sends one message. False: the broker is away.
    """

    def __init__(self, send: Callable[[M], bool]) -> None:
        self._send = send
        self._waiting: SimpleQueue[M] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._second = 0
        self._taken = 0

    def put(self, message: M) -> bool:
        """Have a message sent; False where too many wait already."""
        if self._waiting.qsize() >= _MOST:
            return False
        self._waiting.put(message)
        # A bug in sending costs one message, and nothing after it.
        if not self._is_at_work():
            self._begin()
        return True

    def _is_at_work(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def has_turn(self) -> bool:
        """Take one of this second's turns; False: the sweep sends what is due."""
        with self._lock:
            second = int(time.monotonic())
            if second != self._second:
                self._second, self._taken = second, 0
            self._taken += 1
            return self._taken <= TURNS_A_SECOND

    def _begin(self) -> None:
        with self._lock:
            if not self._is_at_work():
                # A daemon: a broker that does not answer must not keep us from ending.
                self._thread = Thread(target=self._run, name="posting", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            if not self._send(self._waiting.get()):
                self._drop_all()

    def _drop_all(self) -> None:
        """Leave what waits to the sweep: each of them would take as long to fail."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            return
