"""Somebody who resets a target beside the caller, at a chosen moment."""

import time

import pytest

from simulator import Fault, rival_fault
from simulator.scenario import (
    COLLEAGUE_IAM_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)

PLACE = ("us-south", PAYMENTS_GROUP_ID)
TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}


@pytest.fixture
def plan(simulator):
    def add(**how):
        account = simulator.account
        fault = rival_fault(account, *PLACE, COLLEAGUE_IAM_ID, **how)
        simulator.faults.add(fault)

    return add


@pytest.fixture
def reset(simulator, caller):
    def send(headers=TARGET):
        url = f"{simulator.containers_url}/v1/keys"
        return caller.post(url, headers=headers).status_code

    return send


@pytest.fixture
def shown(simulator, caller):
    def read(cluster="payments-prod"):
        url = f"{simulator.containers_url}/v1/logging/{cluster}/clusterkeyowner"
        return caller.get(url).json()["id"]

    return read


def whose_keys(simulator, count):
    return [key.iam_id for key in simulator.account.api_keys()[-count:]]


def test_a_rival_right_before_the_reset_loses(simulator, plan, reset):
    plan(when="before")

    assert reset() == 204
    assert whose_keys(simulator, 2) == [COLLEAGUE_IAM_ID, FUNCTIONAL_ID_IAM_ID]
    assert simulator.account.owner(*PLACE) == FUNCTIONAL_ID_IAM_ID
    (call,) = simulator.journal.resets()
    assert (call.fault, call.status) == ("rival_before", 204)


def test_a_rival_right_after_the_reset_wins(simulator, plan, reset, shown):
    plan(when="after")

    assert reset() == 204
    assert whose_keys(simulator, 2) == [FUNCTIONAL_ID_IAM_ID, COLLEAGUE_IAM_ID]
    assert shown() == COLLEAGUE_IAM_ID


def test_a_rival_may_come_a_while_after_the_answer(simulator, plan, reset):
    plan(when="after", seconds=5)

    reset()

    assert simulator.account.owner(*PLACE) == FUNCTIONAL_ID_IAM_ID
    give_up_at = time.monotonic() + 60
    while simulator.account.owner(*PLACE) != COLLEAGUE_IAM_ID:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_a_rival_comes_between_two_readings(plan, shown):
    plan(at="reading", when="after")

    assert shown("platform-tools") == LEAVER_IAM_ID
    assert [shown(), shown()] == [LEAVER_IAM_ID, COLLEAGUE_IAM_ID]


def test_the_reading_itself_may_find_the_rival(plan, shown):
    plan(at="reading", when="before", skip=1)

    assert [shown("payments-batch"), shown()] == [LEAVER_IAM_ID, COLLEAGUE_IAM_ID]


def test_a_rival_waits_for_the_target_that_is_meant(simulator, plan, reset):
    plan(when="before")

    reset({**TARGET, "X-Auth-Resource-Group": PLATFORM_GROUP_ID})
    reset({**TARGET, "X-Region": "eu-de"})

    assert simulator.account.owner(*PLACE) == LEAVER_IAM_ID
    assert len(simulator.faults.unfired()) == 1


def test_a_rivals_reset_shows_after_the_lag_like_any(simulator, plan, shown, clock):
    account = simulator.account
    account.clock = clock
    account.set_owner(*PLACE, LEAVER_IAM_ID)
    account.replication_lag_seconds = 10
    plan(at="reading", when="before")

    first = shown()
    clock.now += 10

    assert (first, shown()) == (LEAVER_IAM_ID, COLLEAGUE_IAM_ID)


def test_one_target_may_have_a_lag_of_its_own(simulator, clock):
    account = simulator.account
    account.clock = clock
    other = ("us-south", PLATFORM_GROUP_ID)
    for place in (PLACE, other):
        account.set_owner(*place, LEAVER_IAM_ID)

    def seen():
        return [account.shown_owner(*place).iam_id for place in (PLACE, other)]

    account.set_replication_lag(*PLACE, 400)
    for place in (PLACE, other):
        account.reset(*place, FUNCTIONAL_ID_IAM_ID)
    at_once = seen()
    clock.now += 400
    later = seen()

    assert at_once == [LEAVER_IAM_ID, FUNCTIONAL_ID_IAM_ID]
    assert later == [FUNCTIONAL_ID_IAM_ID] * 2
    account.set_replication_lag(*PLACE, None)
    account.reset(*PLACE, COLLEAGUE_IAM_ID)
    assert seen()[0] == COLLEAGUE_IAM_ID


def test_whom_nobody_knows_is_no_rival(simulator):
    with pytest.raises(KeyError):
        rival_fault(simulator.account, *PLACE, "IBMid-nobody")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rival_survives_the_way_through_json(simulator, when):
    fault = rival_fault(
        simulator.account, *PLACE, COLLEAGUE_IAM_ID, when=when, seconds=2, times=None
    )

    assert Fault.from_json(fault.to_json()) == fault


def test_a_lag_ends_when_it_is_said(simulator, clock):
    account = simulator.account
    account.clock = clock
    account.set_owner(*PLACE, LEAVER_IAM_ID)
    account.set_replication_lag(*PLACE, 400)
    account.reset(*PLACE, FUNCTIONAL_ID_IAM_ID)
    before = account.shown_owner(*PLACE).iam_id

    account.end_replication_lag(*PLACE)

    assert (before, account.shown_owner(*PLACE).iam_id) == (
        LEAVER_IAM_ID,
        FUNCTIONAL_ID_IAM_ID,
    )
