"""What processes take of a machine, as Linux counts it: CPU seconds, and memory."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.processes_of import family

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Where user and system time stand behind the name in /proc/<pid>/stat, see proc(5).
_USER, _SYSTEM = 11, 12


@dataclass(frozen=True)
class Cost:
    """What a process and all that it started have taken.

    Attributes:
        cpu_seconds: User and system time since their start.
        memory_mb: Their memory that no other process has as well, or their part of it.
    """

    cpu_seconds: float
    memory_mb: float


def cost_of(pid: int) -> Cost:
    """Return what a process and what it started have taken until now."""
    members = family(pid)
    return Cost(sum(map(_cpu_seconds, members)), sum(map(_memory_mb, members)))


def _cpu_seconds(pid: int) -> float:
    fields = _text(pid, "stat").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS if fields else 0.0


def _memory_mb(pid: int) -> float:
    for line in _text(pid, "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _text(pid: int, name: str) -> str:
    try:
        return (_PROC / str(pid) / name).read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        # It has ended meanwhile.
        return ""
