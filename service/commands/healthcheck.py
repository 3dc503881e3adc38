"""`offboard healthcheck …`: does a process live, said by an exit code alone.

It runs every few seconds in every container, so it loads neither the settings nor the
back office, and asks no shell.
"""

import http.client
import os
import sys
from ipaddress import ip_address
from typing import Final, NoReturn

import click

from config import alive_file

_SECONDS: Final = 5
# As the settings have them.
_HOST: Final = "127.0.0.1"
_PORT: Final = "8000"


@click.group(
    "healthcheck", short_help="Tell by its exit code whether a process here lives."
)
def healthcheck() -> None:
    """Tell whether a process on this machine lives: exit code 0 if it does, else 1.

    For containers and service managers. It says nothing, or on stderr one line why not.
    """


@healthcheck.command("web")
@click.option("--ready", is_flag=True, help="Ask whether it can take events in, too.")
def web(ready: bool) -> None:
    """Ask the front door on this machine, at OFFBOARD_HOST and OFFBOARD_PORT."""
    path = "/readyz" if ready else "/healthz"
    host = _reachable(os.environ.get("OFFBOARD_HOST") or _HOST)
    # Not urllib: that would follow redirects, and go by a proxy of the environment.
    try:
        asked = http.client.HTTPConnection(host, _port(), timeout=_SECONDS)
        asked.request("GET", path)
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        _end(f"web: it does not answer ({type(error).__name__}).")
    if status != http.client.OK:
        _end(f"web: {path} answers {status}.")


@healthcheck.command("worker")
def worker() -> None:
    """Look whether a worker on this machine showed lately that its consumer turns."""
    _look("worker")


@healthcheck.command("beat")
def beat() -> None:
    """Look whether beat on this machine showed lately that it turns."""
    _look("beat")


def _look(kind: str) -> None:
    try:
        age = alive_file.age_seconds(kind)
    except (OSError, alive_file.FolderError) as error:
        _end(f"{kind}: its file cannot be looked at ({type(error).__name__}).")
    if age is None:
        _end(f"{kind}: none has shown itself here.")
    if age > alive_file.FRESH_SECONDS:
        _end(f"{kind}: it showed itself last {age:.0f} s ago.")


def _reachable(host: str) -> str:
    """Return where to ask a server that listens at *host*; any means loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _port() -> int:
    return int(os.environ.get("OFFBOARD_PORT") or _PORT)


def _end(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(1)
