"""Ten thousand events in ten seconds, three in ten repeated, workers killed meanwhile.

Nothing lost, nothing reset twice, the brake on within a second of its threshold: by
what was acknowledged, the store, and the journal of the simulated account. Run it
alone: `.venv/bin/python -m benchmarks.storm [how many]`.
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from benchmarks.ledger import write
from config.settings import Settings
from simulator import Simulator, departure_account
from tests.processes.installation import SHORT_LEASE, Service
from tests.processes.storm import play
from workers.desk.opening import open_store

SECONDS = 10.0
LIMIT = 20


def main(many: int) -> dict[str, object]:
    """Play the storm, and return the figures."""
    account = departure_account()
    account.replication_lag_seconds = 1.0
    with (
        tempfile.TemporaryDirectory(prefix="ofb") as name,
        Simulator([account]) as simulator,
    ):
        # A worker killed right after "about to reset" leaves its target to be looked at
        # until this is over, five minutes by default, and only then is it sent again.
        service = Service(
            simulator,
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
            return play(
                service, store, many, seconds=SECONDS, deaths=5, limit=LIMIT, seed=11
            )
        finally:
            service.kill_all()


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    print(json.dumps(found, indent=2))  # noqa: T201 - its result
    write("storm", found)
