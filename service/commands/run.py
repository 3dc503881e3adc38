"""`offboard run`: what a departure would do, and with --apply, doing it."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import click
from marshmallow import ValidationError

from service.client import Body, Client
from service.commands.answers import ShownCase, case_of
from service.commands.ending import Exit, exit_of, is_over
from service.commands.local import local, local_option
from service.commands.opening import open_client, output_option, pace, read_settings
from service.commands.screen import Screen, can_ask, progress_screen, shown
from service.commands.telling import show_case, tell_case
from service.commands.to_do import options
from service.commands.waiting import DEADLINE_SECONDS, Waited, Watcher
from service.faults import CallError
from service.schemas import CaseSchema
from service.words import Moment, leaver_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus, Departure, Scope

_NEVER_LOCALLY: Final = "--local never writes: leave --apply out, or --local."
_NO_TERMINAL: Final = "--apply without a terminal to confirm in needs --yes."


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the service, and how it is waited for."""

    user: str
    reason: str | None
    effective_at: str | None
    regions: tuple[str, ...]
    groups: tuple[str, ...]
    deadline_seconds: float

    def body(self, *, dry_run: bool) -> Body:
        """Return the request's body.

        A dry run carries no time: it is a look at what would happen now, and with a
        time it would be put off until then.
        """
        said = {
            "reason": self.reason,
            "effective_at": None if dry_run else self.effective_at,
            "regions": list(self.regions),
            "resource_groups": list(self.groups),
        }
        given = {name: value for name, value in said.items() if value}
        return {"dry_run": dry_run, **given}

    @property
    def again(self) -> str:
        """Return the options that a dry run's case does not hold."""
        return options(effective_at=self.effective_at, reason=self.reason)


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    # The front door's own check, made early: else a dry run would go before it.
    try:
        Moment().deserialize(text) if text is not None else None
    except ValidationError as error:
        raise click.BadParameter(" ".join(map(str, error.messages))) from error
    return text


@click.command()
@click.argument("user")
@click.option("--apply", "is_apply", is_flag=True, help="Reset; else a dry run.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask before applying.")
@click.option("--reason", help="Why, for the reports.")
@click.option(
    "--effective-at",
    callback=_moment,
    help="When they leave, with its offset: 2026-12-31T17:00:00+01:00.",
)
@click.option(
    "--region", "regions", multiple=True, help="Only this region; repeatable."
)
@click.option(
    "--group", "groups", multiple=True, help="Only this resource group; repeatable."
)
@click.option("--wait/--no-wait", "is_waiting", default=True, help="Wait for the end.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=DEADLINE_SECONDS,
    show_default=True,
    help="How many seconds to wait.",
)
@local_option
@output_option
def run(
    *,
    user: str,
    is_apply: bool,
    is_sure: bool,
    reason: str | None,
    effective_at: str | None,
    regions: tuple[str, ...],
    groups: tuple[str, ...],
    is_waiting: bool,
    timeout: float,
    is_local: bool,
    output: str,
) -> None:
    """Offboard USER, an e-mail or an IAM ID: a dry run unless --apply.

    Ends with 0 clean, safe or planned with everything seen, 3 attention or something
    not seen, 4 held or refused, 7 waited too long.
    """
    if is_apply and is_local:
        raise click.UsageError(_NEVER_LOCALLY)
    if is_apply and not is_sure and not can_ask():
        raise click.UsageError(_NO_TERMINAL)
    request = Request(user, reason, effective_at, regions, groups, timeout)
    if is_local:
        sys.exit(_run_here(request, output))
    with open_client() as client:
        errand = _Errand(client, request, progress_screen())
        if is_apply and not is_sure:
            errand.confirm(output)
        sys.exit(errand.carry_out(output, is_apply=is_apply, is_waiting=is_waiting))


def _run_here(request: Request, output: str) -> Exit:
    """Show what a departure would do, read straight from the accounts."""
    try:
        leaver = leaver_of(request.user)
    except ValidationError as error:
        said = " ".join(map(str, error.messages))
        raise click.BadParameter(said, param_hint="USER") from error
    is_part = bool(request.regions or request.groups)
    departure = Departure(
        source="local",
        leaver=leaver,
        reason=request.reason,
        scope=Scope(request.regions, request.groups) if is_part else None,
        dry_run=True,
    )
    settings = read_settings("local")
    with local(settings) as accounts:
        case = accounts.run(departure)
    settle = timedelta(minutes=settings.settle_minutes)
    body = CaseSchema(settle=settle, now=datetime.now(UTC)).dump(case)
    told = tell_case(body, output, again=request.again)
    return exit_of(told, asked_to_write=False)


class _Errand:
    """One request on its way through the service."""

    def __init__(self, client: Client, request: Request, screen: Screen) -> None:
        self._client = client
        self._request = request
        self._screen = screen
        self._watcher = Watcher(client, screen, pace())

    def confirm(self, output: str) -> None:
        """Show what would be done and go on only when the user is typed."""
        body = self._open(dry_run=True)
        waited = self._wait(body)
        code = exit_of(waited.case, asked_to_write=True)
        if not waited.is_there or _is_disarmed(waited.case):
            # There is nothing to agree to: no plan, or a service that would not write.
            tell_case(waited.body, output, again=self._request.again)
            sys.exit(code)
        show_case(self._screen, waited.case, again=self._request.again)
        user = self._request.user.strip()
        asked = f"Type {shown(user)} to apply this, anything else to leave it:"
        if self._screen.ask(asked) != user:
            self._screen.say("Nothing was applied.")
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
        tell_case(waited.body, output, again=self._request.again)
        if not waited.is_there:
            self._screen.say("Waited too long; the case goes on in the service.")
        elif is_apply and waited.case.dry_run:
            self._screen.say("The service made a dry run of it: nothing was changed.")
        return exit_of(waited.case, asked_to_write=is_apply)

    def _is_for_later(self, case: ShownCase) -> bool:
        return bool(self._request.effective_at) and case.status == CaseStatus.SCHEDULED

    def _open(self, *, dry_run: bool) -> Body:
        request = self._request
        if dry_run and request.effective_at:
            self._screen.say(
                "A dry run leaves --effective-at out: it shows what would happen now."
            )
        body, has_joined = self._client.offboard(
            request.user, request.body(dry_run=dry_run)
        )
        if has_joined:
            self._screen.line(f"Joined the open case {case_of(body).id}.")
        return body

    def _wait(self, body: Body) -> Waited:
        case_id = case_of(body).id
        try:
            return self._watcher.wait(
                case_id,
                _is_decided,
                deadline_seconds=self._request.deadline_seconds,
            )
        except (KeyboardInterrupt, CallError):
            self._screen.say("The case goes on in the service; see:")
            self._screen.line(f"offboard case show {shown(case_id)} --watch")
            raise


def _is_decided(case: ShownCase) -> bool:
    return is_over(case) or case.status == CaseStatus.WAITING


def _is_disarmed(case: ShownCase) -> bool:
    return any(one.reason == Reason.NOT_ARMED for one in case.warnings)
