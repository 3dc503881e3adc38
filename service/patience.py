"""A request has to arrive in time: whoever sends it slower is hung up on.

A thread reads a request, and waits for the rest of one for as long as its connection is
open. Sixteen connections that never finish would else be all it takes to keep every
departure out, without a proxy in front that reads requests whole before it passes them
on. What a request is answered may take as long as it takes.
"""

import socket
import time
from threading import Lock
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

# The largest that is taken is a megabyte; most are a few hundred bytes.
ARRIVES_WITHIN_SECONDS: Final = 10.0
# While every thread is taken and others wait for one.
WHILE_OTHERS_WAIT_SECONDS: Final = 1.0
_HAS_BODY: Final = {"CONTENT-LENGTH", "TRANSFER-ENCODING"}


class Arrivals:
    """The connections on which a request is awaited, and since when."""

    def __init__(self) -> None:
        self._began: dict[socket.socket, float] = {}
        self._lock = Lock()

    def begin(self, connection: socket.socket) -> None:
        """Note that a thread begins to read."""
        with self._lock:
            self._began[connection] = time.monotonic()

    def end(self, connection: socket.socket) -> None:
        """Note that the request is there, or the thread free again."""
        with self._lock:
            self._began.pop(connection, None)

    def hang_up(self, within_seconds: float) -> int:
        """End the reading of what takes longer; the number of these connections.

        The other half of the connection stays: what was read whole long ago, and is
        being answered, loses nothing.
        """
        last = time.monotonic() - within_seconds
        with self._lock:
            late = [one for one, began in self._began.items() if began < last]
            for one in late:
                del self._began[one]
                try:
                    one.shutdown(socket.SHUT_RD)
                except OSError:
                    continue
        return len(late)


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's worker with threads, that waits for each request for so long."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*given, **named)
        self._arrivals = Arrivals()

    def handle(self, conn: Any) -> Any:  # noqa: ANN401 - gunicorn ships no types
        """Read and answer, in a thread."""
        connection = conn.sock
        self._arrivals.begin(connection)
        try:
            return super().handle(conn)
        finally:
            self._arrivals.end(connection)

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401 - gunicorn's own
        """Answer what has a head; without a body it is there as a whole."""
        if not _HAS_BODY & {name for name, _ in req.headers}:
            self._arrivals.end(conn.sock)
        return super().handle_request(req, conn)

    def notify(self) -> None:
        """Tell gunicorn that this process lives, which it does each second."""
        super().notify()
        is_full = self._in_threads() > self.cfg.threads
        self._arrivals.hang_up(
            WHILE_OTHERS_WAIT_SECONDS if is_full else ARRIVES_WITHIN_SECONDS
        )

    def _in_threads(self) -> int:
        """Count the connections that have a thread, or wait for one."""
        idle = len(self.keepalived_conns) + len(self.pending_conns)
        return int(self.nr_conns) - idle
