"""Hundreds of departures in a second, three in ten repeated, and workers killed."""

import pytest

from config.settings import Settings
from tests.processes.installation import SHORT_LEASE
from tests.processes.storm import play
from workers.desk.opening import open_store

# Few go on, so that the test ends soon; the calls to IBM Cloud are what takes time.
LIMIT = 6

pytestmark = pytest.mark.processes


def test_a_storm_loses_nothing_and_resets_nothing_twice(install):
    service = install(
        MAX_CASES_PER_HOUR=str(LIMIT), CANARY="0", VERIFY_DEADLINE_SECONDS="20"
    )
    service.start("store", "web", "beat")
    service.start("worker", code=SHORT_LEASE)
    service.await_ready()
    store = open_store(Settings.from_env(service.environ))

    found = play(service, store, 500, seconds=1.0, deaths=2, limit=LIMIT, seed=11)

    assert found["lost"] == 0
    assert found["accepted"] == 350
    assert found["two_cases_of_one_event"] == 0
    assert found["reset_twice"] == 0
    assert found["resets"] == 4
    assert found["waiting"] == 344
    assert found["brake_after_threshold_seconds"] <= 5.0
    assert found["worker_kills"] == 2
