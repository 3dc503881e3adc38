"""What each process costs: time until it is ready, and CPU and memory a moment later.

There is no floor but what their libraries cost alone, which is measured beside: of
seconds only the ratios within a run say anything. By `/proc`, so on Linux alone. Run it
alone: `.venv/bin/python -m benchmarks.processes`.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.far_side import FarSide
from benchmarks.figures import Figure, report
from benchmarks.processes_of import Ran, family, ran, resident_mb
from benchmarks.scenes import Scene
from tests.processes.installation import Service, until

_OFFBOARD: Final = [sys.executable, "-m", "service.cli"]
_COMMANDS: Final = ("--version", "--help", "gate --help", "exposure --help")
_BARE: Final = {
    "python": "pass",
    "click": "import click",
    "flask, celery, redis": "import celery.app, flask, redis",
    "celery, redis, IBM's SDK": "import celery.app, redis, ibm_platform_services",
}
_READY: Final = {
    "store": "store.started",
    "web": "web.listening",
    "worker": "worker.started",
    "beat": "beat.started",
}
_SETTLES_SECONDS: Final = 4.0
_MOST_MB: Final = 300


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Start each process once, and run each command; under half a minute."""
    bare = {
        name: _cost(ran([sys.executable, "-c", code], os.environ))
        for name, code in _BARE.items()
    }
    commands = {
        words: _cost(ran([*_OFFBOARD, *words.split()], os.environ))
        for words in _COMMANDS
    }
    processes = _processes()
    version, click = commands["--version"], bare["click"]
    largest = max(mb for one in processes.values() for mb in one["resident_mb"])
    figures = [
        Figure(
            "CPU of `offboard --version`, over a Python that loads click",
            "<= 2 x",
            value=version["cpu_seconds"] / click["cpu_seconds"],
            limit=2.0,
            ours=version["cpu_seconds"],
            floor=click["cpu_seconds"],
        ),
        Figure(
            "resident memory of the largest process at rest",
            "< 300 MB",
            value=largest,
            limit=_MOST_MB - 1,
            ours=largest,
            unit="MB",
        ),
    ]
    return figures, {"bare": bare, "commands": commands, "processes": processes}


def _cost(one: Ran) -> dict[str, float]:
    return {
        "seconds": round(one.seconds, 2),
        "cpu_seconds": round(one.cpu_seconds, 3),
        "peak_mb": one.peak_mb,
    }


def _processes() -> dict[str, dict[str, list[float]]]:
    with (
        FarSide(Scene(targets=1, clusters=1)) as far_side,
        tempfile.TemporaryDirectory(prefix="ofb") as folder,
    ):
        service = Service(far_side, Path(folder), ARMED="0")  # type: ignore[arg-type]
        try:
            ready = {name: _started(service, name) for name in _READY}
            time.sleep(_SETTLES_SECONDS)
            return {
                name: {"ready_seconds": [ready[name]], **_now(service, name)}
                for name in _READY
            }
        finally:
            service.kill_all()


def _started(service: Service, name: str) -> float:
    began = time.monotonic()
    service.start(name)
    until(lambda: _READY[name] in service.log(name), seconds=60)
    return round(time.monotonic() - began, 2)


def _now(service: Service, name: str) -> dict[str, list[float]]:
    pids = family(service.running[name].pid)
    return {
        "cpu_seconds": [round(_cpu_seconds(one), 2) for one in pids],
        "resident_mb": [resident_mb(one) for one in pids],
    }


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    report("processes", *measured())
