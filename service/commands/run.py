"""`offboard run`: what a departure would do, and with --apply, doing it."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import click
from marshmallow import ValidationError

from service.client import Body, Client
from service.commands.ending import exit_of
from service.commands.errand import NO_TERMINAL, Errand
from service.commands.exits import Exit
from service.commands.frame import examples
from service.commands.local import local, local_option
from service.commands.opening import open_client, output_option, read_settings
from service.commands.screen import can_ask, progress_screen
from service.commands.telling import tell_case
from service.commands.to_do import options
from service.commands.waiting import DEADLINE_SECONDS
from service.schemas import CaseSchema
from service.words import Moment, leaver_of
from workers.offboarding.model import Departure, Scope

_NEVER_LOCALLY: Final = "--local never writes: leave --apply out, or --local."


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

    def send(self, client: Client, *, dry_run: bool) -> tuple[Body, bool]:
        """Open the case of the departure."""
        return client.offboard(self.user, self.body(dry_run=dry_run))

    @property
    def again(self) -> str:
        """Return the options that a dry run's case does not hold."""
        return options(effective_at=self.effective_at, reason=self.reason)

    @property
    def agreed_by(self) -> str:
        """Return the user, as it was typed."""
        return self.user.strip()

    @property
    def is_for_a_day(self) -> bool:
        """Tell whether a day was given."""
        return bool(self.effective_at)


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    # The front door's own check, made early: else a dry run would go before it.
    try:
        Moment().deserialize(text) if text is not None else None
    except ValidationError as error:
        raise click.BadParameter(" ".join(map(str, error.messages))) from error
    return text


@click.command(
    short_help="Offboard a person: a dry run, or with --apply for real.",
    epilog=examples(
        "offboard run dana.lee@example.com",
        "offboard run dana.lee@example.com --apply",
        "offboard run dana.lee@example.com --apply --yes --no-wait -o json",
        "offboard run IBMid-270003GXYZ --apply --effective-at 2026-12-31T17:00:00Z",
    ),
)
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
        raise click.UsageError(NO_TERMINAL)
    request = Request(user, reason, effective_at, regions, groups, timeout)
    if is_local:
        sys.exit(_run_here(request, output))
    with open_client() as client:
        errand = Errand(client, request, progress_screen())
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
