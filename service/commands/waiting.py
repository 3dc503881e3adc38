"""Waits for a case, and tells each change of its targets once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.call_error import CallError, Fault
from service.client import PAUSES, Body, Client
from service.commands.answers import ShownCase, case_of
from service.commands.notes import holds_of
from service.commands.screen import Line, Screen, loud_screen, shown
from service.commands.targets import outcome_of, where_of
from workers.offboarding.model import CaseStatus
from workers.offboarding.words import counted

DEADLINE_SECONDS: Final = 15 * 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often is asked, and how long an absent service is borne.

    Attributes:
        poll_seconds: Between two looks at a case.
        patience_seconds: How long the service may be away while a case is waited for:
            longer than a restart of it takes.
        pauses: Seconds between the tries of one call.
    """

    poll_seconds: float = 1.0
    patience_seconds: float = 60.0
    pauses: tuple[float, ...] = PAUSES


@dataclass(frozen=True, slots=True)
class Waited:
    """A case as it was last seen, and whether what was waited for had come."""

    body: Body
    case: ShownCase
    is_there: bool


class Watcher:
    """Waits for cases of one service; it remembers what it told already."""

    def __init__(self, client: Client, screen: Screen, pace: Pace) -> None:
        self._client = client
        self._screen = screen
        self._pace = pace
        self._began_at = time.monotonic()
        self._told: dict[str, str] = {}

    def wait(
        self,
        case_id: str,
        until: Callable[[ShownCase], bool],
        *,
        deadline_seconds: float | None,
    ) -> Waited:
        """Look at a case until it is as wished, or the time is up.

        A case that was joined to another is followed to that one.

        Args:
            case_id: The case.
            until: What is waited for.
            deadline_seconds: From now; None waits without end.
        """
        ends_at = None if deadline_seconds is None else _now() + deadline_seconds
        try:
            with self._screen.alive() as line:
                return self._wait(case_id, until, ends_at, line)
        except (KeyboardInterrupt, CallError):
            screen = loud_screen()
            screen.say("The case goes on without you. To look at it again:")
            screen.line(f"offboard case show {shown(case_id)} --watch")
            raise

    def _wait(
        self,
        case_id: str,
        until: Callable[[ShownCase], bool],
        ends_at: float | None,
        line: Line,
    ) -> Waited:
        followed = {case_id}
        while True:
            body = self._look(case_id, ends_at, line)
            case = case_of(body)
            self._tell(case)
            self._now_is(case, line)
            other = case.joined_to
            if case.status == CaseStatus.CANCELLED and other and other not in followed:
                followed.add(other)
                case_id = other
                continue
            if until(case):
                return Waited(body, case, is_there=True)
            left = _left(ends_at)
            if left <= 0:
                return Waited(body, case, is_there=False)
            time.sleep(min(self._pace.poll_seconds, left))

    def _look(self, case_id: str, ends_at: float | None, line: Line) -> Body:
        patience = min(self._pace.patience_seconds, _left(ends_at))
        away_at = _now() + patience
        while True:
            try:
                body = self._client.case(case_id)
            except CallError as error:
                if error.fault is not Fault.UNREACHABLE or _now() >= away_at:
                    raise
            else:
                if self._told.pop("service", None):
                    self._say("The service answers again.")
                return body
            text = (
                f"The service does not answer; it is asked again for {patience:.0f} s."
            )
            self._change("service", text)
            line.show(f"The service is away, {self._elapsed()}")
            time.sleep(self._pace.poll_seconds)

    def _now_is(self, case: ShownCase, line: Line) -> None:
        """Say on the line that stays how far it is, what it waits for, how long so far.

        It is the one that tells somebody who looks up from elsewhere.
        """
        done = sum(one.outcome is not None for one in case.targets)
        many = f"{done} of {counted(len(case.targets), 'target')} done"
        line.show(f"{_stage(case, many)}, {self._elapsed()}")

    def _elapsed(self) -> str:
        seconds = int(_now() - self._began_at)
        return f"{seconds // 60}:{seconds % 60:02} min so far"

    def _tell(self, case: ShownCase) -> None:
        mode = "dry run" if case.dry_run else "armed"
        self._change(case.id, f"Case {case.id} ({mode}): {case.status}")
        for one in case.targets:
            key = f"{case.id}/{one.account_id}/{one.region}/{one.resource_group.id}"
            why = f" ({one.reason})" if one.reason else ""
            where = where_of(case, one)
            self._change(key, f"{where}: {outcome_of(case, one)}{why}")

    def _change(self, key: str, text: str) -> None:
        if self._told.get(key) != text:
            self._told[key] = text
            self._say(text)

    def _say(self, text: str) -> None:
        self._screen.line(f"after {_now() - self._began_at:.1f} s: {text}")


def _stage(case: ShownCase, many: str) -> str:
    match case.status:
        case CaseStatus.WAITING:
            why = ", ".join(one.reason for one in holds_of(case)) or "see the case"
            return f"Held ({why}); {many}"
        case CaseStatus.SCHEDULED:
            return f"Scheduled, leaves {case.effective_at or 'later'}"
        case _ if case.targets:
            return many
        case _:
            return "Looking for what they own"


def _left(ends_at: float | None) -> float:
    return float("inf") if ends_at is None else ends_at - _now()


def _now() -> float:
    return time.monotonic()
