"""The Celery app's settings that others rest on."""

from workers.app import BRAKE, SWEEP, make_app


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
