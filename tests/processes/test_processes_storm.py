"""Hundreds of departures in a second, three in ten repeated, and workers killed."""

import pytest
import requests
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as plain

from config.settings import Settings
from tests.processes.installation import SHORT_LEASE, until
from tests.processes.storm import play
from workers.desk.opening import open_store
from workers.offboarding.metrics import METRICS

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
    # How soon is measured where nothing else runs; here a worker may just be dead.
    assert found["brake_after_threshold_seconds"] <= 30.0
    assert found["worker_kills"] == 2
    assert_scraped(service, found)


def scraped(service, read=plain, accept=""):
    """Scrape a web process, each time by a connection of its own."""
    answer = requests.get(
        f"{service.url}/metrics", headers={"Accept": accept}, timeout=30
    )
    assert answer.status_code == 200
    return {
        name.removesuffix("_total"): family.samples
        for family in read(answer.text)
        for name in [family.name]
    }


def summed(families, name, **labels):
    return sum(
        one.value
        for one in families[name]
        if one.name.endswith(("_total", name, "_count"))
        and labels.items() <= one.labels.items()
    )


def taken_in(families):
    return sum(
        summed(families, "offboard_webhook_requests", outcome=one)
        for one in ("accepted", "duplicate")
    )


def assert_scraped(service, found):
    """Hold what a scrape shows against what the senders were told."""
    # The web's processes hand over what they counted every second.
    until(lambda: taken_in(scraped(service)) >= found["deliveries"])
    families = scraped(service)

    names = {one.name.removesuffix("_total") for one in METRICS}
    assert set(families) == names
    values = [one.value for samples in families.values() for one in samples]
    assert min(values) >= 0
    # A request whose answer was lost may have been taken in as well.
    again = sum(found["sent_again"].values())
    assert taken_in(families) - found["deliveries"] in range(again + 1)
    accepted = summed(families, "offboard_webhook_requests", outcome="accepted")
    assert accepted == found["accepted"]
    assert summed(families, "offboard_cases", trigger="webhook") == LIMIT
    assert summed(families, "offboard_case_duration_seconds") == LIMIT
    assert summed(families, "offboard_cases_open", status="waiting") == 344
    assert summed(families, "offboard_targets", outcome="verified") == 4
    assert summed(families, "offboard_brake_waiting") == 344
    assert summed(families, "offboard_account_info", armed="true") == 1
    assert summed(families, "offboard_ibmcloud_requests", api="containers") > 0
    assert summed(families, "offboard_budget_granted") > 0
    # Whichever process of the web answers, in either form.
    same = ["offboard_webhook_requests", "offboard_cases", "offboard_targets"]
    for _ in range(4):
        other = scraped(service, openmetrics, "application/openmetrics-text")
        assert set(other) == names
        for name in same:
            assert summed(other, name) == summed(families, name)
