"""What every act of the demo is given, and how it follows a case to its end.

Each wait has a deadline.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import requests

from simulator.demo import chapters
from simulator.demo.door import Answer, Door
from simulator.demo.ending import Ending
from simulator.demo.running import Running
from simulator.demo.screen import Screen
from simulator.demo.story import Story
from simulator.server import Simulator

_POLL_SECONDS: Final = 0.1
_CASE_SECONDS: Final = 150.0
_SURVEY_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The screen, the two worlds that are played in, and who may end it."""

    screen: Screen
    simulator: Simulator
    ending: Ending
    service: Running
    door: Door

    def asked(self, ask: Callable[[], Answer]) -> Answer:
        """Ask the service; NotRunningError where it gives no answer."""
        try:
            return ask()
        except requests.RequestException as error:
            fault = f"gave no answer: {type(error).__name__}"
            raise self.service.fault(fault) from error

    def opened(self, answer: Answer) -> str:
        """Return the id of the case that *answer* speaks of."""
        if answer.case_id is None:
            raise self.service.fault(f"opened no case: {answer.status} {answer.text}")
        return answer.case_id

    def surveyed(self) -> dict[str, Any]:
        """Wait for the first survey, and return the exposure it found."""
        give_up_at = time.monotonic() + _SURVEY_SECONDS
        while time.monotonic() < give_up_at:
            found = self.door.exposure()
            if found is not None and found["checked_at"] is not None:
                return found
            self._pause()
        raise self.service.fault(f"made no survey within {_SURVEY_SECONDS:.0f} s")

    def departures(self) -> int | None:
        """Ask how many people are each one departure from an outage now."""
        found = self.door.exposure()
        return None if found is None else chapters.departures(found)

    def follow(
        self,
        story: Story,
        case_id: str,
        planned: Callable[[dict[str, Any]], None] = lambda case: None,
    ) -> None:
        """Show every change until the case is over; *planned* gets it with its plan."""
        has_plan = False
        for case in self._polls(case_id):
            story.take(case)
            if not has_plan and case["plan"] is not None:
                planned(case)
                has_plan = True
            if has_plan:
                for line in story.news():
                    self.screen.happening(line, story.sent_at)
            if story.is_over:
                break
        chapters.end_of_progress(self.screen, story, time.time())

    def _polls(self, case_id: str) -> Iterator[dict[str, Any]]:
        """Read the case again and again; NotRunningError once that took too long."""
        give_up_at = time.monotonic() + _CASE_SECONDS
        while time.monotonic() < give_up_at:
            case = self.door.case(case_id)
            if case is not None:
                yield case
            self._pause()
        raise self.service.fault(
            f"did not finish the case within {_CASE_SECONDS:.0f} s"
        )

    def _pause(self) -> None:
        self.service.check()
        self.ending.pause(_POLL_SECONDS)
