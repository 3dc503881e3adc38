"""What every task's log lines have in common, and the one line that ends it.

A message carries the id of the request that led to it, so that a task can be found by
it. A case's own request id, once the case is read, takes its place.
"""

import re
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

import structlog
from celery import signals

log = structlog.get_logger()

# The header of a message, and what it may carry.
CONTEXT: Final = "offboard_ctx"
_CARRIED: Final = ("request_id",)
# As the front door takes it from outside: a broker others write to says no more.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
# What beat sends again and again is worth a line only where it is slow or fails.
_SLOW_MS: Final = 5_000
_BEGAN: Final = "task_began"


def carried() -> dict[str, str]:
    """Return what a message sent now has to carry."""
    bound = structlog.contextvars.get_contextvars()
    return {name: str(bound[name]) for name in _CARRIED if bound.get(name)}


def one_line_a_task(periodic: frozenset[str]) -> None:
    """Have each task log under its own ids, and end with one line.

    Args:
        periodic: The names of the tasks that beat sends.
    """

    @signals.task_prerun.connect(weak=False)
    def _begin(task_id: str, task: Any, **_: object) -> None:  # noqa: ANN401 - Celery's own
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            task_id=task_id, task=task.name, **_brought(task.request)
        )
        # On the request, and not in the context: it is no field of a line.
        setattr(task.request, _BEGAN, monotonic())

    @signals.task_postrun.connect(weak=False)
    def _end(task: Any, state: str | None = None, **_: object) -> None:  # noqa: ANN401 - Celery's own
        try:
            began = getattr(task.request, _BEGAN, None)
            _say(task.name in periodic, state or "", began)
        finally:
            structlog.contextvars.clear_contextvars()


def _brought(request: object) -> dict[str, str]:
    """Read what a message carried; what no front door of ours sent is dropped."""
    brought = getattr(request, CONTEXT, None)
    if not isinstance(brought, Mapping):
        return {}
    found = brought.get("request_id")
    if isinstance(found, str) and _REQUEST_ID.fullmatch(found):
        return {"request_id": found}
    return {}


def _say(is_periodic: bool, state: str, began: float | None) -> None:
    taken_ms = 0.0 if began is None else round((monotonic() - began) * 1000, 1)
    outcome = "done" if state == "SUCCESS" else "failed"
    if outcome == "failed":
        log.error("task.done", outcome=outcome, duration_ms=taken_ms)
    elif is_periodic and taken_ms < _SLOW_MS:
        log.debug("task.done", outcome=outcome, duration_ms=taken_ms)
    else:
        log.info("task.done", outcome=outcome, duration_ms=taken_ms)
