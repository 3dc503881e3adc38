"""What is counted of the calls to IBM Cloud: each once, by whom it asked and how."""

import threading

import pytest
from ibmcloud_scenes import (
    READER_KEY,
    STEWARD,
    a_target,
    an_account,
    settings_for,
)

from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.keys import open_resets
from workers.ibmcloud.meter import Meter, meter_for
from workers.ibmcloud.pace import LocalBudget
from workers.offboarding.errors import OffboardingError, TransientError
from workers.offboarding.tally import Tally

REQUESTS = "offboard_ibmcloud_requests_total|"
ADDRESSES = {
    "iam": "https://iam.example.com",
    "containers": "https://containers.example.com/global",
    "user_management": "https://users.example.com",
    "resource_manager": "https://resources.example.com",
}


def counted(tally, start=REQUESTS):
    found = tally.taken()
    return {
        name.removeprefix(start): many
        for name, many in found.items()
        if name.startswith(start)
    }


@pytest.fixture
def tally():
    return Tally()


def test_each_call_of_a_look_counts_by_its_api(simulator, tally):
    account, settings = an_account(reader=READER_KEY), settings_for(simulator.url)
    cloud = open_cloud(account, settings, budget=LocalBudget(100), tally=tally)

    cloud.people()
    cloud.targets().checked()

    found = tally.taken()
    calls = {
        name.removeprefix(REQUESTS): many
        for name, many in found.items()
        if name.startswith(REQUESTS)
    }
    journal = simulator.journal.calls("GET")
    assert calls["iam|POST|200"] == 1
    assert calls["user_management|GET|200"] == 1
    assert calls["containers|GET|200"] == 3
    assert calls["resource_manager|GET|200"] == len(journal) - 4
    assert found[f"offboard_budget_granted_total|{account.id}"] == len(journal)


def test_a_reset_counts_with_the_slot_of_its_last_look(simulator, tally):
    settings = settings_for(simulator.url)
    resets = open_resets(an_account(), settings, budget=LocalBudget(100), tally=tally)

    resets.prepare(a_target("c1"), STEWARD).send()

    found = tally.taken()
    assert found[REQUESTS + "containers|POST|204"] == 1
    assert found[f"offboard_budget_granted_total|{an_account().id}"] == 2


def test_a_refusal_counts_by_its_status(simulator, tally):
    settings = settings_for(simulator.url)
    cloud = open_cloud(an_account(reader="nobody's"), settings, tally=tally)

    with pytest.raises(OffboardingError):
        cloud.people()

    assert counted(tally) == {"iam|POST|400": 1}


def test_who_cannot_be_reached_has_no_status(tally):
    nowhere = settings_for("http://127.0.0.1:1")

    with pytest.raises(TransientError):
        open_cloud(an_account(), nowhere, tally=tally).people()

    assert counted(tally) == {"iam|POST|unreachable": 1}


@pytest.mark.usefixtures("short_timeouts")
def test_who_answers_too_late_is_told_from_who_cannot_be_reached(far, tally):
    held = threading.Event()
    far.take = lambda call: (held.wait(60), (200, "{}", {}))[1]

    with pytest.raises(TransientError):
        open_cloud(an_account(), settings_for(far.url), tally=tally).people()

    held.set()
    assert counted(tally) == {"iam|POST|timeout": 1}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://iam.example.com/v1/apikeys", "iam"),
        ("https://containers.example.com/global/v1/keys", "containers"),
        ("https://users.example.com/v2/accounts/a/users", "user_management"),
        ("https://resources.example.com/v2/resource_groups", "resource_manager"),
        ("https://elsewhere.example.com/x", "iam"),
    ],
)
def test_an_api_is_known_by_its_address(tally, url, api):
    Meter(tally, "acc1", ADDRESSES).asked("GET", url, lambda: None)

    assert counted(tally) == {f"{api}|GET|200": 1}


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/identity/token", "iam"),
        ("/v2/groups", "iam"),
        ("/global/v2/vpc/getClusters", "containers"),
        ("/v2/accounts/a/users", "user_management"),
        ("/v2/resource_groups", "resource_manager"),
        ("/v2/resource_instances", "resource_manager"),
    ],
)
def test_where_one_address_stands_for_several_the_path_tells(tally, path, api):
    meter = meter_for("acc1", settings_for("https://gate.example.com"), tally)

    meter.asked("GET", "https://gate.example.com" + path, lambda: None)

    assert counted(tally) == {f"{api}|GET|200": 1}
