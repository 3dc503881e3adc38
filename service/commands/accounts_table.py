"""The accounts of an exposure, a line each; and those that somebody asked for."""

from collections.abc import Sequence
from typing import Final

import click

from service.commands.notes import why_of
from service.commands.screen import Screen
from service.commands.seen_answers import ShownAccount
from service.commands.table import Column

_COLUMNS: Final = (
    Column("Account"),
    Column("Departures from an outage"),
    Column("Targets"),
    Column("Of people"),
    Column("Not seen"),
    Column("Armed", spare=1),
    Column("Surveyed", spare=2),
)


def ids_of(known: Sequence[tuple[str, str]], wanted: Sequence[str]) -> list[str]:
    """Return the ids of the accounts that are *wanted*, each by its id or its name.

    Args:
        known: Id and name of each account.
        wanted: As typed.

    Raises:
        click.UsageError: One is not known, or several are called so.
    """
    found = []
    for each in wanted:
        mine = [one_id for one_id, name in known if each in (one_id, name)]
        if len(mine) != 1:
            why = "Several accounts are called" if mine else "No account is called"
            raise click.UsageError(f"{why} {each}.")
        found += mine
    return list(dict.fromkeys(found))


def show_accounts(screen: Screen, accounts: Sequence[ShownAccount]) -> None:
    """Write a line an account, what was not seen first; nothing for a single one."""
    if len(accounts) < 2:
        return
    screen.title("Accounts")
    ordered = sorted(accounts, key=_place)
    screen.table(_COLUMNS, [_row(one) for one in ordered])
    for one in ordered:
        if not one.complete:
            screen.say(f"- {one.shown_name}: {why_of(one.reason)}")


def _place(one: ShownAccount) -> tuple[bool, int, str]:
    return one.complete, -one.departures_from_outage, one.shown_name


def _row(one: ShownAccount) -> tuple[str, ...]:
    at_least = "" if one.complete else "at least "
    return (
        one.shown_name,
        f"{at_least}{one.departures_from_outage}",
        str(one.targets),
        str(one.people_owned),
        str(one.unread),
        "yes" if one.armed else "no",
        one.surveyed_at or "never",
    )
