"""Messages sent by a thread of its own, so that no answer waits for the broker."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final

# Sending a message costs as much as taking an event in: of more events in a second the
# sweep sends the work, within a second.
TURNS_A_SECOND: Final = 10
# Nobody waits for what stands behind so many.
_MOST: Final = 1_000

Message = tuple[str, tuple[str, ...], int]


class Posting:
    """Sends messages in order, from one thread.

    What was not sent when its process ends or the broker is away is brought by the
    sweep, or asked for again. The thread is started by the first message, and so in the
    process that serves: a server forks before it has any.

    Args:
        send: Sends one message: task, arguments, priority. False: the broker is away.
    """

    def __init__(self, send: Callable[[str, tuple[str, ...], int], bool]) -> None:
        self._send = send
        self._waiting: SimpleQueue[Message] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._second = 0
        self._taken = 0

    def put(self, message: Message) -> bool:
        """Have a message sent; False where too many wait already."""
        if self._waiting.qsize() >= _MOST:
            return False
        self._waiting.put(message)
        if self._thread is None:
            self._begin()
        return True

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
            if self._thread is None:
                # A daemon: a broker that does not answer must not keep us from ending.
                self._thread = Thread(target=self._run, name="posting", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            if not self._send(*self._waiting.get()):
                self._drop_all()

    def _drop_all(self) -> None:
        """Leave what waits to the sweep: each of them would take as long to fail."""
        try:
            while True:
                self._waiting.get_nowait()
        except Empty:
            return
