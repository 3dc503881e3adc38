"""The simulated IBM Cloud, Slack and mail in a process of their own.

What they cost must not be counted as ours, and one interpreter must not be held up by
the other. Started by ``FarSide``; ends with its parent.
"""

import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import IO, Any, Self, cast

import requests

from benchmarks.scenes import Scene, accounts_of
from simulator import Simulator

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Call:
    """One call that IBM Cloud got; times in seconds since the epoch."""

    at: float
    method: str
    path: str
    answered_at: float | None
    status: int | None
    headers: dict[str, str]


class FarSide:
    """A simulator that runs beside; implements what an installation asks of one."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._process: Popen[bytes] | None = None
        self._environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.far_side"]
        scene = json.dumps(asdict(self._scene))
        self._process = Popen(  # noqa: S603 - our own command
            [*command, scene], cwd=_ROOT, stdin=PIPE, stdout=PIPE
        )
        line = cast("IO[bytes]", self._process.stdout).readline()
        self._environ = json.loads(line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            # It ends when nobody holds the other end any more.
            cast("IO[bytes]", self._process.stdin).close()
            self._process.wait(30)

    @property
    def url(self) -> str:
        """Return the simulated IBM Cloud's address."""
        return self._environ["OFFBOARD_IAM_URL"]

    def environ(self) -> dict[str, str]:
        """Return the settings that point a service there."""
        return dict(self._environ)

    def calls(self) -> list[Call]:
        """Return every call to IBM Cloud so far, in order of arrival."""
        answer = requests.get(f"{self.url}/_sim/journal", timeout=60).json()
        kept = Call.__dataclass_fields__
        found = [{n: v for n, v in one.items() if n in kept} for one in answer["calls"]]
        calls = [Call(**one) for one in found]
        return [one for one in calls if not one.path.startswith("/slack")]

    def forget(self) -> None:
        """Empty the journal."""
        requests.delete(f"{self.url}/_sim/journal", timeout=60).raise_for_status()

    def steer(self, **switches: object) -> None:
        """Set switches of the first account, such as ``latency_seconds``."""
        url = f"{self.url}/_sim/account"
        requests.patch(url, json=switches, timeout=60).raise_for_status()


def kinds(calls: Sequence[Call]) -> Counter[str]:
    """Count calls by what they ask for, without ids."""
    return Counter(kind(one) for one in calls)


def kind(call: Call) -> str:
    """Say what a call asks for: reset, owner, token, or its method and path."""
    if call.path.endswith("/clusterkeyowner"):
        return "owner"
    if call.path == "/global/v1/keys" and call.method == "POST":
        return "reset"
    if call.path == "/identity/token":
        return "token"
    plain = [part for part in call.path.split("/") if not _is_id(part)]
    return f"{call.method} {'/'.join(plain)}"


def _is_id(part: str) -> bool:
    is_long = len(part) >= 16 and any(one.isdigit() for one in part)
    return is_long or part.startswith("IBMid")


def _serve(scene: dict[str, Any]) -> None:
    simulator = Simulator(accounts_of(Scene(**scene)))
    with simulator, tempfile.TemporaryDirectory(prefix="ofb") as folder:
        environ = simulator.environ(simulator.accounts_toml(folder))
        sys.stdout.write(f"{json.dumps(environ)}\n")
        sys.stdout.flush()
        ended = threading.Event()
        threading.Thread(target=_await_end, args=(ended,), daemon=True).start()
        ended.wait()


def _await_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
