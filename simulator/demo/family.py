"""What a process has started, and what they have started: found to be ended.

The service's supervisor ends its own; this is for the day on which it cannot. Each of
them leads a session of its own, so no group holds them all.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LIST: Final = ("ps", "-A", "-o", "pid=,ppid=,stat=,lstart=")
_GONE_SECONDS: Final = 5.0
# Where the fields behind the name stand in /proc/<pid>/stat, see proc(5).
_STATE, _PARENT, _BEGAN = 0, 1, 19


@dataclass(frozen=True, slots=True)
class Member:
    """A process that runs. ``began`` tells it from a later one with its number."""

    pid: int
    began: str


def below(pid: int) -> frozenset[Member]:
    """Find everything that descends from *pid* and still runs."""
    running = list(_running())
    found: set[Member] = set()
    parents = {pid}
    while parents:
        fresh = {one for one, parent in running if parent in parents} - found
        found |= fresh
        parents = {one.pid for one in fresh}
    return frozenset(found)


def alive(members: Iterable[Member]) -> frozenset[Member]:
    """Return those of *members* that still run."""
    return frozenset(members) & {one for one, _ in _running()}


def kill(members: Iterable[Member]) -> None:
    """End at once those of *members* that still run, and see them gone."""
    give_up_at = time.monotonic() + _GONE_SECONDS
    while (left := alive(members)) and time.monotonic() < give_up_at:
        for one in left:
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        time.sleep(0.02)


def _running() -> Iterator[tuple[Member, int]]:
    # A small container has no ps, a Mac has no /proc.
    return _from_proc() if (_PROC / "self" / "stat").exists() else _from_ps()


def _from_proc() -> Iterator[tuple[Member, int]]:
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # The name, in brackets, may hold blanks and brackets itself.
        fields = text.rpartition(")")[2].split()
        if fields[_STATE] != "Z":
            yield Member(int(folder.name), fields[_BEGAN]), int(fields[_PARENT])


def _from_ps() -> Iterator[tuple[Member, int]]:
    listed = subprocess.run(_LIST, capture_output=True, text=True, check=False)  # noqa: S603 - constant arguments
    for line in listed.stdout.splitlines():
        pid, parent, state, began = line.split(None, 3)
        if not state.startswith("Z"):
            yield Member(int(pid), began), int(parent)
