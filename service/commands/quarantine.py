"""`offboard quarantine …`: deliveries that were authentic and could not be acted on."""

from typing import Final

import click

from service.client import Body, Client
from service.commands.intake_answers import (
    ShownKept,
    drop_of,
    quarantine_of,
    replay_of,
)
from service.commands.opening import open_client, output_option
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)

_PAGE: Final = 200
_MOST: Final = 1000


@click.group("quarantine", short_help="Replay or drop deliveries nobody could act on.")
def quarantine() -> None:
    """Look after deliveries that nobody could act on."""


@quarantine.command("list")
@output_option
def list_quarantine(*, output: str) -> None:
    """List what is in quarantine, oldest first; at most 1000."""
    with open_client() as client:
        body = _all(client)
    page = quarantine_of(body)
    if output == "json":
        write_json(body)
    elif not page.quarantine:
        result_screen().line("Nothing is in quarantine.")
    else:
        for one in page.quarantine:
            _show(result_screen(), one)
    if page.next is not None:
        progress_screen().say("There are more: replay or drop the oldest first.")


def _all(client: Client) -> Body:
    """Read the pages into one; its ``next`` is where reading ended."""
    body = client.quarantine(limit=_PAGE)
    page = quarantine_of(body)
    many = len(page.quarantine)
    while page.next is not None and page.quarantine and many < _MOST:
        following = client.quarantine(limit=_PAGE, cursor=page.next)
        page = quarantine_of(following)
        many += len(page.quarantine)
        both = body["quarantine"] + following["quarantine"]
        body = {**following, "quarantine": both}
    return body


@quarantine.command("replay")
@click.argument("kept_id", metavar="ID")
@output_option
def replay(*, kept_id: str, output: str) -> None:
    """Read a delivery again, by the present settings. Needs the role operator.

    Ends with 4 where it still cannot be acted on; it then stays.
    """
    with open_client() as client:
        body = client.replay(kept_id)
    cases = replay_of(body)
    if output == "json":
        write_json(body)
    else:
        _say(result_screen(), cases)


@quarantine.command("drop")
@click.argument("kept_id", metavar="ID")
@output_option
def drop(*, kept_id: str, output: str) -> None:
    """Let a delivery go for good. Needs the role operator."""
    with open_client() as client:
        body = client.drop(kept_id)
    dropped = drop_of(body)
    if output == "json":
        write_json(body)
    else:
        result_screen().line(f"Dropped: {dropped}.")


def _say(screen: Screen, cases: tuple[str, ...]) -> None:
    if not cases:
        screen.line(
            "It was read, and no case comes of it now. Where it has to be looked up at"
            " its source, it may come back: see offboard quarantine list."
        )
    for case_id in cases:
        screen.line(f"It was read, and leads to case {case_id}.")


def _show(screen: Screen, kept: ShownKept) -> None:
    """Show one delivery: its id to copy, what is wrong, and how long it is kept."""
    screen.line(f"{kept.id} {kept.source}: {kept.reason}", style="bold")
    screen.say(kept.text)
    is_expired = kept.state == "expired"
    until = "its body was removed" if is_expired else "kept until"
    screen.line(f"Received {kept.received_at}, {until} {kept.expires_at}")
    screen.line("")
