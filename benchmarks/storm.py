"""Ten thousand events in ten seconds, three in ten repeated, workers killed meanwhile.

Nothing lost, nothing reset twice, the brake on within a second of its threshold: by
what was acknowledged, the store, and the journal of the simulated account. The floor of
each is 0. Senders repeat what was not acknowledged, as senders do, and stop after
`AT_MOST_SECONDS`, so that a slow machine sends fewer. Run it alone:
`.venv/bin/python -m benchmarks.storm [how many]`.
"""

import logging
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import structlog

from benchmarks.far_side import Call, FarSide, kind
from benchmarks.figures import Figure, report
from benchmarks.scenes import Scene
from config.settings import Settings
from tests.processes.installation import SHORT_LEASE, Service
from tests.processes.storm import play
from workers.desk.opening import open_store

MANY: Final = 10_000
SECONDS: Final = 10.0
AT_MOST_SECONDS: Final = 20.0
LIMIT: Final = 20
DEATHS: Final = 5
SCENE: Final = Scene(targets=5, others=5, clusters=10, lag_seconds=1.0)
GOAL_SECONDS: Final = 1.0


def measured(many: int = MANY) -> tuple[list[Figure], dict[str, object]]:
    """Play the storm, and return figures and details."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
    with tempfile.TemporaryDirectory(prefix="ofb") as name, FarSide(SCENE) as far_side:
        # A worker killed right after "about to reset" leaves its target to be looked at
        # until this is over, five minutes by default, and only then is it sent again.
        service = Service(
            far_side,
            Path(name),
            MAX_CASES_PER_HOUR=str(LIMIT),
            CANARY="0",
            VERIFY_DEADLINE_SECONDS="20",
        )
        try:
            service.start("store", "web", "beat")
            # Else what a killed worker held is a minute's wait.
            service.start("worker", code=SHORT_LEASE)
            service.await_ready()
            store = open_store(Settings.from_env(service.environ), timeout_seconds=60)
            found = play(
                service,
                store,
                many,
                seconds=SECONDS,
                deaths=DEATHS,
                limit=LIMIT,
                seed=11,
                at_most_seconds=AT_MOST_SECONDS,
                resets=lambda: _resets(far_side),
            )
        finally:
            service.kill_all()
    return figures_of(many, found), found


def _resets(far_side: FarSide) -> list[Call]:
    return [one for one in far_side.calls() if kind(one) == "reset"]


def figures_of(many: int, found: dict[str, Any]) -> list[Figure]:
    """Say what was lost, what was done twice, and how late the brake was."""
    storm = f"storm of {found['deliveries']:,} deliveries in {found['seconds']:g} s"
    kills = f"workers killed {found['worker_kills']} times"
    late = found["brake_after_threshold_seconds"]
    return [
        Figure(
            f"{storm}: events lost",
            "nothing",
            found["lost"] + found["two_cases_of_one_event"],
            0,
            note=f"{found['accepted']} events, three in ten sent again; {kills}",
        ),
        Figure(
            f"{storm}: targets reset twice",
            "nothing",
            found["reset_twice"],
            0,
            note=f"{found['resets']} resets",
        ),
        Figure(
            f"{storm}: the brake is on",
            "within 1 s of its threshold",
            GOAL_SECONDS * 60 if late is None else late,
            GOAL_SECONDS,
            ours=late,
            floor=0.0,
            note=f"{found['waiting']} cases wait for a decision",
        ),
        Figure(
            f"{storm}: how long {many:,} take to be accepted",
            f"{SECONDS:g} s",
            many / found["per_second"],
            SECONDS * 1.05,
            ours=many / found["per_second"],
            floor=SECONDS,
            note=f"{found['per_second']} a second; the store, a worker and the senders "
            "share the machine",
        ),
    ]


if __name__ == "__main__":
    report("storm", *measured(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
