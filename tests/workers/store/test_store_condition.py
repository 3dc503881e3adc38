"""How the store is, asked of real servers that are set up well and badly."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.health import Verdict
from workers.store.condition import Condition
from workers.store.connection import connect


def now():
    return datetime.now(UTC)


def checks_of(client, clock=now):
    return {one.what: one for one in Condition(client, clock, "worker").checks()}


@pytest.fixture
def changed(client):
    """Sets the real server otherwise, and back again."""
    before = client.config_get("appendonly", "appendfsync", "maxmemory-policy")
    yield lambda name, value: client.config_set(name, value)
    for name, value in before.items():
        client.config_set(name, value)


def test_a_store_that_keeps_what_it_gets_is_ok(client):
    found = checks_of(client)

    assert {name: one.verdict for name, one in found.items()} == {
        "store_persistence": Verdict.OK,
        "store_eviction": Verdict.OK,
        "worker_clock": Verdict.OK,
    }


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("appendfsync", "everysec", "store_persistence"),
        ("appendonly", "no", "store_persistence"),
        ("maxmemory-policy", "allkeys-lru", "store_eviction"),
    ],
)
def test_each_setting_by_which_something_is_lost_is_named(
    client, changed, name, value, what
):
    changed(name, value)

    found = checks_of(client)

    bad = [one.what for one in found.values() if one.verdict is Verdict.FAILED]
    assert bad == [what]
    assert f"{name} is {value}" in found[what].text
    assert found[what].command.startswith(f"redis-cli config set {name} ")


def test_a_server_that_hides_its_settings_proves_nothing(client, store_place):
    allowed = ("~*", "+@all", "-config")
    client.execute_command("ACL", "SETUSER", "shy", "on", ">planted-pw", *allowed)
    socket = store_place.store_url.removeprefix("unix://").partition("?")[0]

    with connect(f"unix://shy@{socket}?password=planted-pw") as shy:
        found = checks_of(shy)

    client.execute_command("ACL", "DELUSER", "shy")
    assert found["store_persistence"].verdict is Verdict.UNPROVEN
    assert found["store_eviction"].verdict is Verdict.UNPROVEN
    assert "CONFIG GET is not allowed" in found["store_eviction"].text


@pytest.mark.parametrize(
    ("apart", "verdict"),
    [
        (0.5, Verdict.OK),
        (20, Verdict.WARNING),
        (-20, Verdict.WARNING),
        (300, Verdict.FAILED),
        (-300, Verdict.FAILED),
    ],
)
def test_clocks_that_differ_are_told_by_how_much(client, apart, verdict):
    found = checks_of(client, lambda: now() + timedelta(seconds=apart))

    clock = found["worker_clock"]
    assert clock.verdict is verdict
    if verdict is not Verdict.OK:
        assert f"are {abs(apart)} s apart" in clock.text
        assert clock.command == "timedatectl status"


def test_a_slow_answer_is_no_difference_of_clocks(client):
    times = iter([now() - timedelta(seconds=30), now() + timedelta(seconds=30)])

    [clock] = Condition(client, lambda: next(times), "web").own_clock()

    assert (clock.what, clock.verdict) == ("web_clock", Verdict.OK)


def test_a_store_that_is_away_is_no_answer():
    with connect("redis://127.0.0.1:1/0") as nobody, pytest.raises(StoreAwayError):
        Condition(nobody, now, "web").checks()
