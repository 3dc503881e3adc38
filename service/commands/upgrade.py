"""`offboard upgrade`: who runs which version on the store; finish it, or go back.

It speaks to the store and not to the service, since it is about what of the service
runs. Whoever has the store's address may change its format.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Final, TypeVar

import click

from service.commands.exits import Exit
from service.commands.opening import end_with_faults, output_option, read_settings
from service.commands.screen import (
    progress_screen,
    result_screen,
    tell_fault,
    write_json,
)
from service.commands.to_do import Task, show_tasks
from workers.desk import Standing, Upgrading, open_upgrading
from workers.desk.upgrading import UpgradeRefusedError
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.offboarding.words import counted

T = TypeVar("T")
_COLUMNS: Final = ("Process", "Version", "Reads formats", "Where")
_FINISH: Final = (
    Task(
        "Once no older version runs, and none is to come back:",
        "offboard upgrade finish",
    ),
)


@click.group(
    "upgrade", short_help="See who runs which version; finish an upgrade, or go back."
)
def upgrade() -> None:
    """See who runs which version on the store; finish an upgrade, or go back.

    It needs OFFBOARD_STORE_URL, and no token: it asks the store itself.
    """


@upgrade.command("show")
@output_option
def show(*, output: str) -> None:
    """Show the store's format, and which processes are connected to it.

    Ends with 4 while an upgrade is not finished.
    """
    _tell(_done(lambda upgrading: upgrading.standing()), output)


@upgrade.command("finish")
@click.option(
    "--sure",
    "is_sure",
    is_flag=True,
    help="No older version runs, though that cannot be seen here.",
)
@output_option
def finish(*, is_sure: bool, output: str) -> None:
    """Have the new format written, which the version before cannot read in all parts.

    It is refused, with 4, while an older version is connected to the store.
    """
    _tell(_done(lambda upgrading: upgrading.finish(is_sure=is_sure)), output)


@upgrade.command("back")
def back() -> None:
    """Have the format before written again, so that the version before can be started.

    It is refused, with 4, where something was written that that version cannot read.
    """
    changed = _done(lambda upgrading: upgrading.back())
    screen = result_screen()
    screen.line(f"Done: {counted(changed, 'record')} changed.")
    screen.line("Start the version before now: web, workers, then beat.")


def _done(does: Callable[[Upgrading], T]) -> T:
    try:
        return does(open_upgrading(read_settings("store")))
    except StoreAwayError as error:
        tell_fault(Exit.UNREACHABLE, "store", (str(error),))
        sys.exit(Exit.UNREACHABLE)
    except UpgradeRefusedError as error:
        tell_fault(Exit.HELD, "upgrade", (str(error),))
        sys.exit(Exit.HELD)
    except OffboardingError as error:
        end_with_faults(str(error))


def _tell(now: Standing, output: str) -> None:
    is_finished = now.stored == now.newest
    if output == "json":
        write_json(_body(now))
    else:
        screen = result_screen()
        screen.line(_sentence(now))
        screen.table(_COLUMNS, list(_rows(now)))
    if now.processes is None:
        progress_screen().line("Who is connected, the server does not say.")
    if not is_finished:
        show_tasks(progress_screen(), _FINISH)
        sys.exit(Exit.HELD)


def _sentence(now: Standing) -> str:
    if now.stored == now.newest:
        return f"The store is in format {now.stored}: the upgrade is finished."
    return (
        f"The store is in format {now.stored}, which the version before reads too. "
        f"This version would write format {now.newest}."
    )


def _rows(now: Standing) -> Iterator[tuple[str, str, str, str]]:
    for one in now.processes or ():
        if one.kind:
            reads = f"{one.oldest} to {one.newest}"
            yield one.kind, one.version, reads, one.where
        else:
            yield "unnamed", "an older one, or none of ours", "1", one.where


def _body(now: Standing) -> dict[str, object]:
    return {
        "stored": now.stored,
        "oldest": now.oldest,
        "newest": now.newest,
        "finished": now.stored == now.newest,
        "processes": None
        if now.processes is None
        else [asdict(one) for one in now.processes],
    }
