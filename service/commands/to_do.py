"""What is left to people, with the commands to copy."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.commands.answers import FollowUp, ShownCase, ShownTarget
from service.commands.ending import UNSEEN, is_over
from service.commands.headline import leaver_of
from service.commands.notes import holds_of
from service.commands.screen import Screen, shown
from service.commands.targets import sorted_targets, where_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CLASSIC_CREDENTIAL,
    CaseResult,
    CaseStatus,
    Outcome,
)

# The warnings that the doctor explains.
_HIDDEN: Final = (
    Reason.LIST_UNREADABLE,
    Reason.LIST_SHORT,
    Reason.VISIBILITY_NOT_PROVEN,
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something left to a person; ``command`` is one line for a shell."""

    text: str
    command: str | None = None


def show_tasks(screen: Screen, tasks: Sequence[Task]) -> None:
    """Write what is left to people; each command stands whole on a line of its own."""
    if tasks:
        screen.title("Left to do")
    for task in tasks:
        screen.say(task.text)
        if task.command:
            screen.line(task.command)


def tasks_of(case: ShownCase, again: str = "") -> Iterator[Task]:
    """Say what is left to people, with the commands to copy.

    Args:
        case: The case.
        again: Options of the command that applies a dry run, each after a space.
    """
    for one in sorted_targets(case):
        where = where_of(case, one)
        if one.advice is not None:
            who = f" Who: {one.advice.who}." if one.advice.who else ""
            yield Task(f"{where}: {one.advice.text}{who}", one.advice.command)
        for follow_up in one.follow_ups:
            if follow_up.done_at is None:
                yield Task(f"{where}: {follow_up.text}", _command_for(follow_up, one))
    yield from _next_commands(case, again)


def _command_for(follow_up: FollowUp, target: ShownTarget) -> str | None:
    """Return the command that shows a classic credential; others come with reports."""
    if follow_up.kind != CLASSIC_CREDENTIAL:
        return None
    group, region = word_of(target.resource_group.id), word_of(target.region)
    return (
        f"ibmcloud target -g {group} -r {region}"
        f" && ibmcloud ks credential get --region {region}"
    )


def _next_commands(case: ShownCase, again: str) -> Iterator[Task]:
    case_id = word_of(case.id)
    if any(one.reason == Reason.SCOPE_UNMATCHED for one in case.warnings):
        yield Task(
            "See what its regions and resource groups are called, and ask again:",
            "ibmcloud ks cluster ls --output json",
        )
    if any(one.reason in _HIDDEN for one in case.warnings):
        yield Task(
            "Find out what the service cannot see, and how to mend that:",
            "offboard doctor",
        )
    if case.result == CaseResult.ATTENTION and is_over(case) and _helps_retry(case):
        yield Task(
            "When that is mended, let the service deal with what is left:",
            f"offboard case retry {case_id}",
        )
    if case.result == CaseResult.PLANNED:
        yield from _to_apply(case, again)
    if case.status == CaseStatus.WAITING:
        yield from _to_release(case)
    if case.status in (CaseStatus.OPEN, CaseStatus.SCHEDULED):
        yield Task("See how it goes on:", f"offboard case show {case_id} --watch")


def _helps_retry(case: ShownCase) -> bool:
    """Tell whether a retry may help: never where only the part was misspelt."""
    is_unmatched = any(one.reason == Reason.SCOPE_UNMATCHED for one in case.warnings)
    is_blind = any(
        one.reason in UNSEEN and one.reason != Reason.SCOPE_UNMATCHED
        for one in case.warnings
    )
    is_open = any(
        one.outcome in (Outcome.FAILED, Outcome.UNREAD) for one in case.targets
    )
    return is_open or is_blind or not is_unmatched


def _to_apply(case: ShownCase, again: str) -> Iterator[Task]:
    if any(one.outcome == Outcome.PLANNED for one in case.targets):
        not_armed = any(one.reason == Reason.NOT_ARMED for one in case.warnings)
        text = "Arm the service (OFFBOARD_ARMED=1), then:"
        yield Task(text if not_armed else "To have it done:", _apply(case, again))


def _to_release(case: ShownCase) -> Iterator[Task]:
    if any(one.reason == Reason.PAUSED for one in holds_of(case)):
        text = "It goes on by itself when the pause ends (needs role approver):"
        yield Task(text, "offboard resume")
    if not any(one.attempts for one in case.targets):
        cancel = f"offboard case cancel {word_of(case.id)}"
        yield Task("If nobody is leaving, cancel it:", cancel)


def options(**said: str | None) -> str:
    """Return the options that say something, each after a space, for a shell."""
    return "".join(
        f" --{name.replace('_', '-')} {word_of(text)}"
        for name, text in said.items()
        if text
    )


def _apply(case: ShownCase, again: str) -> str:
    parts = ["offboard", "run", word_of(leaver_of(case)), "--apply"]
    if case.scope is not None:
        parts += [f"--region {word_of(one)}" for one in case.scope.regions]
        parts += [f"--group {word_of(one)}" for one in case.scope.resource_groups]
    is_put_off = case.effective_at and case.effective_at != case.received_at
    day = options(effective_at=case.effective_at) if is_put_off else ""
    return " ".join(parts) + (again or day)


def word_of(text: str) -> str:
    """Quote a text as one word of a shell, with nothing in it that moves a screen."""
    return shlex.quote(shown(text))
