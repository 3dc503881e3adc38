"""Six accounts, of which one hangs and one refuses: the others do not wait for them."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from installation import LOOKS_SOON, installations, until

from simulator import Account, Fault, Simulator, delay, status
from simulator.policies import account_reader, key_owner

DANA = "IBMid-550000DANA"
FID = "IBMid-6600001FID"
SLOW, REFUSING = 4, 5
# Much longer than a plan waits for an account that is silent, and short enough for the
# client to wait for the answer.
HANGS_SECONDS = 12.0
LISTS = "/global/v2/[a-z]+/getClusters|/v2/accounts/[^/]+/users|/v1/apikeys"


def an_account(number):
    # What is there has been there for long: no key was made since a survey.
    account = Account(
        f"{number + 1:032x}", name=f"team-{number}", clock=lambda: time.time() - 1e6
    )
    account.add_person(DANA, "dana.lee@example.com", name="Dana Lee")
    account.add_person(FID, "iks-functional-1@example.com", name="IKS")
    account.add_login_key(FID, f"simulated-apikey-of-account-{number}")
    account.set_policies(FID, [*key_owner(), *account_reader()])
    account.add_functional_id(FID, "iks-functional-1")
    account.key_limits[FID] = 1000
    account.add_group("a1" * 16, "payments")
    account.set_owner("us-south", "a1" * 16, DANA)
    account.add_cluster(
        f"c{number:019d}",
        f"app-{number}",
        region="us-south",
        group_id="a1" * 16,
        addons=("static-route",),
    )
    account.clock = time.time
    return account


@pytest.fixture
def simulator():
    with Simulator([an_account(number) for number in range(6)]) as running:
        yield running


@pytest.fixture
def service(simulator, tmp_path):
    file = simulator.accounts_toml(tmp_path)
    with installations(simulator) as make:
        service = make(
            ACCOUNTS_FILE=str(Path(file).resolve()),
            CANARY="0",
            IBM_CLOUD_REQUESTS_PER_10_SECONDS="200",
        )
        for name in ("ACCOUNT_ID", "FUNCTIONAL_ID_APIKEY"):
            service.environ.pop(f"OFFBOARD_{name}", None)
        service.start("store", "web", "beat")
        service.start("worker", code=LOOKS_SOON)
        service.await_ready()
        service.surveyed()
        yield service


def of_account(simulator, number):
    return {"Caller-Account": simulator.accounts[number].account_id}


def break_two(simulator):
    hangs, refuses = of_account(simulator, SLOW), of_account(simulator, REFUSING)
    for method in ("GET", "POST"):
        fault = Fault(method, "/.*", delay(HANGS_SECONDS), times=None, where=hangs)
        simulator.faults.add(fault)
    refused = Fault("GET", LISTS, status(403, "{}"), times=None, where=refuses)
    simulator.faults.add(refused)
    return refused


def outcomes(case):
    return {one["account_id"][-1]: one["outcome"] for one in case["targets"]}


def test_sound_accounts_do_not_wait_for_one_that_hangs_and_one_that_refuses(
    simulator, service
):
    refused = break_two(simulator)
    case_id = service.tell("dana.lee@example.com", "left").json()["cases"][0]

    def sound_are_safe():
        case = service.case(case_id)
        safe = [one for one, said in outcomes(case).items() if said == "verified"]
        return case if set("1234") <= set(safe) else None

    case = until(sound_are_safe)
    assert case["status"] == "open"
    assert outcomes(case).get("5") is None

    simulator.faults.clear()
    simulator.faults.add(refused)
    case = service.settled(case_id)
    assert outcomes(case)["5"] == "verified"
    assert case["result"] == "attention"
    unseen = {one["text"] for one in case["warnings"]}
    assert any("account team-5 (" in one for one in unseen)
    assert not any("account team-4" in one for one in unseen)
    assert first_reset_at(simulator) < first_hung_at(simulator, case) + HANGS_SECONDS

    rows = service.call("GET", "/api/exposure", role="viewer").json()["accounts"]
    assert [one["name"] for one in rows] == [f"team-{at}" for at in range(6)]

    simulator.faults.clear()
    assert service.call("POST", f"/api/cases/{case_id}/retry").status_code == 202
    until(lambda: service.case(case_id)["result"] == "safe")
    assert outcomes(service.case(case_id))["6"] == "verified"
    done = service.settled(case_id)
    assert told_of_the_end(done) == ["sent", "sent"]
    assert len(simulator.journal.resets()) == 6


def told_of_the_end(case):
    finals = [one for one in case["reports"] if one["kind"] == "final"]
    return [one["state"] for one in finals if one["channel"] == "slack"]


def first_reset_at(simulator):
    return min(one.at for one in simulator.journal.resets())


def first_hung_at(simulator, case):
    """Say when the account that hangs was first asked after the departure came."""
    received_at = datetime.fromisoformat(case["received_at"]).timestamp()
    asked = [one for one in simulator.journal.calls() if one.fault == "delay"]
    return min(one.at for one in asked if one.at >= received_at)
