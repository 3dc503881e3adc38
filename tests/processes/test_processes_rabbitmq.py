"""RabbitMQ as the broker, where one is installed: departures, deaths, a restart."""

import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.processes.far_side import records_of, sent_resets
from tests.processes.installation import SHORT_LEASE, until
from tests.processes.rabbitmq import RabbitMQ, is_installed
from workers.app import Sender, make_app
from workers.offboarding.model import Step, Work
from workers.offboarding.rules import broken_by

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not is_installed(), reason="no rabbitmq-server on this machine"),
]

DANA = "dana.lee@example.com"
ROBIN = "robin.park@example.com"


@pytest.fixture(scope="module")
def rabbitmq():
    folder = Path(tempfile.mkdtemp(prefix="ofb"))
    with RabbitMQ(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def test_what_makes_safe_is_taken_before_what_tells_of_it(rabbitmq):
    app = make_app(rabbitmq.url)
    sender = Sender(app)

    sender.send(Work("01A", Step.DELIVER, "slack:final:1"))
    sender.send(Work("01B", Step.AFTERCARE), Work("01B", Step.FORESEE))
    sender.send(Work("01C", Step.PLAN), Work("01D", Step.RESET, "t"))
    sweep = app.conf.beat_schedule["sweep"]
    app.send_task(sweep["task"], **sweep["options"])

    with app.connection_for_read() as line:
        channel = line.channel()
        queue = app.amqp.queues["offboard"].bind(channel)
        until(lambda: queue.queue_declare(passive=True).message_count == 6)
        taken = [queue.get(no_ack=True).headers["task"] for _ in range(6)]
    app.close()
    assert taken == [
        "offboarding.plan",
        "offboarding.reset",
        "offboarding.sweep",
        "offboarding.deliver",
        "offboarding.aftercare",
        "offboarding.foresee",
    ]


@pytest.mark.parametrize("wrong", ["guest:wrong@{}//", "guest:guest@{}/no-such-host"])
def test_a_broker_that_lets_nobody_in_is_told_and_raises_nothing(rabbitmq, wrong):
    url = f"amqp://{wrong.format(f'127.0.0.1:{rabbitmq.port}')}"
    sender = Sender(make_app(url))

    sender.send(Work("01A", Step.PLAN))
    sender.send(Work("01A", Step.RESET, "t"), Work("01A", Step.RESET, "u"))

    assert sender.fault() in ("AccessRefused", "NotAllowed")


def test_a_worker_and_the_broker_die_in_the_middle_and_each_target_is_reset_once(
    install, rabbitmq, simulator, message_id
):
    service = install(BROKER_URL=rabbitmq.url, CANARY="0")
    service.start("store", "web", "beat")
    service.start("worker", code=SHORT_LEASE)
    service.await_ready()

    first = service.tell(DANA, message_id).json()["cases"][0]
    until(simulator.journal.resets)
    service.end("worker", signal.SIGKILL)
    service.start("worker", code=SHORT_LEASE)
    many = len(simulator.journal.resets())
    second = service.tell(ROBIN, f"{message_id}-2").json()["cases"][0]
    until(lambda: len(simulator.journal.resets()) > many)
    rabbitmq.kill()
    third = service.tell("nobody@example.com", f"{message_id}-3")
    rabbitmq.start()

    assert third.status_code == 202
    cases = [service.settled(one) for one in (first, second)]
    assert {one["outcome"] for each in cases for one in each["targets"]} == {"verified"}
    resets = sent_resets(simulator)
    assert set(Counter(one.target_id for one in resets).values()) == {1}
    told = [f"standard:{message_id}{end}" for end in ("", "-2", "-3")]
    assert broken_by(records_of(service), resets, told) == ()
