"""A hundred thousand scheduled cases: none begins early, none more than a minute late.

Fills a store, has some hundreds of the cases fall due within a minute while all the
others are to be foreseen, restarts everything in the middle, and reads from the cases
when each began. Run it alone: `.venv/bin/python -m benchmarks.scheduled [how many]`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from config.settings import Settings
from simulator import Simulator
from tests.processes.installation import Service, until
from workers.desk.opening import open_desk, open_store
from workers.offboarding.model import CaseStatus, Departure, Leaver

DUE = 300
WITHIN = timedelta(seconds=60)


@contextmanager
def installation(folder: Path) -> Iterator[Service]:
    """Run a service against the simulator, unarmed: nothing is written."""
    with Simulator() as simulator:
        service = Service(simulator, folder, ARMED="0", LEAD_TIME_HOURS="0")
        try:
            yield service
        finally:
            service.end_all()


def fill(settings: Settings, many: int) -> float:
    """Open *many* cases: some hundreds due soon, the others within a year."""
    desk = open_desk(settings)
    began = time.monotonic()
    now = datetime.now(UTC)
    soon = now + timedelta(seconds=30 + many / 400)
    for number in range(many):
        is_due = number % max(1, many // DUE) == 0
        at = soon + WITHIN * (number / many) if is_due else now + timedelta(days=200)
        desk.open(
            Departure(
                source="standard",
                leaver=Leaver(email=f"person{number}@example.com"),
                event_key=f"standard:{number}",
                effective_at=at,
                reason="due" if is_due else None,
            )
        )
    return time.monotonic() - began


def main(many: int) -> dict[str, object]:
    """Measure, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="ofb") as name:
        folder = Path(name)
        with installation(folder) as service:
            service.start("store")
            settings = Settings.from_env(service.environ)
            filled = fill(settings, many)
            service.start("worker", "beat")
            time.sleep(20)
            for each in ("worker", "beat", "store"):
                service.end(each, 9)
            restarted = time.monotonic()
            service.start("store", "worker", "beat")
            figures = read(settings, restarted)
    return {"cases": many, "fill_seconds": round(filled, 1), **figures}


def read(settings: Settings, restarted: float) -> dict[str, object]:
    """Wait until all that are due have begun, and tell how early or late each did."""
    cases = open_store(settings).cases

    def begun() -> list[float] | None:
        ids = cases.ids(but_not=CaseStatus.SCHEDULED, limit=10 * DUE)
        found = [one for one in cases.load_all(ids) if one.started_at is not None]
        late = [
            (one.started_at - one.starts_at).total_seconds()
            for one in found
            if one.started_at is not None
        ]
        return late if len(late) >= DUE else None

    late = cast("list[float]", until(begun, seconds=900))
    return {
        "begun": len(late),
        "earliest_seconds": round(min(late), 2),
        "latest_seconds": round(max(late), 2),
        "seconds_since_restart": round(time.monotonic() - restarted, 1),
    }


if __name__ == "__main__":
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    print(json.dumps(found, indent=2))  # noqa: T201 - its result
