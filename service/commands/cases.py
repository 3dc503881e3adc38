"""`offboard case …`: list, show, retry, cancel."""

import shlex
import sys
from typing import Final

import click

from service.client import Body, Client
from service.commands.answers import page_of
from service.commands.ending import Exit, exit_of, is_over
from service.commands.opening import open_client, output_option, pace
from service.commands.screen import progress_screen, result_screen, shown, write_json
from service.commands.telling import show_page, tell_case
from service.commands.waiting import Watcher
from workers.offboarding.model import CaseResult, CaseStatus

_PAGE: Final = 200
# Five pages: who looks for one case among more has the filters.
_MOST: Final = 1000


@click.group("case")
def case() -> None:
    """Look at cases, decide about them, tick off follow-ups."""


@case.command("list")
@click.option("--status", type=click.Choice([str(one) for one in CaseStatus]))
@click.option("--result", type=click.Choice([str(one) for one in CaseResult]))
@click.option("--user", help="Only this person's: an e-mail or an IAM ID.")
@output_option
def list_cases(
    *, status: str | None, result: str | None, user: str | None, output: str
) -> None:
    """List cases, newest first; at most 1000."""
    given = {"status": status, "result": result, "user": user}
    with open_client() as client:
        given_ones = {name: one for name, one in given.items() if one}
        body, damaged = _all(client, given_ones)
    page = page_of(body)
    if output == "json":
        write_json(body)
    else:
        show_page(result_screen(), page)
    if page.next is not None:
        progress_screen().say("There are more: narrow it by status, result or user.")
    if damaged:
        progress_screen().say(
            f"Not shown, since they cannot be read: {', '.join(damaged)}. See"
            " `offboard doctor`."
        )


def _all(client: Client, filters: dict[str, str]) -> tuple[Body, tuple[str, ...]]:
    """Read the pages into one; its ``next`` is where reading ended.

    Besides, the ids of cases that belong there and cannot be read.
    """
    body, damaged = client.cases(limit=_PAGE, **filters)
    page = page_of(body)
    many = len(page.cases)
    while page.next is not None and page.cases and many < _MOST:
        following, more = client.cases(limit=_PAGE, cursor=page.next, **filters)
        damaged += more
        page = page_of(following)
        many += len(page.cases)
        body = {**following, "cases": body["cases"] + following["cases"]}
    return body, damaged


@case.command("show")
@click.argument("case_id", metavar="ID")
@click.option("--watch", "is_watching", is_flag=True, help="Stay until it is over.")
@output_option
def show(*, case_id: str, is_watching: bool, output: str) -> None:
    """Show a case.

    With --watch each change is told once on stderr, and it ends as `offboard run` does.
    """
    with open_client() as client:
        if not is_watching:
            tell_case(client.case(case_id), output)
            return
        watcher = Watcher(client, progress_screen(), pace())
        waited = watcher.wait(case_id, is_over, deadline_seconds=None)
    tell_case(waited.body, output)
    sys.exit(exit_of(waited.case, asked_to_write=False))


@case.command("retry")
@click.argument("case_id", metavar="ID")
@output_option
def retry(*, case_id: str, output: str) -> None:
    """Take a case that ended with attention back to work."""
    with open_client() as client:
        told = tell_case(client.retry(case_id), output)
    screen = progress_screen()
    screen.say("Taken back to work. See how it goes:")
    screen.line(f"offboard case show {shlex.quote(shown(told.id))} --watch")
    sys.exit(Exit.GOOD)


@case.command("cancel")
@click.argument("case_id", metavar="ID")
@output_option
def cancel(*, case_id: str, output: str) -> None:
    """Withdraw a case before its first write."""
    with open_client() as client:
        tell_case(client.cancel(case_id), output)
