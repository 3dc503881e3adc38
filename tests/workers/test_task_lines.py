"""The lines of a task: its ids, and the one that ends it. Celery's own signals."""

from types import SimpleNamespace

import pytest
import structlog
from celery import signals
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from workers.task_lines import one_line_a_task

PLAN, SWEEP = "offboarding.plan", "offboarding.sweep"


@pytest.fixture(autouse=True)
def listening():
    kept = [
        (each, list(each.receivers))
        for each in (signals.task_prerun, signals.task_postrun)
    ]
    # A worker that ran in this process may listen still.
    for each, _ in kept:
        each.receivers = []
        each.sender_receivers_cache.clear()
    one_line_a_task(frozenset({SWEEP}))
    yield
    for each, receivers in kept:
        each.receivers = receivers
        each.sender_receivers_cache.clear()
    structlog.contextvars.clear_contextvars()


class Task:
    """What a task is to who listens to Celery's signals."""

    def __init__(self, name, carried):
        self.name = name
        self.request = SimpleNamespace(offboard_ctx=carried)


def run(name, *, carried=None, state="SUCCESS", meanwhile=lambda: None):
    """Have a task run, and return what is logged and what was bound meanwhile."""
    task = Task(name, carried)
    processors = [structlog.contextvars.merge_contextvars]
    with capture_logs(processors=processors) as lines:
        signals.task_prerun.send(sender=task, task_id="t-1", task=task)
        bound = get_contextvars()
        meanwhile()
        signals.task_postrun.send(sender=task, task_id="t-1", task=task, state=state)
    # What other threads say is in there, too.
    return [one for one in lines if one["event"] == "task.done"], bound


def test_a_task_logs_under_its_own_ids_and_those_of_its_request():
    structlog.contextvars.bind_contextvars(case_id="of the task before")

    _, bound = run(PLAN, carried={"request_id": "req-12345678"})

    assert bound == {"task_id": "t-1", "task": PLAN, "request_id": "req-12345678"}
    assert get_contextvars() == {}


def test_a_finished_step_is_one_line_with_all_that_was_bound():
    def step():
        structlog.contextvars.bind_contextvars(case_id="01CASE", request_id="req-case")

    (line,), _ = run(PLAN, carried={"request_id": "req-12345678"}, meanwhile=step)

    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "task.done",
        "log_level": "info",
        "outcome": "done",
        "task": PLAN,
        "task_id": "t-1",
        "case_id": "01CASE",
        "request_id": "req-case",
    }


def test_one_that_raised_is_an_error():
    (line,), _ = run(PLAN, state="FAILURE")

    assert (line["outcome"], line["log_level"]) == ("failed", "error")


def test_what_beat_sends_is_worth_a_line_only_where_it_fails_or_is_slow(monkeypatch):
    (line,), _ = run(SWEEP)
    (failed,), _ = run(SWEEP, state="FAILURE")
    now = iter([0.0, 6.0])
    monkeypatch.setattr("workers.task_lines.monotonic", lambda: next(now))
    (slow,), _ = run(SWEEP)

    assert line["log_level"] == "debug"
    assert failed["log_level"] == "error"
    assert (slow["log_level"], slow["duration_ms"]) == ("info", 6_000.0)


@pytest.mark.parametrize(
    "carried",
    [
        None,
        "req-12345678",
        {},
        {"request_id": None},
        {"request_id": "dana.lee@example.com"},
        {"request_id": 'x","level":"critical'},
        {"request_id": "req-12345678\n{}"},
        {"request_id": "r" * 65},
        {"case_id": "01CASE", "event": "target.reset"},
    ],
)
def test_a_message_that_others_wrote_puts_nothing_into_a_line(carried):
    _, bound = run(PLAN, carried=carried)

    assert bound == {"task_id": "t-1", "task": PLAN}
