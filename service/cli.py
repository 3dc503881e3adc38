"""What people type: `offboard …`. Starts processes, makes tokens, names the rest.

What speaks to a running service stands in `service/commands/`.
"""

import faulthandler
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from service.commands.exits import Exit
from service.commands.frame import EPILOG, LOCAL, CommandLine, Commands, Later

if TYPE_CHECKING:
    from config.settings import Settings
    from service.commands.local import Local

T = TypeVar("T")

_STDERR: Final = 2


def _of(module: str, name: str) -> click.Command:
    found: click.Command = getattr(import_module(f"service.commands.{module}"), name)
    return found


def _source() -> click.Command:
    from service.commands.source_send import send
    from service.commands.sources import source

    source.add_command(send)
    return source


def _backup() -> click.Command:
    from service.commands.backup import backup

    for one in (backup_create, backup_restore):
        backup.add_command(one)
    return backup


def _later(said: str, module: str, name: str = "") -> Later:
    return Later(partial(_of, module, name or module), said)


# Each command's line in the help, and where it stands. It is loaded when it is asked
# for: a process of the service needs none, and who types one waits for no other.
LATER: Final = {
    "run": _later("Offboard a person: a dry run, or with --apply for real.", "run"),
    "adopt": _later(
        "Take keys over before anybody leaves: a dry run, or --apply.", "adopt"
    ),
    "case": _later(
        "Look at cases, decide about them, tick off follow-ups.", "deciding", "case"
    ),
    "blind-spot": _later(
        "Accept for a while that a target cannot be read.", "blind_spots", "blind_spot"
    ),
    "quarantine": _later(
        "Replay or drop deliveries nobody could act on.", "quarantine"
    ),
    "source": Later(_source, "See how the sources fare, or play one."),
    "brake": _later("Release or refuse what came all at once.", "brake"),
    "evidence": _later(
        "Export what was done, and verify it without the service.", "evidence"
    ),
    "backup": Later(_backup, "Back the store up, restore it, see what waits then."),
    "upgrade": _later(
        "See who runs which version; finish an upgrade, or go back.", "upgrade"
    ),
    "exposure": _later("Show whose departure would break which clusters.", "exposure"),
    "gate": _later(
        "Tell whether a person may be removed from the accounts yet.", "gate"
    ),
    "doctor": _later(
        "Find what is wrong with the set-up, and how to mend it.", "doctor"
    ),
    "notify": _later("Try the report channels.", "notify"),
    "healthcheck": _later(
        "Tell by its exit code whether a process here lives.", "healthcheck"
    ),
    "permissions": _later("Print the roles that the identities need.", "permissions"),
    "pause": _later("Send no reset until `offboard resume`.", "pausing", "pause"),
    "resume": _later("End a pause; the cases it held go on.", "pausing", "resume"),
    "completion": _later(
        "Print what makes Tab complete commands in your shell.", "completion"
    ),
    "token": _later("Make tokens for callers.", "token"),
}


@click.group(
    cls=CommandLine,
    commands=Commands(LATER),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)
@click.version_option(package_name="offboard", message="%(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Reset the cluster API keys of people who leave, and prove it.

    It speaks to the service at OFFBOARD_URL with OFFBOARD_TOKEN; what takes --local
    needs no service. The result is on stdout, -o json for programs; what happens
    meanwhile is on stderr.
    """
    ctx.meta[LOCAL] = _open_local


@main.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    click.echo(version_of("offboard"))


def _open_local(settings: "Settings") -> "Local":
    """Open the way to the account that `--local` takes; OffboardingError."""
    # Here and not above: it brings IBM's SDK along.
    from workers.local import open_local

    return open_local(settings)


# Each command below imports what it starts only when it starts it: the web process
# must not load IBM's SDK, and a worker's signals are settled before Celery is loaded.


@main.command()
def web() -> None:
    """Run the front door."""
    from service.server import Server
    from workers.desk import open_desk

    settings = _settings("web")
    # Refuse an unsafe store here, once, and not in every worker of the server.
    _or_end(lambda: open_desk(settings))
    Server(settings).run()


@main.command(short_help="Run a worker: only workers hold IBM Cloud keys.")
def worker() -> None:
    """Run a worker: the only process that holds IBM Cloud keys."""
    # Celery's own way to let running tasks end within a bounded time on SIGTERM.
    os.environ["REMAP_SIGTERM"] = "SIGQUIT"
    from workers import processes

    settings = _settings("worker")
    _or_end(lambda: processes.worker(settings))


@main.command()
def beat() -> None:
    """Run beat, which sends the sweep. Exactly one."""
    from workers import processes

    processes.beat(_settings("beat"))


@main.command(short_help="Run the embedded store, or watch over a remote one.")
def store() -> None:
    """Run the embedded store, or check a remote one and watch it."""
    from workers import processes

    settings = _settings("store")
    sys.exit(_or_end(lambda: processes.store(settings)))


@click.command("create")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A new file. Default: offboard-<time in UTC>.rdb in this folder.",
)
def backup_create(out: Path | None) -> None:
    """Write the embedded store, while it runs, into one file; overwrite nothing.

    The file has what the store has: names, mail addresses, and the key of quarantine
    where OFFBOARD_SECRET_KEY is not set.
    """
    from datetime import UTC, datetime

    from service.commands.backup import size_of
    from service.commands.opening import read_settings
    from workers import processes
    from workers.offboarding.words import counted

    settings = read_settings("store")
    file = out or Path(f"offboard-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.rdb")
    made = _or_end(lambda: processes.back_up(settings, file))
    size = size_of(made.size_bytes)
    click.echo(f"{made.file}: {counted(made.cases, 'case')}, {size}.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def backup_restore(file: Path) -> None:
    """Make the embedded store out of a backup; nothing may run on its folder.

    What is started on it then is paused, and lists what is due, until an approver lets
    it go on.
    """
    from service.commands.opening import read_settings
    from workers import processes
    from workers.offboarding.words import counted

    settings = read_settings("store")
    made = _or_end(lambda: processes.restore(settings, file))
    click.echo(f"Restored: {counted(made.cases, 'case')}.")
    click.echo("What starts on it now is paused. See what is due: offboard backup due")


@main.command(short_help="Run all four on this machine, under one supervisor.")
def up() -> None:
    """Run all four on this machine, under one supervisor."""
    from workers import processes

    settings = _settings("worker", service="up")
    command = [sys.executable, "-m", "service.cli"]
    sys.exit(_or_end(lambda: processes.up(settings, command, os.environ)))


def _settings(process: str, *, service: str | None = None) -> "Settings":
    from config import log as logs
    from service.commands.opening import read_settings

    settings = read_settings(process)
    logs.set_up(
        settings.log_level, secrets=settings.secrets(), service=service or process
    )
    # A crash in native code ends a process without a word of Python's else.
    faulthandler.enable(file=_STDERR)
    return settings


def _or_end(start: Callable[[], T]) -> T:
    """Start something, and end with a sentence where it cannot run as it is set up."""
    from service.commands.opening import end_with_faults
    from workers.offboarding.errors import OffboardingError, StoreAwayError

    try:
        return start()
    except StoreAwayError as error:
        # It answers and does not write, in a failover say: no fault of the settings, so
        # whoever watches over this process starts it again.
        click.echo(str(error), err=True)
        sys.exit(Exit.UNREACHABLE)
    except OffboardingError as error:
        end_with_faults(str(error))


if __name__ == "__main__":
    main()
