"""What one event costs the store, counted on the real server: it cannot grow unseen."""

import json
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from doors import secret_of, sources
from standardwebhooks.webhooks import Webhook

from service.app import create_app
from workers.store.connection import connect

SECRET = secret_of("standard")
DEPARTED = {
    "type": "user.departed",
    "data": {"subjects": [{"format": "email", "email": "dana.lee@example.com"}]},
}


class Cost:
    """The calls that the store got, and what its scripts did within them."""

    def __init__(self):
        self.calls, self.within = [], Counter()

    def add(self, command):
        word = command["command"].split(" ")[0].upper()
        if command["client_type"] == "lua":
            self.within[word] += 1
        else:
            self.calls.append(word)


@pytest.fixture
def counted(store_place, client):
    """Counts what the store is asked for while something happens."""

    @contextmanager
    def watched():
        cost = Cost()
        with connect(store_place.store_url) as watcher, watcher.monitor() as seen:
            yield cost
            client.echo("over")
            while (one := seen.next_command())["command"] != "ECHO over":
                cost.add(one)

    return watched


@pytest.fixture
def send(make_desk, settings):
    """Sends a signed event to the front door on the desk as it is."""
    given = {"sources": sources()}
    door = create_app(settings(**given), make_desk(**given)).test_client()

    def sent(event=DEPARTED, *, id="msg_1", secret=SECRET):
        raw, now = json.dumps(event), datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, now, raw),
            "Content-Type": "application/json",
        }
        return door.post("/events/standard", data=raw, headers=headers).status_code

    # What is asked for once a process: scripts, and the connection itself.
    sent(id="warm", event={**DEPARTED, "data": {"subjects": [_of("kim.roe")]}})
    return sent


def _of(name):
    return {"format": "email", "email": f"{name}@example.com"}


def test_an_event_that_opens_a_case_is_one_call(counted, send):
    with counted() as cost:
        assert send() == 202

    assert cost.calls == ["EVALSHA"]
    assert cost.within.total() == 26


def test_a_repeat_is_one_call_and_writes_its_delivery_alone(counted, send):
    send()

    with counted() as cost:
        assert send() == 202

    assert cost.calls == ["EVALSHA"]
    assert cost.within.total() == 8
    written = {"SET", "SADD", "ZADD", "RPUSH", "HSET", "HINCRBY"} & set(cost.within)
    assert written == {"HSET", "HINCRBY"}


def test_an_event_that_joins_a_case_is_one_call(counted, send):
    send()

    with counted() as cost:
        assert send(id="msg_2") == 202

    assert cost.calls == ["EVALSHA"]
    assert cost.within.total() == 21


def test_what_an_event_says_of_its_ids_is_learned_in_the_same_call(
    counted, send, client
):
    opaque = {"format": "opaque", "id": "E-157"}
    named = {"type": "user.departed", "data": {"subjects": [_of("dana.lee"), opaque]}}

    with counted() as cost:
        assert send(named) == 202

    assert cost.calls == ["EVALSHA"]
    assert client.hget("offboard:names:standard", "E-157") == "dana.lee@example.com"


def test_an_event_that_the_brake_holds_is_one_call(counted, send, client):
    now = int(time.time() * 1000)
    client.zadd("offboard:brake:opened", {f"01A{n}": now for n in range(20)})

    with counted() as cost:
        assert send() == 202

    assert cost.calls == ["EVALSHA"]
    assert client.zcard("offboard:braked") == 1


def test_only_what_was_kept_of_an_event_costs_more(counted, send):
    nobody = {"format": "opaque", "id": "E-157"}
    send({"type": "user.departed", "data": {"subjects": [nobody]}})

    with counted() as cost:
        assert send() == 202

    assert cost.calls == ["EVALSHA", "EVALSHA"]


def test_what_is_refused_is_one_note_and_opens_nothing(counted, send, client):
    # Once a server: it has the script of the window from then on.
    send(secret="whsec_" + "b29v" * 10)

    with counted() as cost:
        assert send(secret="whsec_" + "b29v" * 10) == 401

    assert cost.calls == ["HINCRBY", "HSET", "EVALSHA"]
    assert set(cost.within) == {"LINDEX", "LPUSH", "LTRIM", "EXPIRE"}
    assert client.zcard("offboard:index:all") == 1


def test_a_flood_of_forgeries_costs_the_store_nothing_past_the_limit(counted, send):
    forged = {"secret": "whsec_" + "b29v" * 10}
    assert [send(**forged) for _ in range(4)] == [401, 401, 401, 429]

    with counted() as cost:
        assert [send(**forged) for _ in range(5)] == [429] * 5

    assert cost.calls == []


def test_an_authentic_event_from_the_address_of_a_flood_costs_what_it_always_does(
    counted, send
):
    for _ in range(6):
        send(secret="whsec_" + "b29v" * 10)

    with counted() as cost:
        assert send() == 202

    assert cost.calls == ["EVALSHA"]
