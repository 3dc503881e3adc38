"""The service under demo: started as its users start it, and always ended.

Knows its command and its settings, nothing of its inside.
"""

import base64
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from simulator.demo import family
from simulator.demo.service_log import Log

_COMMAND: Final = (sys.executable, "-m", "service.cli", "up")
_PROJECT: Final = Path(__file__).resolve().parents[2]
_READY_SECONDS: Final = 150.0
# A worker amid a task takes 20 s to end in order. Nothing of a demo is kept, so that
# waiting for it would protect nothing.
_ENDING_SECONDS: Final = 8.0
# The third death of one process in a row is no bad luck.
_MOST_DEATHS: Final = 3
# A Unix socket's path has 107 characters at most, 103 on a Mac.
_LONGEST_FOLDER: Final = 60
# Below those that Linux and Macs hand to whoever asks for any: one of these stays free
# until it is used, and while its user is started again.
_PORTS: Final = range(20_000, 32_768)


class NotRunningError(Exception):
    """The service does not do what it was started for; ``log`` has its last lines."""

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the service's doors, made up for this one demo."""

    token: str = field(repr=False)
    signing: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "Keys":
        """Make new ones."""
        return cls(f"ofb_{secrets.token_urlsafe(32)}", secrets.token_bytes(32))

    def settings(self) -> dict[str, str]:
        """Return the settings by which the service knows them."""
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        signing = base64.b64encode(self.signing).decode("ascii")
        return {
            "OFFBOARD_API_TOKENS": f"demo:approver:{digest}",
            "OFFBOARD_SOURCE_STANDARD_SECRET": f"whsec_{signing}",
        }


@dataclass(slots=True)
class Running:
    """The service while it runs, or as long as its supervisor did."""

    url: str
    keys: Keys
    supervisor: "subprocess.Popen[bytes]"
    log: Log
    members: set[family.Member] = field(default_factory=set)

    def await_ready(
        self, is_ready: Callable[[], bool], pause: Callable[[float], None]
    ) -> float:
        """Wait until *is_ready*, and return how many seconds that took.

        Raises:
            NotRunningError: It ended, keeps dying, or is not ready in time.
        """
        began = time.monotonic()
        while not is_ready():
            self.check()
            if time.monotonic() > began + _READY_SECONDS:
                raise self.fault(f"was not ready after {_READY_SECONDS:.0f} s")
            pause(0.2)
        return time.monotonic() - began

    def check(self) -> None:
        """Raise NotRunningError where the service has ended or keeps dying."""
        self._meet()
        code = self.supervisor.poll()
        if code is not None:
            raise self.fault(f"ended by itself with code {code}")
        for name, times in self.log.deaths().items():
            if times >= _MOST_DEATHS:
                raise self.fault(f"cannot run here: its {name} died {times} times")

    def fault(self, what: str) -> NotRunningError:
        """Make the error that says *what* the service did, with its last words."""
        return NotRunningError(f"The service {what}.", self.log.last())

    def end(self) -> None:
        """End it in order and, where that takes too long, at once."""
        self._meet()
        if self.supervisor.poll() is None:
            self.supervisor.terminate()
        try:
            self.supervisor.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()
        family.kill(self.members)

    def _meet(self) -> None:
        """Remember whom it has started, while it still can be asked."""
        self.members |= family.below(self.supervisor.pid)


@contextmanager
def running(
    simulated: Mapping[str, str], unspoken: Sequence[str] = ()
) -> Iterator[Running]:
    """Start ``offboard up`` with a store of its own; end it and clear up, always.

    Args:
        simulated: The settings that point it at the simulator.
        unspoken: What must not be shown of its log, beside the secrets among these.
    """
    keys = Keys.fresh()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp(prefix="offboard-", dir=_short_folder()))
    settings = {
        **simulated,
        **keys.settings(),
        "OFFBOARD_ARMED": "1",
        "OFFBOARD_STORE_URL": f"embedded:{folder / 'store'}",
        "OFFBOARD_PORT": str(port),
        # The daily digest would be one message more.
        "OFFBOARD_DIGEST_AT": far_off(),
        # Whoever has to be killed at the end leaves something there.
        "TMPDIR": str(folder),
    }
    log = Log(folder / "service.log", (*_secrets(settings), *unspoken))
    try:
        with log.path.open("wb") as written:
            supervisor = subprocess.Popen(  # noqa: S603 - our own command
                _COMMAND,
                cwd=_PROJECT,
                env=_environ(settings),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo, which then ends the service.
                start_new_session=True,
            )
        started = Running(url, keys, supervisor, log)
        try:
            yield started
        finally:
            started.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environ(settings: Mapping[str, str]) -> dict[str, str]:
    """Put *settings* into an environment without anybody's real ones.

    Whoever has keys of a real account in their shell must not see them used here, and
    loopback is reached without a proxy.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OFFBOARD_")
    }
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **settings}


def _secrets(settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        value
        for name, value in settings.items()
        if name.endswith(("_APIKEY", "_TOKEN", "_SECRET"))
    )


def free_port() -> int:
    """Find a port of loopback that nobody has, nor is given before it is used."""
    while True:
        port = secrets.choice(_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def far_off() -> str:
    """Return a time of day, in UTC, that does not come soon."""
    return f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}"


def _short_folder() -> str | None:
    is_long = len(tempfile.gettempdir()) > _LONGEST_FOLDER
    return "/tmp" if is_long else None  # noqa: S108 - only the parent of a private folder
