"""A relay before a server, which holds up whatever goes through it: a network's delay.

Each way takes half of the delay, so that a round trip takes all of it on top.
"""

import socket
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Final

_AT_ONCE: Final = 65_536


class Relay:
    """Listens on loopback, and passes what it gets on to a server's Unix socket.

    Attributes:
        port: Where it listens.
        requests: How often something was sent that was answered or not: about the
            round trips that clients made, since they wait for each answer.
    """

    def __init__(self, server: Path, delay_seconds: float) -> None:
        self._server = server
        self._half = delay_seconds / 2
        self.requests = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listening.getsockname()[1])
        self._start(self._accept)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            self._start(self._pass_on, client, server, True)
            self._start(self._pass_on, server, client, False)

    def _pass_on(
        self, source: socket.socket, target: socket.socket, is_request: bool
    ) -> None:
        """Read at once, and have another thread send when the time has come."""
        waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        self._start(self._send, waiting, target)
        while True:
            some = _received(source)
            # Before it goes on, else it would be answered and not counted yet. Threads
            # may lose one of these now and then.
            if is_request and some:
                self.requests += 1
            waiting.put((time.monotonic() + self._half, some))
            if not some:
                return

    @staticmethod
    def _send(
        waiting: "SimpleQueue[tuple[float, bytes]]", target: socket.socket
    ) -> None:
        while True:
            due, some = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if not some:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(some)
            except OSError:
                return

    @staticmethod
    def _start(what: object, *given: object) -> None:
        threading.Thread(target=what, args=given, daemon=True).start()  # type: ignore[arg-type]


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(_AT_ONCE)
    except OSError:
        return b""
