"""Who lives, on a real server and on the fake one."""

import json

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect
from workers.store.heartbeats import Heartbeats

KEY = "offboard:heartbeats"


def set_back(client, name, *, seconds, field="at"):
    """Have said it so long ago."""
    said = json.loads(client.hget(KEY, name))
    client.hset(KEY, name, json.dumps(said | {field: said[field] - seconds * 1000}))


def test_who_says_that_it_lives_is_listed_with_version_and_age(any_client):
    heartbeats = Heartbeats(any_client)

    heartbeats.say("host-1", "worker", "1.2.0")
    Heartbeats(any_client).say("host-2", "beat", "1.3.0")

    found = heartbeats.all()
    assert [(one.name, one.kind, one.version) for one in found] == [
        ("host-1", "worker", "1.2.0"),
        ("host-2", "beat", "1.3.0"),
    ]
    assert all(one.age_seconds < 5 and one.is_alive for one in found)


def test_one_that_falls_silent_ages_and_lives_no_more(any_client):
    heartbeats = Heartbeats(any_client)
    heartbeats.say("host-1", "worker", "1.2.0")

    set_back(any_client, "host-1", seconds=31)

    (found,) = heartbeats.all()
    assert 31 <= found.age_seconds < 36
    assert not found.is_alive


def test_one_that_was_silent_for_long_is_forgotten_by_who_looks_and_who_says(
    any_client,
):
    heartbeats = Heartbeats(any_client)
    heartbeats.say("host-1", "worker", "1.2.0")

    set_back(any_client, "host-1", seconds=601)

    assert heartbeats.all() == ()
    assert [one.name for one in heartbeats.say("host-2", "beat", "1")] == ["host-2"]
    assert any_client.hkeys(KEY) == ["host-2"]


def test_how_long_one_is_up_counts_from_its_first_word(any_client):
    heartbeats = Heartbeats(any_client)
    heartbeats.say("host-1", "worker", "1.2.0")
    set_back(any_client, "host-1", seconds=100, field="since")

    (found,) = heartbeats.say("host-1", "worker", "1.2.0")

    assert 100 <= found.up_seconds < 105


def test_a_container_that_began_anew_under_the_same_name_is_up_since_then(any_client):
    Heartbeats(any_client).say("host-1", "worker", "1.2.0")
    set_back(any_client, "host-1", seconds=100, field="since")

    (found,) = Heartbeats(any_client).say("host-1", "worker", "1.3.0")

    assert found.up_seconds < 5
    assert found.version == "1.3.0"


def test_who_ends_as_it_should_is_gone_at_once(any_client):
    heartbeats = Heartbeats(any_client)
    heartbeats.say("host-1", "worker", "1.2.0")

    heartbeats.forget("host-1")

    assert heartbeats.all() == ()


def test_a_store_that_is_away_says_so(tmp_path):
    away = Heartbeats(connect(f"unix://{tmp_path}/nobody.sock"))

    with pytest.raises(StoreAwayError):
        away.say("host-1", "worker", "1.2.0")
    with pytest.raises(StoreAwayError):
        away.all()
    with pytest.raises(StoreAwayError):
        away.forget("host-1")
