"""`--local`: straight to the account with the configured key. It writes nothing.

Who looks there is handed in by `service/cli.py`, since it brings IBM's SDK along.
"""

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

import click

from config import log as logs
from config.settings import Settings
from service.commands.exits import Exit
from service.commands.frame import LOCAL
from service.commands.opening import read_settings
from service.commands.screen import tell_fault
from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    TransientError,
)
from workers.offboarding.exposure import Exposure, GateAnswer
from workers.offboarding.health import Check
from workers.offboarding.model import Case, Departure, Leaver
from workers.offboarding.reasons import REASONS

F = TypeVar("F", bound=Callable[..., Any])

# Where in the click context the one who opens it stands.


class Local(Protocol):
    """What can be asked without a service. Every method raises OffboardingError."""

    def exposure(self, account_ids: Collection[str] = ()) -> Exposure:
        """Read who owns every target now, of all accounts where none is named."""

    def gate(self, leaver: Leaver, *, user: str) -> GateAnswer:
        """Read whether a person may be removed."""

    def run(self, departure: Departure) -> Case:
        """Tell what a departure would do."""

    def doctor(self) -> tuple[Check, ...]:
        """Check what the configured key can see."""


local_option: Final[Callable[[F], F]] = click.option(
    "--local",
    "is_local",
    is_flag=True,
    help="Without a service or a store: read the accounts from here, with the keys of "
    "OFFBOARD_ACCOUNTS_FILE, or OFFBOARD_READER_APIKEY. Writes nothing.",
)


@contextmanager
def local(settings: Settings | None = None) -> Iterator[Local]:
    """Open the way straight to the account; what cannot be ends with its sentence.

    Logs are kept to errors unless LOG_LEVEL is set: the result is what is read.
    """
    settings = settings or read_settings("local")
    is_asked_for = bool(os.environ.get("OFFBOARD_LOG_LEVEL"))
    level = settings.log_level if is_asked_for else "ERROR"
    logs.set_up(level, secrets=settings.secrets(), service="local")
    open_local: Callable[[Settings], Local] = click.get_current_context().meta[LOCAL]
    try:
        yield open_local(settings)
    except OffboardingError as error:
        lines = [str(error)]
        if isinstance(error, PermanentError):
            told = REASONS[error.reason]
            lines.append(f"{told.sentence} Who mends it: {told.who}.")
        is_passing = isinstance(error, TransientError)
        code = Exit.UNREACHABLE if is_passing else Exit.SETTINGS
        tell_fault(code, "account", lines)
        sys.exit(code)
