"""Run accounts in the foreground: ``python -m simulator``."""

import os
import shlex
import signal
import threading
from pathlib import Path

import click

from simulator.accounts_file import write_accounts
from simulator.scenario import demo_account
from simulator.second_scene import two_accounts
from simulator.server import Simulator

_SCENES = {"demo": lambda: [demo_account()], "two-accounts": two_accounts}


@click.command()
@click.option("--port", default=0, help="HTTP port; 0 takes a free one.")
@click.option("--smtp-port", default=0, help="SMTP port; 0 takes a free one.")
@click.option("--latency", default=0.0, help="Seconds each IBM Cloud call takes.")
@click.option("--lag", default=0.0, help="Seconds before a reset shows.")
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the settings here.",
)
@click.option(
    "--accounts-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an accounts file here, key files beside it, and point the settings at "
    "it instead of at one account.",
)
@click.option(
    "--scene",
    type=click.Choice(list(_SCENES)),
    default="demo",
    help="Which accounts there are; two-accounts needs --accounts-file.",
)
@click.option(
    "--slack-channel",
    "slack_channels",
    multiple=True,
    help="The id of one more channel that its Slack has; repeatable.",
)
def main(
    port: int,
    smtp_port: int,
    latency: float,
    lag: float,
    env_file: Path | None,
    accounts_file: Path | None,
    scene: str,
    slack_channels: tuple[str, ...],
) -> None:
    """Print the settings that point the service here, and run until told to end."""
    if scene == "two-accounts" and accounts_file is None:
        raise click.UsageError("The scene two-accounts needs --accounts-file.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    simulator = Simulator(_SCENES[scene](), port=port, smtp_port=smtp_port)
    for account in simulator.accounts:
        account.latency_seconds = latency
        account.replication_lag_seconds = lag
    simulator.slack.channels.update(slack_channels)
    with simulator:
        if accounts_file is not None:
            write_accounts(simulator.accounts, accounts_file)
        lines = _export_lines(simulator.environ(accounts_file))
        if env_file is not None:
            _write_whole(env_file, lines)
        click.echo(lines, nl=False)
        ended.wait()


def _export_lines(settings: dict[str, str]) -> str:
    return "".join(f"export {n}={shlex.quote(v)}\n" for n, v in settings.items())


def _write_whole(file: Path, text: str) -> None:
    """Write by renaming, so that whoever waits for the file never reads half of it."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


if __name__ == "__main__":
    main()
