"""`offboard case approve | refuse | done`: what people decide on a case."""

import sys

import click

from service.client import Body
from service.commands.answers import ShownCase, case_of
from service.commands.cases import case
from service.commands.completion import case_ids
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import progress_screen
from service.commands.telling import tell_case
from service.commands.to_do import NO_PLAN, word_of

__all__ = ["case"]


def _hash(_: click.Context, __: click.Parameter, text: str) -> str | None:
    return None if text == NO_PLAN else text


_plan_hash = click.option(
    "--plan-hash",
    required=True,
    callback=_hash,
    help="The plan you have looked at, as `offboard case show` names it; none where "
    "the case waits without one.",
)


@case.command("approve")
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
@_plan_hash
@output_option
def approve(*, case_id: str, plan_hash: str | None, output: str) -> None:
    """Let a waiting case go on with exactly this plan.

    Needs the role approver, and another person than who asked for it.
    """
    with open_client() as client:
        told = tell_case(client.approve(case_id, plan_hash), output)
    screen = progress_screen()
    screen.say("Approved. See how it goes:")
    screen.line(f"offboard case show {word_of(told.id)} --watch")
    sys.exit(Exit.GOOD)


@case.command("refuse")
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
@_plan_hash
@output_option
def refuse(*, case_id: str, plan_hash: str | None, output: str) -> None:
    """Have nothing more written for a waiting case; what is written stays.

    Needs the role approver.
    """
    with open_client() as client:
        tell_case(client.refuse(case_id, plan_hash), output)


@case.command("done")
@click.argument("case_id", metavar="ID", shell_complete=case_ids)
@click.argument(
    "numbers", metavar="N...", type=click.IntRange(min=1), nargs=-1, required=True
)
@output_option
def done(*, case_id: str, numbers: tuple[int, ...], output: str) -> None:
    """Tick follow-ups off, by the numbers that `offboard case show` gives them."""
    with open_client() as client:
        # Read before: the answer is the same for one that was done already.
        before = case_of(client.case(case_id))
        body: Body = {}
        for number in numbers:
            body = client.done(case_id, number)
            said = "was done already" if _is_done(before, number) else "is done"
            progress_screen().say(f"Follow-up {number} {said}.")
    tell_case(body, output)


def _is_done(case: ShownCase, number: int) -> bool:
    every = [each for one in case.targets for each in one.follow_ups]
    return number <= len(every) and every[number - 1].done_at is not None
