"""What people type: `offboard …`. Starts processes, makes tokens, names the rest.

What speaks to a running service stands in `service/commands/`.
"""

import hashlib
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TypeVar

import click

from config import log as logs
from config.settings import ROLES, Settings
from service.commands.adopt import adopt
from service.commands.backup import backup, size_of
from service.commands.blind_spots import blind_spot
from service.commands.brake import brake
from service.commands.completion import completion
from service.commands.deciding import case
from service.commands.doctor import doctor
from service.commands.ending import Exit
from service.commands.evidence import evidence
from service.commands.exposure import exposure
from service.commands.frame import EPILOG, CommandLine
from service.commands.gate import gate
from service.commands.local import LOCAL, Local
from service.commands.notify import notify
from service.commands.opening import end_with_faults, read_settings
from service.commands.pausing import pause, resume
from service.commands.permissions import permissions
from service.commands.quarantine import quarantine
from service.commands.run import run
from service.commands.source_send import send
from service.commands.sources import source
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.offboarding.words import counted

T = TypeVar("T")


@click.group(
    cls=CommandLine,
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


for _command in (
    run,
    adopt,
    case,
    blind_spot,
    quarantine,
    source,
    brake,
    evidence,
    backup,
    exposure,
    gate,
    doctor,
    notify,
    permissions,
    pause,
    resume,
    completion,
):
    main.add_command(_command)


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(version_of("offboard"))


source.add_command(send)


@main.group(short_help="Make tokens for callers.")
def token() -> None:
    """Make tokens for callers."""


@token.command("create")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--person", help="Who uses it, where they have another token too.")
def token_create(name: str, role: str, person: str | None) -> None:
    """Print a new token once, and its entry for OFFBOARD_API_TOKENS."""
    for word, hint in ((name, "NAME"), (person, "--person")):
        if word is not None and (not word or set(word) & set(":, \t\n")):
            raise click.BadParameter("without colon, comma or blank", param_hint=hint)
    text = f"ofb_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    behind = f":{person}" if person else ""
    click.echo(f"token (shown once): {text}")
    click.echo(f"OFFBOARD_API_TOKENS entry: {name}:{role}:{digest}{behind}")


def _open_local(settings: Settings) -> Local:
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


@backup.command("create")
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
    from workers import processes

    settings = read_settings("store")
    file = out or Path(f"offboard-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.rdb")
    made = _or_end(lambda: processes.back_up(settings, file))
    size = size_of(made.size_bytes)
    click.echo(f"{made.file}: {counted(made.cases, 'case')}, {size}.")


@backup.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def backup_restore(file: Path) -> None:
    """Make the embedded store out of a backup; nothing may run on its folder.

    What is started on it then is paused, and lists what is due, until an approver lets
    it go on.
    """
    from workers import processes

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


def _settings(process: str, *, service: str | None = None) -> Settings:
    settings = read_settings(process)
    logs.set_up(
        settings.log_level, secrets=settings.secrets(), service=service or process
    )
    return settings


def _or_end(start: Callable[[], T]) -> T:
    """Start something, and end with a sentence where it cannot run as it is set up."""
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
