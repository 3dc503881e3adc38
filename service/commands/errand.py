"""One request on its way through the service: asked, agreed to, waited for, shown.

What is asked, `offboard run` and `offboard adopt` know; how it ends is the same.
"""

import sys
from typing import Final, Protocol

from service.client import Body, Client
from service.commands.answers import ShownCase, case_of
from service.commands.ending import exit_of, is_over
from service.commands.exits import Exit
from service.commands.opening import pace
from service.commands.screen import Screen, loud_screen, shown
from service.commands.telling import show_case, tell_case
from service.commands.waiting import Waited, Watcher
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus

NO_TERMINAL: Final = "--apply without a terminal to confirm in needs --yes."


class Request(Protocol):
    """What is asked of the service, and how long it is waited for."""

    @property
    def deadline_seconds(self) -> float:
        """Return how long to wait at most."""

    @property
    def agreed_by(self) -> str:
        """Return the word by which somebody agrees to what was shown."""

    @property
    def again(self) -> str:
        """Return the options that a dry run's case does not hold."""

    @property
    def is_for_a_day(self) -> bool:
        """Tell whether it was asked for a day to come."""

    def send(self, client: Client, *, dry_run: bool) -> tuple[Body, bool]:
        """Open the case; the bare case, and whether it was open before."""


class Errand:
    """A request, from the asking to the end."""

    def __init__(self, client: Client, request: Request, screen: Screen) -> None:
        self._client = client
        self._request = request
        self._screen = screen
        self._watcher = Watcher(client, screen, pace())

    def confirm(self, output: str) -> None:
        """Show what would be done and go on only when that is agreed to."""
        body = self._open(dry_run=True)
        waited = self._wait(body)
        code = exit_of(waited.case, asked_to_write=True)
        if not waited.is_there or _is_disarmed(waited.case):
            # There is nothing to agree to: no plan, or a service that would not write.
            tell_case(waited.body, output, again=self._request.again)
            sys.exit(code)
        # Loud, however quiet it is to be: this is what is agreed to.
        screen = loud_screen()
        show_case(screen, waited.case, again=self._request.again)
        word = self._request.agreed_by
        asked = f"Type {shown(word)} to apply this, anything else to leave it:"
        if screen.ask(asked) != word:
            screen.say("Nothing was applied.")
            sys.exit(Exit.HELD)

    def carry_out(self, output: str, *, is_apply: bool, is_waiting: bool) -> Exit:
        """Ask the service, wait if wished, and write the result."""
        body = self._open(dry_run=not is_apply)
        opened = case_of(body)
        if not is_waiting or self._is_for_later(opened):
            case = tell_case(body, output, again=self._request.again)
            # Taken in is what was asked for; an end that is known already still counts.
            code = exit_of(case, asked_to_write=is_apply)
            return Exit.GOOD if code is Exit.WAITED else code
        waited = self._wait(body)
        tell_case(waited.body, output, again=self._request.again, client=self._client)
        if not waited.is_there:
            self._screen.say("Waited too long; the case goes on in the service.")
        elif is_apply and waited.case.dry_run:
            self._screen.say("The service made a dry run of it: nothing was changed.")
        return exit_of(waited.case, asked_to_write=is_apply)

    def _is_for_later(self, case: ShownCase) -> bool:
        return self._request.is_for_a_day and case.status == CaseStatus.SCHEDULED

    def _open(self, *, dry_run: bool) -> Body:
        if dry_run and self._request.is_for_a_day:
            self._screen.say(
                "A dry run leaves --effective-at out: it shows what would happen now."
            )
        body, has_joined = self._request.send(self._client, dry_run=dry_run)
        if has_joined:
            self._screen.line(f"Joined the open case {case_of(body).id}.")
        return body

    def _wait(self, body: Body) -> Waited:
        return self._watcher.wait(
            case_of(body).id,
            _is_decided,
            deadline_seconds=self._request.deadline_seconds,
        )


def _is_decided(case: ShownCase) -> bool:
    return is_over(case) or case.status == CaseStatus.WAITING


def _is_disarmed(case: ShownCase) -> bool:
    return any(one.reason == Reason.NOT_ARMED for one in case.warnings)
