"""`offboard notify test`: do reports arrive, and if not, how that is mended."""

import sys
import time
from typing import Final

import click

from service.client import Body, Client
from service.commands.exits import Exit
from service.commands.notice_answers import ShownChannel, ShownNotice, notice_of
from service.commands.opening import open_client, output_option, pace
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)
from workers.offboarding.model import ReportState

_OVER: Final = (ReportState.SENT, ReportState.FAILED)
_WORDS: Final[dict[str, str]] = {
    ReportState.SENT: "sent",
    ReportState.FAILED: "FAILED",
    ReportState.UNKNOWN: "no answer came",
    ReportState.PENDING: "not sent yet",
}


@click.group("notify")
def notify() -> None:
    """Try the report channels."""


@notify.command("test")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 600),
    default=30.0,
    show_default=True,
    help="How many seconds to wait for the channels.",
)
@click.option("--account", help="The account's id: only its own room.")
@output_option
def test(*, seconds: float, account: str | None, output: str) -> None:
    """Send a test to every report channel, and tell how each took it.

    Accounts that have a channel or mailbox of their own are tried too. It says that
    nothing happened. Needs the role operator; at most one in ten seconds.

    Ends with 0 all have it, 3 one did not take it or no answer came, 5 no channel is
    set up, 7 it waited too long.
    """
    with open_client() as client:
        body = _awaited(client, client.try_channels(account), seconds)
    notice = notice_of(body)
    if output == "json":
        write_json(body)
    else:
        _show(result_screen(), notice)
    sys.exit(_exit_of(notice))


def _awaited(client: Client, body: Body, seconds: float) -> Body:
    """Look until every channel has it or refused it, or the time is up."""
    ends_at = time.monotonic() + seconds
    notice = notice_of(body)
    progress_screen().line(f"Test {notice.id}: waiting for the channels.")
    while not all(one.state in _OVER for one in notice.channels):
        left = ends_at - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(pace().poll_seconds, left))
        body = client.notice(notice.id)
        notice = notice_of(body)
    return body


def _show(screen: Screen, notice: ShownNotice) -> None:
    for one in notice.channels:
        where = f" of account {one.account_id}" if one.account_id else ""
        screen.line(f"{one.channel}{where}: {_told(one)}", style=_style(one))
        if one.mend:
            screen.say(one.mend)


def _told(one: ShownChannel) -> str:
    word = _WORDS.get(one.state, one.state)
    tried = f", tried {one.tries} times" if one.tries > 1 else ""
    detail = f" ({one.detail.rstrip('.')})" if one.detail else ""
    return f"{word}{tried}{detail}"


def _style(one: ShownChannel) -> str:
    return "" if one.state == ReportState.SENT else "bold red"


def _exit_of(notice: ShownNotice) -> Exit:
    states = {one.state for one in notice.channels}
    if states <= {ReportState.SENT}:
        return Exit.GOOD
    if states <= {ReportState.SENT, ReportState.PENDING}:
        return Exit.WAITED
    return Exit.ATTENTION
