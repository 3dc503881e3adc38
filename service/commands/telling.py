"""Shows cases: on stdout as a table or as JSON, on stderr as a plan to agree to."""

from typing import Final

from service.client import Body
from service.commands.answers import Plan, ShownCase, ShownPage, case_of
from service.commands.ending import Exit, exit_of
from service.commands.headline import headline_of, leaver_of
from service.commands.notes import unseen_of, warnings_of
from service.commands.screen import Screen, result_screen, write_json
from service.commands.targets import has_several_accounts, row_of, sorted_targets
from service.commands.to_do import show_tasks, tasks_of
from workers.offboarding.model import CaseStatus

_COLUMNS: Final = (
    "Region",
    "Resource group",
    "Clusters",
    "Owner before",
    "Owner after",
    "Outcome",
    "Reason",
)
_STYLES: Final = {
    Exit.GOOD: "bold green",
    Exit.ATTENTION: "bold red",
    Exit.HELD: "bold yellow",
}


def tell_case(body: Body, output: str, *, again: str = "") -> ShownCase:
    """Write one case to stdout as the result of a command.

    Args:
        body: The case as the API gave it; written as it is for ``json``.
        output: ``table`` or ``json``.
        again: Options that the case does not hold, for the command that applies it.
    """
    case = case_of(body)
    if output == "json":
        write_json(body)
    else:
        show_case(result_screen(), case, again=again)
    return case


def show_case(screen: Screen, case: ShownCase, *, again: str = "") -> None:
    """Write a case for people: what could not be seen comes before what was done."""
    style = _STYLES.get(exit_of(case, asked_to_write=False), "bold")
    screen.line(headline_of(case), style=style)
    mode = "dry run" if case.dry_run else "armed"
    screen.line(f"Case {case.id}, {mode}, {case.status}.")
    if case.plan is not None:
        _show_plan(screen, case, case.plan)
    _list(screen, "Not seen", unseen_of(case))
    _list(screen, "Warnings", warnings_of(case))
    _show_targets(screen, case)
    show_tasks(screen, list(tasks_of(case, again)))
    reports = [
        f"{one.channel}, {one.kind}: {one.state}{f' at {one.at}' if one.at else ''}"
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
    columns = ("Case", "Status", "Result", "Mode", "Leaver", "Targets", "Received")
    rows = [
        (
            one.id,
            one.status,
            one.result or "",
            "dry run" if one.dry_run else "armed",
            leaver_of(one) + " (adoption)" * one.is_adoption,
            str(len(one.targets)),
            one.received_at or "",
        )
        for one in page.cases
    ]
    screen.table(columns, rows)


def _show_targets(screen: Screen, case: ShownCase) -> None:
    if not case.targets:
        return
    screen.title("Targets")
    targets = sorted_targets(case)
    if has_several_accounts(case):
        rows = [(one.account_id, *row_of(case, one)) for one in targets]
        screen.table(("Account", *_COLUMNS), rows)
    else:
        screen.table(_COLUMNS, [row_of(case, one) for one in targets])


def _list(screen: Screen, title: str, texts: list[str]) -> None:
    if texts:
        screen.title(title)
    for text in texts:
        screen.say(f"- {text}")
