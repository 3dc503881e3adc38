"""Sends requests as fast as they are answered, or at a set rate, from its own process.

One thread on plain sockets that stay open: what it costs is taken from the two cores
that the measured server has, so it parses as little as it can. All bodies are signed
before the clock starts. Started by ``sent``.
"""

import base64
import hashlib
import hmac
import json
import random
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE, run
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_END: Final = b"\r\n\r\n"
# Longer than any answer may take; then whoever sent it counts it as none.
_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Load:
    """What is to be sent.

    Attributes:
        port: Where, on loopback.
        path: GET it where there is no secret; else POST signed departures.
        secret: Signs them, in the form of the Standard Webhooks.
        seconds: For how long requests are begun.
        rate: How many a second, begun on time whatever the answers take; 0: each line
            sends its next as soon as it has an answer.
        lines: How many connections.
        run: Is part of each message's id, so that no two loads send the same.
        repeated: Which share are repeats of a message sent before.
        most: How many are signed beforehand; no more are sent.
    """

    port: int
    path: str
    secret: str = ""
    seconds: float = 3.0
    rate: float = 0.0
    lines: int = 16
    run: str = "a"
    repeated: float = 0.0
    most: int = 10_000


@dataclass
class Answered:
    """What came back; times in seconds, from when each should have been sent."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    sent_again: int = 0
    cases: dict[str, str] = field(default_factory=dict)
    late_start: float = 0.0

    @property
    def rate(self) -> float:
        """Return how many were answered with success, a second."""
        good = sum(many for one, many in self.statuses.items() if one.startswith("2"))
        return good / self.seconds

    def within(self, share: float) -> float:
        """Return in how many milliseconds a share of them was answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def sent(load: Load) -> Answered:
    """Send a load from a process of its own, and return what came back."""
    done = run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(load))],
        cwd=_ROOT,
        stdout=PIPE,
        check=True,
        timeout=load.seconds + 2 * _PATIENCE_SECONDS,
    )
    return Answered(**json.loads(done.stdout))


def _requests(load: Load) -> Iterator[tuple[str, bytes]]:
    """Make what is sent, each with its message's id."""
    if not load.secret:
        text = f"GET {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        yield from (("", text) for _ in range(load.most))
        return
    dice = random.Random(load.run)  # noqa: S311 - which of them are repeated
    key = base64.b64decode(load.secret.removeprefix("whsec_"))
    made: list[tuple[str, bytes]] = []
    for number in range(load.most):
        if made and dice.random() < load.repeated:
            yield dice.choice(made)
            continue
        made.append(_signed(load, key, number))
        yield made[-1]


def _signed(load: Load, key: bytes, number: int) -> tuple[str, bytes]:
    message_id = f"msg_{load.run}_{number}"
    email = f"person-{load.run}-{number}@example.com"
    data = {"subjects": [{"format": "email", "email": email}]}
    body = json.dumps({"type": "user.departed", "data": data}).encode()
    at = int(time.time())
    mark = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"webhook-id: {message_id}\r\nwebhook-timestamp: {at}\r\n"
        f"webhook-signature: v1,{base64.b64encode(mark.digest()).decode()}\r\n\r\n"
    )
    return message_id, head.encode() + body


class _Line:
    """One connection and what is under way on it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.key = ""
        self.request = b""
        self.due = 0.0
        self.answer = b""
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""

    def send(self, key: str, request: bytes, due: float) -> None:
        self.key, self.request, self.due = key, request, due
        self.answer = b""
        self.socket.sendall(request)

    def read(self) -> tuple[str, bytes] | None:
        """Read on; return status and body once all is here. OSError: it was closed."""
        found = self.socket.recv(65536)
        if not found:
            raise ConnectionResetError
        self.answer += found
        head, _, body = self.answer.partition(_END)
        at = head.lower().find(b"content-length:")
        if at < 0 or len(body) < int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return None
        return head[9:12].decode(), body


class _Sender:
    """Sends a load over its lines."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._waiting = iter(list(_requests(load)))
        self._lines = [_Line(load.port) for _ in range(load.lines)]
        self._poll = selectors.DefaultSelector()
        for line in self._lines:
            self._poll.register(line.socket, selectors.EVENT_READ, line)
        self._idle = deque(self._lines)
        self._busy = 0
        self._found = Answered()
        self._statuses: Counter[str] = Counter()

    def run(self) -> Answered:
        began = time.perf_counter()
        end = began + self._load.seconds
        number = 0
        while True:
            now = time.perf_counter()
            due = began + number / self._load.rate if self._load.rate else now
            while self._idle and due <= now and due < end:
                if not self._begin(due):
                    end = now
                    break
                number += 1
                due = began + number / self._load.rate if self._load.rate else now
            is_over = (due if self._load.rate else now) >= end
            if is_over and (not self._busy or now > end + _PATIENCE_SECONDS):
                break
            pause = max(0.0, due - now) if self._idle and not is_over else 1.0
            for key, _ in self._poll.select(pause):
                self._read(key.data)
        self._found.seconds = time.perf_counter() - began
        self._found.statuses = dict(self._statuses)
        return self._found

    def _begin(self, due: float) -> bool:
        key, request = next(self._waiting, ("", b""))
        if not request:
            return False
        line = self._idle.popleft()
        self._busy += 1
        self._found.late_start = max(self._found.late_start, time.perf_counter() - due)
        self._put(line, key, request, due)
        return True

    def _put(self, line: _Line, key: str, request: bytes, due: float) -> None:
        try:
            line.send(key, request, due)
        except OSError:
            self._again(line)

    def _read(self, line: _Line) -> None:
        try:
            found = line.read()
        except OSError:
            self._again(line)
            return
        if found is None:
            return
        status, body = found
        self._found.times.append(time.perf_counter() - line.due)
        self._statuses[status] += 1
        if line.key and status == "202":
            self._found.cases[line.key] = body.decode()
        line.request = b""
        self._idle.append(line)
        self._busy -= 1

    def _again(self, line: _Line) -> None:
        """Send anew what a closed connection left without an answer, as senders do."""
        self._poll.unregister(line.socket)
        line.socket.close()
        line.open()
        self._poll.register(line.socket, selectors.EVENT_READ, line)
        if line.request:
            self._found.sent_again += 1
            self._put(line, line.key, line.request, line.due)


def _main(asked: dict[str, Any]) -> None:
    sender = _Sender(Load(**asked))
    before = time.process_time()
    found = sender.run()
    found.cpu_seconds = time.process_time() - before
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
