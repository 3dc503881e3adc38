"""`offboard pause` and `offboard resume`: stop resets, and let them go on."""

import sys
from collections.abc import Iterator

import click

from service.client import Body
from service.commands.answers import Paused, pause_of
from service.commands.backup import show_restored
from service.commands.backup_answers import state_of
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import progress_screen, result_screen, write_json
from service.commands.to_do import options

_account = click.option("--account", help="Only this account, by its id; else all.")


@click.command(short_help="Send no reset until `offboard resume`.")
@_account
@output_option
def pause(*, account: str | None, output: str) -> None:
    """Send no reset until `offboard resume`."""
    with open_client() as client:
        _tell(client.pause(account), output)


@click.command(short_help="End a pause; the cases it held go on.")
@_account
@output_option
def resume(*, account: str | None, output: str) -> None:
    """End a pause; the cases it held go on. Needs the role approver.

    Without an account it confirms a restored store, too. Ends with 4 where something is
    paused still.
    """
    with open_client() as client:
        body = client.resume(account)
    restored = state_of(body).restored
    if restored is not None:
        screen = progress_screen()
        show_restored(screen, restored)
        screen.line("It is confirmed: all of this goes on now.")
    paused = _tell(body, output)
    if paused.all or paused.accounts:
        screen = progress_screen()
        for one in _still(paused):
            screen.line(one)
        sys.exit(Exit.HELD)


def _tell(body: Body, output: str) -> Paused:
    paused = pause_of(body).paused
    if output == "json":
        write_json(body)
    else:
        result_screen().line(_sentence(paused))
    return paused


def _still(paused: Paused) -> Iterator[str]:
    """Say what is paused still, each with the command that ends it."""
    if paused.all:
        yield "Still paused: all accounts. offboard resume"
    for one in paused.accounts:
        yield f"Still paused: account {one}. offboard resume{options(account=one)}"


def _sentence(paused: Paused) -> str:
    if paused.all:
        return "Resets are paused in all accounts."
    if paused.accounts:
        return f"Resets are paused in: {', '.join(paused.accounts)}."
    return "Resets are not paused."
