"""Shows cases: on stdout as a table or as JSON, on stderr as a plan to agree to."""

from typing import Final

from service.client import Body, Client
from service.commands.answers import Plan, ShownCase, ShownPage, case_of
from service.commands.ending import exit_of
from service.commands.exits import Exit
from service.commands.headline import headline_of, leaver_of
from service.commands.notes import unseen_of, warnings_of
from service.commands.screen import (
    Screen,
    result_screen,
    to_the_minute,
    write_json,
)
from service.commands.settling import is_settling, settling_of
from service.commands.table import Column
from service.commands.targets import has_several_accounts, row_of, sorted_targets
from service.commands.to_do import show_tasks, tasks_of
from workers.offboarding.model import CaseStatus

_COLUMNS: Final = (
    Column("Region"),
    Column("Resource group"),
    Column("Clusters"),
    Column("Owner before"),
    Column("Owner after"),
    Column("Outcome"),
    Column("Reason"),
)
_LISTED: Final = (
    Column("Case"),
    Column("Status"),
    Column("Result"),
    Column("Mode", spare=3),
    Column("Leaver"),
    Column("Targets", spare=1),
    Column("Received", spare=2),
)
_STYLES: Final = {
    Exit.GOOD: "bold green",
    Exit.ATTENTION: "bold red",
    Exit.HELD: "bold yellow",
}


def tell_case(
    body: Body, output: str, *, again: str = "", client: Client | None = None
) -> ShownCase:
    """Write one case to stdout as the result of a command.

    Args:
        body: The case as the API gave it; written as it is for ``json``.
        output: ``table`` or ``json``.
        again: Options that the case does not hold, for the command that applies it.
        client: Whom to ask how long it settles in; without one that is not told.
    """
    case = case_of(body)
    if output == "json":
        write_json(body)
        return case
    settles_at = None
    if client is not None and is_settling(case):
        settles_at = client.settles_at(case.id)
    show_case(result_screen(), case, again=again, settles_at=settles_at)
    return case


def show_case(
    screen: Screen, case: ShownCase, *, again: str = "", settles_at: str | None = None
) -> None:
    """Write a case for people: what could not be seen comes before what was done."""
    style = _STYLES.get(exit_of(case, asked_to_write=False), "bold")
    screen.line(headline_of(case), style=style)
    mode = "dry run" if case.dry_run else "armed"
    screen.line(f"Case {case.id}, {mode}, {case.status}.")
    if is_settling(case):
        screen.say(settling_of(case, settles_at))
    if case.plan is not None:
        _show_plan(screen, case, case.plan)
    _list(screen, "Not seen", unseen_of(case))
    _list(screen, "Warnings", warnings_of(case))
    _show_targets(screen, case)
    show_tasks(screen, list(tasks_of(case, again)))
    reports = [
        f"{one.channel}{f' of account {one.account_id}' if one.account_id else ''}, "
        f"{one.kind}: {one.state}{f' at {one.at}' if one.at else ''}"
        for one in case.reports
    ]
    _list(screen, "Reports", reports)


def _show_plan(screen: Screen, case: ShownCase, plan: Plan) -> None:
    """Name the plan where somebody has to decide on it, or did."""
    if plan.approved_by:
        screen.line(f"Plan {plan.hash}, approved by {plan.approved_by}.")
    elif case.status == CaseStatus.WAITING:
        screen.line(f"Plan {plan.hash}.")


def show_page(screen: Screen, page: ShownPage) -> None:
    """Write a list of cases for people."""
    if not page.cases:
        screen.line("No case fits.")
        return
    rows = [
        (
            one.id,
            one.status,
            one.result or "",
            "dry run" if one.dry_run else "armed",
            leaver_of(one) + " (adoption)" * one.is_adoption,
            str(len(one.targets)),
            to_the_minute(one.received_at or ""),
        )
        for one in page.cases
    ]
    screen.table(_LISTED, rows)


def _show_targets(screen: Screen, case: ShownCase) -> None:
    if not case.targets:
        return
    screen.title("Targets")
    targets = sorted_targets(case)
    if has_several_accounts(case):
        rows = [(one.account_id, *row_of(case, one)) for one in targets]
        screen.table((Column("Account"), *_COLUMNS), rows)
    else:
        screen.table(_COLUMNS, [row_of(case, one) for one in targets])


def _list(screen: Screen, title: str, texts: list[str]) -> None:
    if texts:
        screen.title(title)
    for text in texts:
        screen.say(f"- {text}")
