"""Run the demo's account in the foreground: ``python -m simulator``."""

import os
import shlex
import signal
import threading
from pathlib import Path

import click

from simulator.server import Simulator


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
def main(
    port: int, smtp_port: int, latency: float, lag: float, env_file: Path | None
) -> None:
    """Print the settings that point the service here, and run until told to end."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    simulator = Simulator(port=port, smtp_port=smtp_port)
    simulator.account.latency_seconds = latency
    simulator.account.replication_lag_seconds = lag
    with simulator:
        lines = _export_lines(simulator.environ())
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
