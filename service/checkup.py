"""The doctor's questions put together: what the front door sees, then a worker."""

from collections.abc import Iterator
from typing import Final

from service.context import here, place_to_wait
from service.own_checks import own_checks, setting_checks
from service.routes.health import SWEEP_LATE_SECONDS
from service.source_checks import source_checks
from workers.offboarding.health import Check, Verdict
from workers.offboarding.heartbeat import heartbeat_checks

_NO_WORKER: Final = "No worker answered in time, so what only a worker sees is missing."


def checked() -> tuple[Check, ...] | None:
    """Check the set-up; None where too many others wait for a worker's answer.

    Without a worker the front door's own checks are all there is, and one of them says
    so. StoreAwayError.
    """
    with place_to_wait() as is_free:
        if not is_free:
            return None
        answer = here().desk.doctor()
    return (*_ours(has_worker=answer is not None), *(answer or ()))


def _ours(*, has_worker: bool) -> Iterator[Check]:
    desk = here().desk
    yield from desk.conditions()
    yield from heartbeat_checks(desk.heartbeats())
    yield from _working(has_worker=has_worker, age=desk.sweep_age_seconds())
    yield from setting_checks(here().setting_faults())
    yield from own_checks(here().settings)
    yield from source_checks(desk.sources())


def _working(*, has_worker: bool, age: float | None) -> Iterator[Check]:
    """Tell a worker that is missing from beat that is: either stops the sweep."""
    is_swept = age is not None and age <= SWEEP_LATE_SECONDS
    if has_worker:
        yield Check("worker", Verdict.OK, "One answered.")
    elif is_swept:
        text = f"{_NO_WORKER} But some look for work: they may be busy."
        yield Check("worker", Verdict.UNPROVEN, text, "Ask again in a minute.")
    else:
        mend = "See that a worker runs, and what its log says; to start one:"
        yield Check("worker", Verdict.FAILED, _NO_WORKER, mend, "offboard worker")
    if is_swept:
        yield Check("beat", Verdict.OK, "Workers are sent to look for work.")
        return
    if not has_worker:
        text = "Whether it runs is seen only while a worker does."
        yield Check("beat", Verdict.UNPROVEN, text, "Start a worker first.")
        return
    text = (
        "Workers were not sent to look for work lately: nothing that waits goes on, "
        "and no scheduled case starts."
    )
    mend = "See that exactly one beat runs, and what its log says; to start it:"
    yield Check("beat", Verdict.FAILED, text, mend, "offboard beat")
