"""A hundred thousand scheduled cases: none begins early, none more than a minute late.

Fills a store by copying a case that the real scripts wrote, has some hundreds more fall
due within less than a minute while all the others are to be foreseen, restarts
everything meanwhile with `kill -9`, and reads from the cases when each began. The floor
is 0: each begins when it is due.
Run it alone: `.venv/bin/python -m benchmarks.scheduled [how many]`.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import structlog

from benchmarks.far_side import FarSide
from benchmarks.figures import Figure, report
from benchmarks.filling import fill, original
from benchmarks.scenes import Scene
from config.settings import Settings
from tests.processes.installation import Service, until
from workers.desk.opening import open_desk, open_store, store_address
from workers.offboarding.model import Case, CaseStatus, Departure, Leaver
from workers.store.connection import connect

MANY: Final = 100_000
DUE: Final = 300
WITHIN: Final = timedelta(seconds=30)
# From the first that is opened to the first that is due: all is restarted in between.
AHEAD: Final = timedelta(seconds=25)
RUNS_SECONDS: Final = 8
PATIENCE_SECONDS: Final = 120
ALL: Final = ("store", "worker", "beat")
GOAL_SECONDS: Final = 60.0
# Half of it a leaver's who is none of those that fall due: what a look has to read.
SCENE: Final = Scene(targets=5, others=5, clusters=20, latency_seconds=0.2)


@contextmanager
def installation(folder: Path) -> Iterator[Service]:
    """Run a service against the simulator, unarmed: nothing is written."""
    with FarSide(SCENE) as far_side:
        service = Service(far_side, folder, ARMED="0", LEAD_TIME_HOURS="0")
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
        fill(client, [(one, 100)], many)
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


def measured(many: int = MANY) -> tuple[list[Figure], dict[str, object]]:
    """Measure, and return figures and details."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
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
            found = read(settings, restarted)
            memory = service_memory(settings)
    details = {
        "cases": many,
        "due": DUE,
        "due_within_seconds": WITHIN.total_seconds(),
        "fill_seconds": round(filled, 1),
        "store_answers_after_seconds": round(answered, 1),
        "store_mb": memory,
        **found,
    }
    return figures_of(many, found), details


def figures_of(many: int, found: dict[str, Any]) -> list[Figure]:
    """Say how early and how late the worst of them began."""
    scene = f"{many:,} scheduled cases, restart of everything"
    return [
        Figure(
            f"{scene}: begun before their time",
            "none",
            found["early"],
            0,
            note=f"of {found['begun']} that fell due",
        ),
        Figure(
            f"{scene}: the latest of {DUE} due in {WITHIN.total_seconds():g} s",
            "none late by more than 60 s",
            found["latest_seconds"],
            GOAL_SECONDS,
            ours=found["latest_seconds"],
            floor=0.0,
            note=f"median {found['median_seconds']:g} s",
        ),
    ]


def service_memory(settings: Settings) -> int:
    """Tell how much memory the store uses, in MB."""
    with connect(store_address(settings), timeout_seconds=60) as client:
        used: Any = client.info("memory")
        return round(used["used_memory"] / 1e6)


def read(settings: Settings, restarted: float) -> dict[str, Any]:
    """Wait until all that are due have begun, and tell how early or late each did."""
    cases = open_store(settings, timeout_seconds=60).cases

    def begun() -> list[Case] | None:
        ids = cases.ids(but_not=CaseStatus.SCHEDULED, limit=10 * DUE)
        found = [one for one in cases.load_all(ids) if one.started_at is not None]
        return found if len(found) >= DUE else None

    found = cast("list[Case]", until(begun, seconds=PATIENCE_SECONDS))
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
        "early": sum(one < 0 for one in late),
        # Of the first to fall due it is what the restart took, and nothing else.
        "first_due_seconds": round(by_day[0], 2),
        "last_due_seconds": round(by_day[-1], 2),
        "earliest_seconds": round(late[0], 2),
        "median_seconds": round(late[len(late) // 2], 2),
        "latest_seconds": round(late[-1], 2),
    }


if __name__ == "__main__":
    report("scheduled", *measured(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
