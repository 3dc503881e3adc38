"""What a step costs in round trips and messages, so that it does not grow unseen.

Counts and no times: of those a busy machine has its own.
"""

import threading
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from large_case import LargeCase, now_utc

from tests.workers.store.store_scenes import Room, a_case
from workers.app import Sender, make_app
from workers.offboarding.model import CaseStatus, Leaver, Step, Work


@pytest.fixture
def round_trips(monkeypatch):
    """Counts what the test itself sends to a server, a pipeline once.

    Threads of the process send besides, of earlier tests as well.
    """
    seen, mine = Counter(), threading.get_ident()
    send = redis.connection.AbstractConnection.send_packed_command

    def counted(connection, command, check_health=True):
        seen["all"] += threading.get_ident() == mine
        return send(connection, command, check_health)

    monkeypatch.setattr(
        redis.connection.AbstractConnection, "send_packed_command", counted
    )
    return seen


class Counted(LargeCase):
    """A case of many targets of which each task's round trips are counted."""

    def __init__(self, client, targets, round_trips):
        super().__init__(client, targets)
        self.round_trips, self.costs = round_trips, defaultdict(Counter)

    def do(self, work):
        before = self.round_trips["all"]
        sent = super().do(work)
        self.costs[work.step][self.round_trips["all"] - before] += 1
        return sent


@pytest.mark.parametrize("targets", [10, 40])
def test_a_reset_takes_four_round_trips_and_a_read_back_two(
    client, round_trips, targets
):
    Counted(client, 1, round_trips).run(at_most_seconds=60)
    client.flushdb()
    case = Counted(client, targets, round_trips)

    case.run(at_most_seconds=60)

    # Claimed and read; the pause; "about to reset"; what came of it.
    assert case.costs[Step.RESET] == {4: targets}
    # Claimed and read; the outcome.
    assert case.costs[Step.VERIFY] == {2: targets}


def test_a_departure_of_many_targets_is_sent_in_few_round_trips(
    store_place, client, round_trips
):
    app = make_app(store_place.broker_url)
    sender = Sender(app)
    sender.send(Work("01A", Step.PLAN))
    before = round_trips["all"]

    sender.send(*[Work("01A", Step.RESET, str(number)) for number in range(100)])

    assert round_trips["all"] - before == 4
    with app.connection_for_read() as line, line.SimpleQueue("offboard") as queue:
        assert queue.qsize() == 101
    app.close()


def test_a_sweep_asks_as_much_whatever_is_scheduled(client):
    few = commands_of_a_sweep(client, 5)
    many = commands_of_a_sweep(client, 300)

    assert few["evalsha"] == 1
    assert many == few


def commands_of_a_sweep(client, scheduled):
    client.flushall()
    room = Room(client)
    day = now_utc() + timedelta(days=9)
    for number in range(scheduled):
        leaver = Leaver(email=f"person{number}@example.com")
        case = a_case(f"01A{number:03}", leaver=leaver, status=CaseStatus.SCHEDULED)
        room.open(replace(case, effective_at=day, starts_at=day))
    # As it stands once each of them was foreseen.
    for member in client.zrange("offboard:ahead", 0, -1):
        client.zadd("offboard:ahead", {member: day.timestamp() * 1000})
    room.works.sweep()
    client.config_resetstat()
    assert room.works.sweep() == []
    return {
        name.removeprefix("cmdstat_"): one["calls"]
        for name, one in client.info("commandstats").items()
        if "config" not in name and "info" not in name
    }
