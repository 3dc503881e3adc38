"""What processes of the service use: resident memory, and how long they take.

By `/proc`, so on Linux alone; elsewhere memory is not known, and 0.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.demo.family import below


@dataclass(frozen=True)
class Ran:
    """A command that ran to its end; ``peak_mb`` is the most memory it had.

    That is never less than what whoever started it had, of which it begins as a copy.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: int
    exit_code: int
    output: str


def ran(command: Sequence[str], environ: Mapping[str, str]) -> Ran:
    """Run a command to its end, and tell what it took; from outside, start and all."""
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own commands
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(
        time.monotonic() - began,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss // 1024,
        process.returncode,
        output.decode("utf-8", "replace"),
    )


def family(pid: int) -> list[int]:
    """Return a process, and all below it by their numbers."""
    return [pid, *sorted(one.pid for one in below(pid))]


def peak_mb(pid: int) -> int:
    """Return the most memory that a running process has had."""
    return _status(pid, "VmHWM")


def resident_mb(pid: int) -> int:
    """Return the memory that a running process has now."""
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) // 1024
    return 0
