"""`offboard case …`: list, show, retry, cancel."""

import shlex
import sys
from typing import Final

import click

from service.client import Body, Client
from service.commands.answers import page_of
from service.commands.completion import case_ids
from service.commands.ending import exit_of, is_over
from service.commands.exits import Exit
from service.commands.frame import examples
from service.commands.opening import open_client, output_option, pace
from service.commands.screen import progress_screen, result_screen, shown, write_json
from service.commands.telling import show_page, tell_case
from service.commands.to_do import options
from service.commands.waiting import Watcher
from workers.offboarding.model import CaseResult, CaseStatus

_PAGE: Final = 100
_MOST_AT_ONCE: Final = 200


@click.group("case")
def case() -> None:
    """Look at cases, decide about them, tick off follow-ups."""


@case.command(
    "list",
    epilog=examples(
        "offboard case list --result attention",
        "offboard case list --user dana.lee@example.com --all",
        "offboard case list -o json | jq -r '.cases[].id'",
    ),
)
@click.option(
    "--status",
    type=click.Choice([str(one) for one in CaseStatus]),
    help="Only those that stand so.",
)
@click.option(
    "--result",
    type=click.Choice([str(one) for one in CaseResult]),
    help="Only those that ended so.",
)
@click.option("--user", help="Only this person's: an e-mail or an IAM ID.")
@click.option("--cursor", help="Only those behind this case: the next page.")
@click.option("--all", "is_all", is_flag=True, help="All of them, however many.")
@output_option
def list_cases(
    *,
    status: str | None,
    result: str | None,
    user: str | None,
    cursor: str | None,
    is_all: bool,
    output: str,
) -> None:
    """List cases, newest first: 100 of them, or with --all every one.

    Where there are more, `next` in json is the --cursor of the next page.
    """
    given = {"status": status, "result": result, "user": user, "cursor": cursor}
    with open_client() as client:
        given_ones = {name: one for name, one in given.items() if one}
        body, damaged = _read(client, given_ones, is_all=is_all)
    page = page_of(body)
    if output == "json":
        write_json(body)
    else:
        show_page(result_screen(), page)
    if page.next is not None:
        screen = progress_screen()
        screen.say("There are more. The next page, or with --all in its place, all:")
        told = {name: one for name, one in given.items() if name != "cursor"}
        screen.line(f"offboard case list{options(**told, cursor=page.next)}")
    if damaged:
        progress_screen().say(
            f"Not shown, since they cannot be read: {', '.join(damaged)}. See"
            " `offboard doctor`."
        )


def _read(
    client: Client, filters: dict[str, str], *, is_all: bool
) -> tuple[Body, tuple[str, ...]]:
    """Read one page, or all into one; its ``next`` is where reading ended.

    Besides, the ids of cases that belong there and cannot be read.
    """
    body, damaged = client.cases(limit=_PAGE, **filters)
    found = list(body.get("cases", ()))
    page = page_of(body)
    while is_all and page.next is not None and page.cases:
        following = {**filters, "cursor": page.next}
        body, more = client.cases(limit=_MOST_AT_ONCE, **following)
        page = page_of(body)
        damaged += more
        found += body["cases"]
    return {**body, "cases": found}, damaged


@case.command(
    "show",
    epilog=examples("offboard case show ID --watch", "offboard case show ID -o json"),
)
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
@click.option("--watch", "is_watching", is_flag=True, help="Stay until it is over.")
@output_option
def show(*, case_id: str, is_watching: bool, output: str) -> None:
    """Show a case.

    With --watch each change is told once on stderr, and it ends as `offboard run` does.
    """
    with open_client() as client:
        if not is_watching:
            tell_case(client.case(case_id), output, client=client)
            return
        watcher = Watcher(client, progress_screen(), pace())
        waited = watcher.wait(case_id, is_over, deadline_seconds=None)
        tell_case(waited.body, output, client=client)
    sys.exit(exit_of(waited.case, asked_to_write=False))


@case.command("retry")
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
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
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
@output_option
def cancel(*, case_id: str, output: str) -> None:
    """Withdraw a case before its first write."""
    with open_client() as client:
        tell_case(client.cancel(case_id), output)
