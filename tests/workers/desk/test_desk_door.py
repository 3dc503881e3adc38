"""The door: what it counts, what it remembers itself, and what it never does."""

import pytest
from structlog.testing import capture_logs

from workers.desk.door import Door
from workers.offboarding.errors import StoreAwayError
from workers.store.ended_sessions import EndedSessions
from workers.store.limits import Limits


class Counting:
    """Limits that answer what they are told to, and count who asks them."""

    def __init__(self):
        self.answer, self.away, self.calls = None, False, 0

    def failed(self, address):
        self.calls += 1
        if self.away:
            raise StoreAwayError("The store: ConnectionError.")
        return self.answer

    asked = failed


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def limits():
    return Counting()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def door(limits, time, client):
    return Door(limits, EndedSessions(client), monotonic=time)


def test_an_address_that_is_over_asks_the_store_no_more_until_it_is_free(
    door, limits, time
):
    limits.answer = 20.0
    assert door.failed("192.0.2.1") == 20.0

    time.now += 19.0
    assert [door.failed("192.0.2.1") for _ in range(3)] == [1.0] * 3
    assert (door.is_held("192.0.2.1"), limits.calls) == (True, 1)

    time.now += 1.0
    assert not door.is_held("192.0.2.1")
    assert (door.failed("192.0.2.1"), limits.calls) == (20.0, 2)


def test_one_address_that_is_over_does_not_hold_another(door, limits):
    limits.answer = 20.0
    door.failed("192.0.2.1")
    limits.answer = None

    assert door.failed("192.0.2.2") is None
    assert not door.is_held("192.0.2.2")


def test_a_flood_from_ever_new_addresses_does_not_fill_the_memory(door, limits):
    limits.answer = 20.0

    for number in range(10_050):
        door.failed(f"address {number}")

    assert len(door._held) <= 10_000
    assert door.is_held("address 10049")


def test_while_the_store_is_away_nothing_is_counted_and_nobody_waits_for_it_twice(
    door, limits, time
):
    limits.away = True
    with capture_logs() as logs:
        assert [door.failed("192.0.2.1") for _ in range(5)] == [None] * 5
    assert limits.calls == 1
    assert [one["event"] for one in logs] == ["limit.not_counted"]

    time.now += 5.0
    limits.away, limits.answer = False, 9.0
    assert door.failed("192.0.2.1") == 9.0


def test_a_known_token_is_not_let_in_uncounted_while_the_store_is_away(door, limits):
    limits.away = True

    with pytest.raises(StoreAwayError):
        door.asked("helpdesk")


def test_the_real_windows_hold_an_address_and_a_token_apart(client):
    limits = Limits(client, requests_per_minute=10, failed_per_minute=1)
    door = Door(limits, EndedSessions(client))

    assert [door.failed("x") is None for _ in range(2)] == [True, False]
    assert door.asked("x") is None
