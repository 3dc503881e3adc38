"""`offboard brake show | release | refuse`: many departures at once, one decision."""

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from service.client import Client
from service.commands.brake_answers import (
    ShownBrake,
    ShownWaiting,
    brake_of,
    decided_of,
)
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import (
    Screen,
    can_ask,
    loud_screen,
    progress_screen,
    result_screen,
    write_json,
)
from service.commands.to_do import NO_PLAN, Task, show_tasks
from workers.offboarding.words import counted

F = TypeVar("F", bound=Callable[..., Any])

_COLUMNS: Final = ("Leaver", "Owns", "Source", "Leaves", "Case")
_NO_TERMINAL: Final = "Without a terminal to confirm in this needs --yes."
_TASKS: Final = (
    Task(
        "Where they are real, let all go on; needs role approver:",
        "offboard brake release",
    ),
    Task("Else cancel all; needs role approver:", "offboard brake refuse"),
    Task(
        "To decide about one alone, by its case's id in place of ID:",
        f"offboard case approve ID --plan-hash {NO_PLAN}",
    ),
)
_yes: Final[Callable[[F], F]] = click.option(
    "--yes", "is_sure", is_flag=True, help="Do not ask before deciding."
)


@click.group("brake", short_help="Release or refuse what came all at once.")
def brake() -> None:
    """See what waits where too many departures came at once, and decide about it."""


@brake.command("show")
@output_option
def show(*, output: str) -> None:
    """Show how the brake stands and who waits, those who own something first.

    Ends with 4 while anything waits.
    """
    with open_client() as client:
        body = client.brake()
    found = brake_of(body)
    if output == "json":
        write_json(body)
    else:
        _show(result_screen(), found)
    if not found.on:
        sys.exit(Exit.GOOD)
    show_tasks(progress_screen(), _TASKS)
    sys.exit(Exit.HELD)


@brake.command("release")
@_yes
@output_option
def release(*, is_sure: bool, output: str) -> None:
    """Let all that waits go on to its plan and its own guards.

    Needs the role approver.
    """
    _decide("release", "go on", is_sure=is_sure, output=output)


@brake.command("refuse")
@_yes
@output_option
def refuse(*, is_sure: bool, output: str) -> None:
    """Cancel all that waits; nothing was written for it.

    Needs the role approver. Who leaves after all has to be told of anew.
    """
    _decide("refuse", "cancelled", is_sure=is_sure, output=output)


def _decide(verb: str, becomes: str, *, is_sure: bool, output: str) -> None:
    if not is_sure and not can_ask():
        raise click.UsageError(_NO_TERMINAL)
    with open_client() as client:
        if not is_sure:
            _confirm(client, verb)
        body = client.decide_brake(verb)
    many = decided_of(body)
    if output == "json":
        write_json(body)
    else:
        result_screen().line(f"{counted(many, 'case')} {_verb(becomes, many)}.")


def _verb(becomes: str, many: int) -> str:
    if becomes == "go on":
        return "goes on" if many == 1 else "go on"
    return f"{'is' if many == 1 else 'are'} {becomes}"


def _confirm(client: Client, verb: str) -> None:
    """Show who waits and go on only when somebody agrees."""
    screen = loud_screen()
    found = brake_of(client.brake())
    _show(screen, found)
    if not found.on:
        sys.exit(Exit.GOOD)
    asked = f"Type {verb} to {verb} all {found.many}, anything else to leave them:"
    if screen.ask(asked) != verb:
        screen.say("Nothing was decided.")
        sys.exit(Exit.HELD)


def _show(screen: Screen, found: ShownBrake) -> None:
    came = (
        f"{counted(found.opened_last_hour, 'case')} by events in the last hour; above "
        f"{found.limit} they wait."
    )
    if not found.on:
        screen.line(f"The brake holds nothing. {came}", style="bold green")
        return
    many = counted(found.many, "case")
    screen.line(f"The brake holds {many} since {found.since}.", style="bold yellow")
    screen.line(came)
    if found.checked_at is None:
        screen.line("Who owns something is not wholly known: not all was surveyed yet.")
    else:
        screen.line(f"Who owns something, by the survey of {found.checked_at}.")
    screen.table(_COLUMNS, [_row(one) for one in found.waiting])
    if found.more:
        screen.line(f"And {found.more} more that are not shown here.")


def _row(one: ShownWaiting) -> tuple[str, ...]:
    leaver = one.leaver
    return (
        leaver.email or leaver.iam_id or leaver.name or "unknown",
        _holdings(one),
        one.source,
        _leaves(one),
        one.case_id,
    )


def _holdings(one: ShownWaiting) -> str:
    if one.targets is None:
        return "not known"
    clusters = "" if one.clusters is None else f", {counted(one.clusters, 'cluster')}"
    return f"{counted(one.targets, 'target')}{clusters}" if one.targets else "nothing"


def _leaves(one: ShownWaiting) -> str:
    if one.gone:
        return "IS GONE"
    return "now" if one.effective_at == one.received_at else one.effective_at
