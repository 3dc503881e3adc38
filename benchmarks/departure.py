"""How soon a leaver's targets are owner-safe, over the least it can take.

The least for N targets, with latency l, replication R, and B calls in ten seconds: list
the clusters; then for each target read its owner and at once reset it; R later read its
owner back. Each call takes l and counts from its start; it waits for a slot where B were
started in the ten seconds before. ``floor`` plays that, calls as early as may be.
With a canary one target goes first and is read back before the others begin.

Run it alone: `.venv/bin/python -m benchmarks.departure [targets]`.
"""

import heapq
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.far_side import Call, FarSide, kind, kinds
from benchmarks.scenes import LEAVER_EMAIL, Scene
from tests.processes.installation import Service, until

LATENCY_SECONDS: Final = 0.2
LAG_SECONDS: Final = 10.0
# Of the documented 200 in ten seconds for one address; our default is 120.
CALLS_PER_10_SECONDS: Final = 190
WINDOW_SECONDS: Final = 10.0
WORKERS: Final = 2


def floor(targets: int, *, with_canary: bool = False) -> float:
    """Return the seconds that a departure of so many targets takes at the least."""
    slots = _Slots(CALLS_PER_10_SECONDS)
    begin = slots.take(0.0) + LATENCY_SECONDS
    if with_canary:
        begin = _round(slots, begin, 1)
        targets -= 1
    return _round(slots, begin, targets) if targets else begin


def _round(slots: "_Slots", begin: float, targets: int) -> float:
    """Read, reset and read back; return when the last answer is there."""
    # (when it may start, which step of its target: 0 read, 1 reset, 2 read back)
    waiting = [(begin, step) for step in [0] * targets]
    heapq.heapify(waiting)
    over = begin
    while waiting:
        at, step = heapq.heappop(waiting)
        done = slots.take(at) + LATENCY_SECONDS
        if step == 0:
            heapq.heappush(waiting, (done, 1))
        elif step == 1:
            # It is stored, and its replication begins, when the call is answered.
            heapq.heappush(waiting, (done + LAG_SECONDS, 2))
        over = max(over, done)
    return over


class _Slots:
    """So many calls started in any ten seconds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._starts: list[float] = []

    def take(self, at: float) -> float:
        """Return when a call that may start at *at* starts."""
        if len(self._starts) >= self._limit:
            at = max(at, self._starts[-self._limit] + WINDOW_SECONDS)
        self._starts.append(at)
        return at


@dataclass(frozen=True)
class Seen:
    """One departure, as the far side and its case tell it; seconds after acceptance."""

    safe: float
    first_reset: float
    calls: list[Call]
    began: float
    case: dict[str, Any]


@contextmanager
def installation(far_side: FarSide, folder: Path, **settings: str) -> Iterator[Service]:
    """Run store, web, beat and workers against the far side."""
    settings = {
        "IBM_CLOUD_REQUESTS_PER_10_SECONDS": str(CALLS_PER_10_SECONDS),
        "MAX_TARGETS_PER_CASE": "1000",
        "SETTLE_MINUTES": "1",
        **settings,
    }
    service = Service(far_side, folder, **settings)  # type: ignore[arg-type]
    try:
        service.start("store", "web", "beat")
        for number in range(WORKERS):
            service.start("worker")
            service.running[f"worker-{number}"] = service.running.pop("worker")
        service.await_ready()
        yield service
    finally:
        service.kill_all()


def play(scene: Scene, *, is_warm: bool = True, **settings: str) -> Seen:
    """Play one departure, and return what was seen of it."""
    with tempfile.TemporaryDirectory(prefix="ofb") as name, FarSide(scene) as far_side:
        # The survey that comes first is not measured: it makes the index warm.
        far_side.steer(latency_seconds=0.0)
        if not is_warm:
            settings["EXPOSURE_INTERVAL_MINUTES"] = "0"
        with installation(far_side, Path(name), **settings) as service:
            if is_warm:
                _await_survey(service)
            until(lambda: not _is_busy(far_side))
            far_side.steer(latency_seconds=LATENCY_SECONDS)
            # The slots that the survey took are free again after a window.
            time.sleep(WINDOW_SECONDS + 1)
            far_side.forget()
            return _play(service, far_side)


def _await_survey(service: Service) -> None:
    def surveyed() -> bool:
        found = service.call("GET", "/api/exposure", role="viewer").json()
        return bool(found["targets"])

    until(surveyed, seconds=120)


def _is_busy(far_side: FarSide) -> bool:
    before = len(far_side.calls())
    time.sleep(1)
    return len(far_side.calls()) != before


def _play(service: Service, far_side: FarSide) -> Seen:
    began = time.time()
    answer = service.tell(LEAVER_EMAIL, "the-departure")
    accepted = time.time()
    case_id = answer.json()["cases"][0]

    def safe() -> dict[str, Any] | None:
        time.sleep(0.5)
        case = service.case(case_id)
        return case if case["owner_safe_seconds"] is not None else None

    case = until(safe, seconds=150)
    assert isinstance(case, dict)
    calls = far_side.calls()
    resets = [one.at for one in calls if kind(one) == "reset"]
    return Seen(case["owner_safe_seconds"], resets[0] - accepted, calls, began, case)


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    warm = "--cold" not in sys.argv
    scene = Scene(targets=many, clusters=10 * many, lag_seconds=LAG_SECONDS)
    seen = play(scene, is_warm=warm, CANARY="0")
    print(seen.safe, floor(many), seen.safe / floor(many), seen.first_reset)
    print(kinds(seen.calls))
    import json

    json.dump(
        [(one.at - seen.began, kind(one), one.path) for one in seen.calls],
        open("/tmp/dep.json", "w"),
    )
