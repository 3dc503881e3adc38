"""`offboard blind-spot …`: targets that may stay unread, and until when."""

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from service.asked_schemas import LONGEST_DAYS
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)
from service.commands.seen_answers import (
    ShownBlindSpot,
    accepted_of,
    blind_spots_of,
    withdrawal_of,
)

F = TypeVar("F", bound=Callable[..., Any])

_COLUMNS: Final = ("Account", "Region", "Group", "Until", "Accepted by", "Reason")


def _place(command: F) -> F:
    """Give a command the three options that name a target."""
    for option in (
        click.option(
            "--group",
            required=True,
            help="The resource group's id, or its name where only one has it.",
        ),
        click.option("--region", required=True, help="The region."),
        click.option("--account", required=True, help="The account's id."),
    ):
        command = option(command)
    return command


@click.group("blind-spot")
def blind_spot() -> None:
    """Accept for a while that a target cannot be read.

    It then leaves the result of cases, and stays in their reports; the gate never
    takes it for safe.
    """


@blind_spot.command("list")
@output_option
def list_blind_spots(*, output: str) -> None:
    """List what is accepted now."""
    with open_client() as client:
        body = client.blind_spots()
    found = blind_spots_of(body)
    if output == "json":
        write_json(body)
    elif not found:
        result_screen().line("No blind spot is accepted.")
    else:
        result_screen().table(_COLUMNS, [_row(one) for one in found])


@blind_spot.command("accept")
@_place
@click.option("--reason", required=True, help="Why that is acceptable, for reports.")
@click.option(
    "--days",
    required=True,
    type=click.IntRange(1, LONGEST_DAYS),
    help="For how long.",
)
@output_option
def accept(
    *, account: str, region: str, group: str, reason: str, days: int, output: str
) -> None:
    """Accept that a target cannot be read. Needs the role approver."""
    asked = _target(account, region, group) | {"reason": reason, "days": days}
    with open_client() as client:
        body = client.accept_blind_spot(asked)
    spot = accepted_of(body)
    if output == "json":
        write_json(body)
    else:
        _say(result_screen(), spot)


@blind_spot.command("withdraw")
@_place
@output_option
def withdraw(*, account: str, region: str, group: str, output: str) -> None:
    """Take an acceptance back. Needs the role approver.

    Ends with 4 where none was accepted there.
    """
    with open_client() as client:
        body = client.withdraw_blind_spot(_target(account, region, group))
    was_there = withdrawal_of(body)
    if output == "json":
        write_json(body)
    elif was_there:
        result_screen().line("Taken back: the target counts as unread again.")
    if not was_there:
        progress_screen().say("No blind spot was accepted there; see:")
        progress_screen().line("offboard blind-spot list")
    sys.exit(Exit.GOOD if was_there else Exit.HELD)


def _target(account: str, region: str, group: str) -> dict[str, object]:
    return {"account_id": account, "region": region, "resource_group": group}


def _say(screen: Screen, spot: ShownBlindSpot) -> None:
    where = f"{spot.region}, resource group {spot.resource_group}"
    screen.line(f"Accepted until {spot.until}: {where} cannot be read.")


def _row(spot: ShownBlindSpot) -> tuple[str, ...]:
    return (
        spot.account_id,
        spot.region,
        spot.resource_group,
        spot.until,
        spot.accepted_by,
        spot.reason,
    )
