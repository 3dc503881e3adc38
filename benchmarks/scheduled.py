"""A hundred thousand scheduled cases: none begins early, none more than a minute late.

Fills a store by copying a case that the real scripts wrote, has some hundreds more fall
due within a minute while all the others are to be foreseen, restarts everything in the
middle with `kill -9`, and reads from the cases when each began.
Run it alone: `.venv/bin/python -m benchmarks.scheduled [how many]`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.ledger import fill, original, write
from config.settings import Settings
from simulator import Simulator
from tests.processes.installation import Service, until
from workers.desk.opening import open_desk, open_store, store_address
from workers.offboarding.model import Case, CaseStatus, Departure, Leaver
from workers.store.connection import connect

DUE: Final = 300
WITHIN: Final = timedelta(seconds=60)
# From the first that is opened to the first that is due: all is restarted in between.
AHEAD: Final = timedelta(seconds=45)
RUNS_SECONDS: Final = 20
ALL: Final = ("store", "worker", "beat")


@contextmanager
def installation(folder: Path) -> Iterator[Service]:
    """Run a service against the simulator, unarmed: nothing is written."""
    with Simulator() as simulator:
        service = Service(simulator, folder, ARMED="0", LEAD_TIME_HOURS="0")
        try:
            yield service
        finally:
            service.kill_all()


def fill_up(settings: Settings, many: int) -> float:
    """Have *many* cases wait for a day within the year; all are to be foreseen."""
    began = time.monotonic()
    with connect(store_address(settings), timeout_seconds=60) as client:
        one = original(client, "scheduled")
        client.flushall()
        fill(client, [one], 0, many)
    return time.monotonic() - began


def open_due(settings: Settings) -> None:
    """Open some hundreds that fall due soon, one after the other."""
    desk = open_desk(settings)
    soon = datetime.now(UTC) + AHEAD
    for number in range(DUE):
        desk.open(
            Departure(
                source="standard",
                leaver=Leaver(email=f"due{number}@example.com"),
                event_key=f"standard:due{number}",
                effective_at=soon + WITHIN * (number / DUE),
            )
        )


def main(many: int) -> dict[str, object]:
    """Measure, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="ofb") as name:
        folder = Path(name)
        with installation(folder) as service:
            service.start("store")
            settings = Settings.from_env(service.environ)
            open_store(settings)
            filled = fill_up(settings, many)
            open_due(settings)
            service.start("worker", "beat")
            time.sleep(RUNS_SECONDS)
            for each in ALL:
                service.end(each, 9)
            restarted = time.monotonic()
            service.start(*ALL)
            open_store(settings, timeout_seconds=60)
            answered = time.monotonic() - restarted
            figures = read(settings, restarted)
            memory = service_memory(settings)
    return {
        "cases": many,
        "fill_seconds": round(filled, 1),
        "store_answers_after_seconds": round(answered, 1),
        "store_mb": memory,
        **figures,
    }


def service_memory(settings: Settings) -> int:
    """Tell how much memory the store uses, in MB."""
    with connect(store_address(settings), timeout_seconds=60) as client:
        return round(client.info("memory")["used_memory"] / 1e6)


def read(settings: Settings, restarted: float) -> dict[str, object]:
    """Wait until all that are due have begun, and tell how early or late each did."""
    cases = open_store(settings, timeout_seconds=60).cases

    def begun() -> list[Case] | None:
        ids = cases.ids(but_not=CaseStatus.SCHEDULED, limit=10 * DUE)
        found = [one for one in cases.load_all(ids) if one.started_at is not None]
        return found if len(found) >= DUE else None

    found = cast("list[Case]", until(begun, seconds=600))
    return {
        "begun": len(found),
        **_lateness(found),
        "seconds_since_restart": round(time.monotonic() - restarted, 1),
    }


def _lateness(found: list[Case]) -> dict[str, Any]:
    by_day = [
        (one.started_at - one.starts_at).total_seconds()
        for one in sorted(found, key=lambda one: one.starts_at)
        if one.started_at is not None
    ]
    late = sorted(by_day)
    return {
        # Of the first to fall due it is what the restart took, and nothing else.
        "first_due_seconds": round(by_day[0], 2),
        "last_due_seconds": round(by_day[-1], 2),
        "earliest_seconds": round(late[0], 2),
        "median_seconds": round(late[len(late) // 2], 2),
        "latest_seconds": round(late[-1], 2),
    }


if __name__ == "__main__":
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    print(json.dumps(found, indent=2))  # noqa: T201 - its result
    write("scheduled", found)
