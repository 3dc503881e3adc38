"""`offboard pause` and `offboard resume`: stop resets, and let them go on."""

import sys

import click

from service.client import Body
from service.commands.answers import Paused, pause_of
from service.commands.ending import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import progress_screen, result_screen, write_json

_account = click.option("--account", help="Only this account; else all.")


@click.command()
@_account
@output_option
def pause(*, account: str | None, output: str) -> None:
    """Send no reset until `offboard resume`."""
    with open_client() as client:
        _tell(client.pause(account), output)


@click.command()
@_account
@output_option
def resume(*, account: str | None, output: str) -> None:
    """End a pause; the cases it held go on. Needs the role approver.

    Ends with 4 where something is paused still.
    """
    with open_client() as client:
        paused = _tell(client.resume(account), output)
    if paused.all or paused.accounts:
        screen = progress_screen()
        screen.say(f"Something is still paused. {_sentence(paused)}")
        sys.exit(Exit.HELD)


def _tell(body: Body, output: str) -> Paused:
    paused = pause_of(body).paused
    if output == "json":
        write_json(body)
    else:
        result_screen().line(_sentence(paused))
    return paused


def _sentence(paused: Paused) -> str:
    if paused.all:
        return "Resets are paused in all accounts."
    if paused.accounts:
        return f"Resets are paused in: {', '.join(paused.accounts)}."
    return "Resets are not paused."
