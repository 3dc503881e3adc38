"""`offboard backup due`: what waits in a store that was restored, and how it goes on.

Making and restoring a backup start a server, so they stand with the processes.
"""

import sys
from typing import Final

import click

from service.commands.backup_answers import ShownRestored, state_of
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)
from service.commands.to_do import Task, show_tasks
from workers.offboarding.words import counted

_SMALL_BYTES: Final = 50_000
_COLUMNS: Final = ("Leaver", "Status", "Source", "Due since", "Case")
_TASKS: Final = (
    Task(
        "What is not to go on, cancel by its case's id in place of ID:",
        "offboard case cancel ID",
    ),
    Task("Then let all go on; needs role approver:", "offboard resume"),
)


@click.group("backup", short_help="Back the store up, restore it, see what waits then.")
def backup() -> None:
    """Back the store up, restore it, and see what waits after that."""


def size_of(size_bytes: int) -> str:
    """Say how large a file is; a small one is not 0.0 MB."""
    if size_bytes < _SMALL_BYTES:
        return f"{size_bytes / 1e3:.1f} kB"
    return f"{size_bytes / 1e6:.1f} MB"


@backup.command("due")
@output_option
def due(*, output: str) -> None:
    """Show why a restored store is paused, and what is due in it.

    Ends with 4 while it waits to be confirmed.
    """
    with open_client() as client:
        body = client.paused()
    restored = state_of(body).restored
    if output == "json":
        write_json(body)
    elif restored is None:
        result_screen().line("The store was not restored, or that was confirmed.")
    else:
        show_restored(result_screen(), restored)
    if restored is not None:
        show_tasks(progress_screen(), _TASKS)
        sys.exit(Exit.HELD)


def show_restored(screen: Screen, restored: ShownRestored) -> None:
    """Write why all waits, and what of."""
    many, verb = restored.many, "awaits" if restored.many == 1 else "await"
    screen.line(restored.text, style="bold yellow")
    screen.line(
        f"Everything is paused since {restored.found_at}; "
        f"{counted(many, 'case')} {verb} confirmation."
    )
    if restored.due:
        rows = [
            (str(one.leaver or ""), one.status, one.source, one.starts_at, one.case_id)
            for one in restored.due
        ]
        screen.table(_COLUMNS, rows)
    if restored.more:
        screen.line(f"And {restored.more} more that are not shown here.")
    if restored.held_back:
        screen.line(
            f"{counted(restored.held_back, 'report')} from before will be sent when it "
            "goes on, and may have been sent already."
        )
