"""What `offboard source send` says before it sends, and of the answers."""

import shlex
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from service.commands.screen import Screen

if TYPE_CHECKING:
    from service.playing import Answer
    from service.sources.samples.sample import Sample

_ARMED: Final = (
    "OFFBOARD_ARMED=1 is set here. If the service is armed too, this is REAL: keys of"
    " this person are reset."
)
_REAL: Final = (
    "If the service is armed, this is REAL: keys of this person are reset. If it is"
    " not, the case is a dry run."
)
# How a sample's ``leads_to`` begins, by what it may do.
_DEPARTS: Final = ("a departure", "a look-up")
_ACTS: Final = (*_DEPARTS, "what it told")


def warn(screen: Screen, sample: "Sample", *, is_armed_here: bool) -> None:
    """Say that a departure is real on an armed service, before it is told.

    The service tells nobody without a token whether it is armed.
    """
    if sample.leads_to.startswith(_DEPARTS):
        screen.say(_ARMED if is_armed_here else _REAL, style="bold yellow")


def show(
    screen: Screen, sample: "Sample", user: str, answers: Sequence["Answer"]
) -> None:
    """Show each answer's status, the cases they name, and else where to look."""
    for answer in answers:
        screen.line(_said(answer.status))
    case_ids = dict.fromkeys(each for one in answers for each in one.case_ids)
    for case_id in case_ids:
        screen.line(f"Case {case_id}. See it with:")
        screen.line(f"offboard case show {case_id}")
    if not case_ids and answers[-1].is_good and sample.leads_to.startswith(_ACTS):
        screen.line("The answer names no case. See what came of it with:")
        screen.line(f"offboard case list --user {shlex.quote(user)}")
        screen.line("offboard quarantine list")


def _said(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
