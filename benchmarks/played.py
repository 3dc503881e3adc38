"""Departures played on an installation, with what each process took for them.

What a process takes when nobody leaves is seen before, and taken off: sweeps, and the
looks whether something is due. A departure counts until its reports are out.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.costs import cost_of
from benchmarks.departure import (
    LAG_SECONDS,
    LATENCY_SECONDS,
    WINDOW_SECONDS,
    await_survey,
    installation,
)
from benchmarks.far_side import FarSide
from benchmarks.scenes import Scene
from tests.processes.installation import Service, until

# What follows a report is done within this.
_AFTERWARDS_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Played:
    """One departure.

    Attributes:
        safe: Seconds from acceptance to owner-safe, as the case says.
        calls: The calls to IBM Cloud.
        cpu: The CPU seconds that each kind of process took for it.
        idle: The share of a core that each takes when nobody leaves.
        memory: The memory of each kind, of all of its processes, in MB.
    """

    safe: float
    calls: int
    cpu: dict[str, float]
    idle: dict[str, float]
    memory: dict[str, float]


@dataclass(frozen=True)
class Ground:
    """An installation whose account is surveyed, and what it takes when idle."""

    service: Service
    far_side: FarSide
    idle: dict[str, float]

    def play(self, email: str) -> Played:
        """Play the departure of one leaver."""
        return _one(self.service, self.far_side, email, self.idle)


@contextmanager
def grounds(
    scene: Scene, settings_of: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Ground]]:
    """Prepare installations beside each other, by name, since each mostly waits.

    Args:
        scene: What the account of each is like.
        settings_of: How many workers and which settings each has.
    """
    with ExitStack() as stack:
        started = {
            name: _started(stack, scene, settings)
            for name, settings in settings_of.items()
        }
        for service, far_side in started.values():
            await_survey(service, far_side)
            far_side.steer(
                latency_seconds=LATENCY_SECONDS, replication_lag_seconds=LAG_SECONDS
            )
        before = {name: _taken(service) for name, (service, _) in started.items()}
        # The slots that the surveys took are free again after a window.
        time.sleep(WINDOW_SECONDS + 1)
        yield {
            name: Ground(
                service,
                far_side,
                _over(_taken(service), before[name], WINDOW_SECONDS + 1),
            )
            for name, (service, far_side) in started.items()
        }


def _started(
    stack: ExitStack, scene: Scene, settings: Mapping[str, Any]
) -> tuple[Service, FarSide]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ofb")))
    far_side = stack.enter_context(FarSide(scene))
    made = installation(far_side, folder, CANARY="0", **settings)
    return stack.enter_context(made), far_side


def _one(
    service: Service, far_side: FarSide, email: str, idle: Mapping[str, float]
) -> Played:
    far_side.forget()
    before, began = _taken(service), time.monotonic()
    answer = service.tell(email, f"departure-{time.time():.0f}")
    # Nothing is over before that, and whoever looks takes time as well.
    time.sleep(LAG_SECONDS)
    case = _settled(service, answer.json()["cases"][0])
    time.sleep(_AFTERWARDS_SECONDS)
    seconds = time.monotonic() - began
    taken = _over(_taken(service), before, 1)
    return Played(
        safe=float(str(case["owner_safe_seconds"])),
        calls=len(far_side.calls()),
        # Less than nothing is a tick of the clock.
        cpu={name: max(0.0, taken[name] - idle[name] * seconds) for name in taken},
        idle=dict(idle),
        memory=_memory(service),
    )


def _settled(service: Service, case_id: str) -> dict[str, object]:
    def settled() -> dict[str, object] | None:
        time.sleep(1)
        case = service.case(case_id)
        return case if case["status"] == "settled" else None

    return cast("dict[str, object]", until(settled))


def _taken(service: Service) -> dict[str, float]:
    return _of_kinds({name: cost_of(pid).cpu_seconds for name, pid in _pids(service)})


def _memory(service: Service) -> dict[str, float]:
    return _of_kinds({name: cost_of(pid).memory_mb for name, pid in _pids(service)})


def _pids(service: Service) -> list[tuple[str, int]]:
    return [(name, one.pid) for name, one in service.running.items()]


def _of_kinds(values: Mapping[str, float]) -> dict[str, float]:
    """Put the workers together."""
    kinds: dict[str, float] = defaultdict(float)
    for name, value in values.items():
        kinds[name.partition("-")[0]] += value
    return dict(kinds)


def _over(
    after: Mapping[str, float], before: Mapping[str, float], seconds: float
) -> dict[str, float]:
    return {name: (after[name] - before[name]) / seconds for name in after}
