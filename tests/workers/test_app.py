"""The Celery app's settings that others rest on."""

import ssl
import time

import pytest
import structlog

from workers.app import BRAKE, SWEEP, Sender, make_app
from workers.embedded import Embedded
from workers.offboarding.model import Step, Work


def test_a_sweep_outlives_a_difference_between_two_machines_clocks():
    sweep = make_app("memory://").conf.beat_schedule["sweep"]

    assert sweep["task"] == SWEEP
    assert sweep["schedule"] <= 1.0
    assert sweep["options"]["expires"] >= 60


def test_messages_are_json_and_come_back_when_a_worker_dies():
    conf = make_app("memory://").conf

    assert conf.accept_content == ["json"]
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)


def test_the_brake_is_looked_at_soon_enough_to_tell_of_a_rush_that_is_over():
    brake = make_app("memory://").conf.beat_schedule["brake"]

    assert brake["task"] == BRAKE
    assert brake["schedule"] <= 5.0
    assert brake["options"]["expires"] >= 60


def test_what_makes_safe_is_taken_before_what_tells_of_it(client, store_place):
    app = make_app(store_place.broker_url)
    sender = Sender(app)

    sender.send(Work("01A", Step.DELIVER, "slack:final:1"))
    sender.send(Work("01A", Step.AFTERCARE), Work("01B", Step.FORESEE))
    sender.send(Work("01C", Step.PLAN), Work("01D", Step.RESET, "t"))

    assert taken_by_a_worker(app, 5) == [
        "offboarding.plan",
        "offboarding.reset",
        "offboarding.deliver",
        "offboarding.aftercare",
        "offboarding.foresee",
    ]


def test_a_notice_has_its_turn_and_a_mass_of_them_makes_no_reset_late(
    client, store_place
):
    app = make_app(store_place.broker_url)
    sender = Sender(app)

    sender.tell(*[(f"01N{n}", "slack") for n in range(9)])
    sender.send(Work("01D", Step.RESET, "t"))

    assert taken_by_a_worker(app, 10) == [
        "offboarding.tell",
        "offboarding.tell",
        "offboarding.reset",
        *["offboarding.tell"] * 7,
    ]


def test_a_report_has_its_turn_though_resets_are_tried_again_without_end(
    client, store_place
):
    app = make_app(store_place.broker_url)
    reports = [Work("01A", Step.DELIVER, f"slack:final:{n}") for n in range(9)]

    Sender(app).send_again(
        Work("01B", Step.FORESEE), *reports, Work("01D", Step.RESET, "t")
    )

    assert taken_by_a_worker(app, 11) == [
        "offboarding.deliver",
        "offboarding.deliver",
        "offboarding.reset",
        "offboarding.foresee",
        *["offboarding.deliver"] * 7,
    ]


def test_no_message_that_is_kept_up_to_date_goes_before_a_reset(client, store_place):
    app = make_app(store_place.broker_url)
    shown = [Work(f"01{n}", Step.SHOW) for n in range(9)]

    Sender(app).send_again(*shown, Work("01D", Step.RESET, "t"))

    assert taken_by_a_worker(app, 10) == [
        "offboarding.reset",
        *["offboarding.show"] * 9,
    ]


def taken_by_a_worker(app, many):
    with app.connection_for_read() as line, line.SimpleQueue("offboard") as queue:
        messages = [queue.get(timeout=60) for _ in range(many)]
        for one in messages:
            one.ack()
    app.close()
    return [one.headers["task"] for one in messages]


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_message_carries_the_request_that_led_to_it(client, store_place, is_behind):
    app = make_app(store_place.broker_url)
    sender = Sender(app, is_behind=is_behind)

    with structlog.contextvars.bound_contextvars(
        request_id="req-12345678", leaver="dana.lee@example.com"
    ):
        sender.send(Work("01A", Step.PLAN))
    sender.send(Work("01B", Step.PLAN))

    with app.connection_for_read() as line, line.SimpleQueue("offboard") as queue:
        messages = [queue.get(timeout=60) for _ in range(2)]
        for one in messages:
            one.ack()
    app.close()
    assert [one.headers["offboard_ctx"] for one in messages] == [
        {"request_id": "req-12345678"},
        {},
    ]


def test_a_broker_that_answers_has_no_fault(client, store_place):
    assert Sender(make_app(store_place.broker_url)).fault() is None


def test_a_broker_that_is_not_there_is_told_in_bounded_time():
    began = time.monotonic()

    fault = Sender(make_app("redis://127.0.0.1:1/1")).fault()

    assert fault == "OperationalError"
    assert time.monotonic() - began < 30


def test_a_broker_that_goes_away_raises_nothing_where_many_are_sent_at_once(
    run_embedded, short_folder
):
    works = [Work("01A", Step.RESET, target) for target in "tu"]
    with run_embedded(short_folder):
        sender = Sender(make_app(Embedded(short_folder).broker_url))
        sender.send(*works)

    sender.send(*works)

    assert sender.fault() == "OperationalError"


def test_rabbitmq_gets_its_own_settings_and_none_of_redis():
    conf = make_app("amqp://broker.example.com//").conf

    assert conf.task_queue_max_priority == 1
    assert conf.broker_transport_options == {}
    assert conf.broker_use_ssl is False
    assert conf.worker_enable_remote_control is False


def test_redis_as_the_broker_keeps_its_priorities_and_its_patience():
    conf = make_app("redis://broker.example.com/1").conf

    assert conf.task_queue_max_priority is None
    assert conf.broker_transport_options["visibility_timeout"] == 600


def test_over_tls_it_is_checked_whose_certificate_rabbitmq_has():
    conf = make_app("amqps://broker.example.com//").conf

    assert conf.broker_use_ssl == {
        # As the address says.
        "server_hostname": None,
        "cert_reqs": ssl.CERT_REQUIRED,
    }


@pytest.mark.parametrize(
    ("url", "first"), [("redis://127.0.0.1/1", 0), ("amqp://127.0.0.1//", 1)]
)
def test_what_beat_sends_goes_first_on_either_broker(url, first):
    schedule = make_app(url).conf.beat_schedule

    assert {one["options"]["priority"] for one in schedule.values()} == {first}
    assert {one["options"]["expires"] for one in schedule.values()} == {300}
