"""`offboard pause` and `offboard resume`: stop resets, and let them go on."""

import click

from service.client import Body
from service.commands.answers import Paused, pause_of
from service.commands.opening import open_client, output_option
from service.commands.screen import result_screen, write_json

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
    """End a pause; the cases it held go on."""
    with open_client() as client:
        _tell(client.resume(account), output)


def _tell(body: Body, output: str) -> None:
    paused = pause_of(body).paused
    if output == "json":
        write_json(body)
    else:
        result_screen().line(_sentence(paused))


def _sentence(paused: Paused) -> str:
    if paused.all:
        return "Resets are paused in all accounts."
    if paused.accounts:
        return f"Resets are paused in: {', '.join(paused.accounts)}."
    return "Resets are not paused."
