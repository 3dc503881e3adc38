"""Windows of a minute, counted in the store for all web processes together."""

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect
from workers.store.ended_sessions import EndedSessions
from workers.store.limits import Limits

GONE = "unix:///nowhere/offboard.sock"


def limits_on(client, **more):
    return Limits(client, **{"requests_per_minute": 3, "failed_per_minute": 2, **more})


@pytest.fixture
def limits(any_client):
    return limits_on(any_client)


def test_so_many_may_ask_and_the_next_one_waits_for_less_than_a_minute(limits):
    assert [limits.asked("helpdesk") for _ in range(3)] == [None] * 3

    assert 55 < limits.asked("helpdesk") <= 60


def test_each_caller_and_each_address_has_a_window_of_its_own(limits):
    assert [limits.asked("helpdesk") for _ in range(3)] == [None] * 3
    assert [limits.failed("192.0.2.1") for _ in range(2)] == [None] * 2

    assert limits.asked("dashboard") is None
    assert limits.failed("192.0.2.2") is None
    assert limits.failed("192.0.2.1") > 55


def test_a_name_with_the_signs_of_a_key_is_still_one_name(limits):
    for name in ("a/3/1/minute", "a:b", "ä*?[x]", "a b"):
        assert [limits.asked(name) for _ in range(4)][2:] != [None, None], name


def test_what_is_counted_by_one_process_is_counted_for_all(client, store_place):
    one, other = limits_on(client), limits_on(connect(store_place.store_url))

    assert [each.asked("helpdesk") for each in (one, other, one)] == [None] * 3
    assert other.asked("helpdesk") > 55


def test_what_is_over_the_limit_is_read_and_not_written(limits, any_client):
    for _ in range(3):
        limits.asked("helpdesk")
    (key,) = any_client.keys("offboard:limits:*")
    before = any_client.lrange(key, 0, -1)

    limits.asked("helpdesk")

    assert any_client.lrange(key, 0, -1) == before


def test_a_window_goes_by_itself_a_minute_after_the_last_one(limits, any_client):
    limits.asked("helpdesk")
    limits.failed("192.0.2.1")

    keys = sorted(any_client.keys("*"))
    assert keys == [
        "offboard:limits:failed/192.0.2.1/2/1/minute",
        "offboard:limits:token/helpdesk/3/1/minute",
    ]
    assert all(30 < any_client.ttl(key) <= 60 for key in keys)


@pytest.mark.parametrize("count", ["asked", "failed"])
def test_a_store_that_is_away_is_said_without_its_address(count):
    with pytest.raises(StoreAwayError) as raised:
        getattr(limits_on(connect(GONE)), count)("192.0.2.1")

    assert "nowhere" not in str(raised.value)


def test_a_session_that_was_ended_is_known_for_as_long_as_its_cookie_holds(any_client):
    ended = EndedSessions(any_client)

    ended.add("one", 90.5)

    assert (ended.has("one"), ended.has("two")) == (True, False)
    assert 60 < any_client.ttl("offboard:session:ended:one") <= 91


def test_a_session_whose_cookie_holds_no_more_is_not_kept(any_client):
    EndedSessions(any_client).add("one", 0.0)

    assert any_client.keys("*") == []


@pytest.mark.parametrize("ask", [lambda it: it.has("x"), lambda it: it.add("x", 1.0)])
def test_nobody_is_let_in_while_it_cannot_be_seen_who_signed_out(ask):
    with pytest.raises(StoreAwayError):
        ask(EndedSessions(connect(GONE)))
