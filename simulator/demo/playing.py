"""The order of things: exposure, event, plan, progress, report, proof.

Each wait has a deadline, and each start its end.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import requests

from simulator.demo import chapters, exposure
from simulator.demo.door import Door, Event
from simulator.demo.ending import Ending, EndingAskedError
from simulator.demo.proof import proofs
from simulator.demo.running import NotRunningError, Running, running
from simulator.demo.screen import Screen
from simulator.demo.story import Story
from simulator.scenario import LEAVER_EMAIL
from simulator.server import Simulator

_POLL_SECONDS: Final = 0.3
_CASE_SECONDS: Final = 60.0
_GLANCE_SECONDS: Final = 1.0
# What a shell answers for a command that a signal ended.
_SIGNAL_CODE: Final = 128


def play(screen: Screen, simulator: Simulator, ending: Ending, *, keep: bool) -> int:
    """Play one departure, and end everything that was started for it.

    Args:
        screen: Where it is shown.
        simulator: The simulator, not started yet.
        ending: Tells when somebody asks for the end.
        keep: Stay up after the report, until asked to end.

    Returns:
        The exit code: 0 where every proof holds, 1 where one does not or the service
        does not run, 128 and the signal's number where the end was asked for early.
    """
    with simulator, running(simulator.environ()) as service:
        code = _code(screen, simulator, ending, service, keep=keep)
        screen.say("Ending everything that was started …", style="dim")
    screen.say("Ended.", style="dim")
    return code


def _code(
    screen: Screen,
    simulator: Simulator,
    ending: Ending,
    service: Running,
    *,
    keep: bool,
) -> int:
    try:
        code = _play(screen, simulator, ending, service)
        if keep:
            chapters.to_try(screen, service, simulator)
            _stay(ending, service)
        else:
            chapters.what_next(screen)
    except EndingAskedError as asked:
        screen.say("Asked to end before the story was over.", style="bold red")
        return _SIGNAL_CODE + asked.number
    except NotRunningError as error:
        screen.say(f"{error} The last lines of its log:", style="bold red")
        screen.verbatim("\n".join(error.log) or "(none)")
        return 1
    return code


def _play(
    screen: Screen, simulator: Simulator, ending: Ending, service: Running
) -> int:
    with closing(Door(service.url, service.keys)) as door:
        chapters.opening(screen)
        with screen.waiting("Starting the service, all of it on this machine …"):
            seconds = service.await_ready(door.is_ready, ending.pause)
        screen.say(f"Ready after {seconds:.1f} s.", style="dim")
        before = exposure.holdings(simulator.account)
        chapters.exposure_before(screen, before)
        story = Story(simulator, before, time.time())
        polls = _polls(door, ending, service, _opened(screen, door, service))
        _follow(screen, story, polls)
    chapters.reports(screen, simulator)
    evidence = story.evidence()
    chapters.exposure_after(screen, before, evidence.after)
    holds = chapters.proved(screen, proofs(evidence))
    return 0 if holds else 1


def _opened(screen: Screen, door: Door, service: Running) -> str:
    """Send the event, and return the id of its case."""
    event = Event.of_departure(LEAVER_EMAIL)
    try:
        answer = door.send(event)
    except requests.RequestException as error:
        raise service.fault(f"gave no answer: {type(error).__name__}") from error
    chapters.event(screen, event, answer)
    if answer.case_id is None:
        raise service.fault("opened no case for the event")
    return answer.case_id


def _polls(
    door: Door, ending: Ending, service: Running, case_id: str
) -> Iterator[dict[str, Any]]:
    """Read the case again and again; NotRunningError once that took too long."""
    give_up_at = time.monotonic() + _CASE_SECONDS
    while time.monotonic() < give_up_at:
        case = door.case(case_id)
        if case is not None:
            yield case
        service.check()
        ending.pause(_POLL_SECONDS)
    raise service.fault(f"did not finish the case within {_CASE_SECONDS:.0f} s")


def _follow(screen: Screen, story: Story, polls: Iterator[dict[str, Any]]) -> None:
    """Show the plan once there is one, then every change until the case is over."""
    has_plan = False
    for case in polls:
        story.take(case)
        if not has_plan and case["plan"] is not None:
            chapters.plan(screen, case)
            chapters.progress(screen, story.simulator.account.replication_lag_seconds)
            has_plan = True
        if has_plan:
            for line in story.news():
                screen.happening(line, story.sent_at)
        if story.is_over:
            break
    chapters.end_of_progress(screen, story.case, story.sent_at, time.time())


def _stay(ending: Ending, service: Running) -> None:
    try:
        while True:
            service.check()
            ending.pause(_GLANCE_SECONDS)
    except EndingAskedError:
        # This is how it is meant to end: what was proved before is the exit code.
        return
