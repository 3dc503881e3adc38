"""What every command begins with: settings, a client, and how the result is written."""

import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import click

from config.settings import Settings, SettingsError
from service.client import Client
from service.commands.exits import Exit
from service.commands.screen import OUTPUT, QUIET, tell_fault
from service.commands.waiting import Pace

F = TypeVar("F", bound=Callable[..., Any])


def output_as(*kinds: str) -> Callable[[F], F]:
    """Give a command -o with these kinds, and -q."""
    output = click.option(
        "-o",
        "--output",
        type=click.Choice(kinds),
        default=kinds[0],
        show_default=True,
        callback=_kept(OUTPUT),
        help="How the result is written to stdout.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_kept(QUIET),
        help="Say nothing on stderr but faults and questions.",
    )
    return lambda command: output(quiet(command))


def _kept(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Keep an option where whatever writes finds it."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - as click has it
        context.meta[name] = value
        return value

    return keep


output_option: Final[Callable[[F], F]] = output_as("table", "json")


def read_settings(process: str) -> Settings:
    """Read the settings, or end with every fault in them, one a line."""
    try:
        return Settings.from_env(os.environ, process=process)
    except SettingsError as error:
        end_with_faults(*error.faults)


def open_client() -> Client:
    """Open the way to the service, or end with what is missing for it."""
    settings = read_settings("command")
    faults = token_faults(settings)
    if faults:
        end_with_faults(*faults)
    return client_of(settings)


def client_of(settings: Settings) -> Client:
    """Make the way to the service from settings whose token was found good."""
    if settings.token is None:
        raise ValueError("Without a token there is nobody to ask as.")
    return Client(settings.url, settings.token, pauses=pace().pauses)


def token_faults(settings: Settings) -> list[str]:
    """Say what keeps the token from being sent; nothing where it can be."""
    token = settings.token
    if token is None:
        return ["OFFBOARD_TOKEN: Set it, or OFFBOARD_TOKEN_FILE."]
    # Anything else would break the header it stands in, and be quoted in the error.
    if not all("!" <= one <= "~" for one in token.reveal()):
        return ["OFFBOARD_TOKEN: Only printable ASCII, without blanks."]
    return []


def pace() -> Pace:
    """Return how often and how long is asked, as whoever started the command said."""
    return click.get_current_context().find_object(Pace) or Pace()


def end_with_faults(*faults: str) -> NoReturn:
    """Tell faults of the settings and end."""
    tell_fault(Exit.SETTINGS, "settings", faults)
    sys.exit(Exit.SETTINGS)
