"""What is left to people, with the commands to copy."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.commands.answers import ShownCase
from service.commands.ending import UNSEEN, is_over
from service.commands.follow_ups import Numbered, follow_ups_of
from service.commands.headline import leaver_of
from service.commands.notes import holds_of
from service.commands.screen import Screen, shown
from service.commands.targets import sorted_targets, where_of
from workers.offboarding.addon_pods import MOST_AT_ONCE, renewal_command, renewal_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseResult, CaseStatus, Outcome

# The warnings that the doctor explains.
_HIDDEN: Final = (
    Reason.LIST_UNREADABLE,
    Reason.LIST_SHORT,
    Reason.VISIBILITY_NOT_PROVEN,
)
# What no approval lets go on: nobody may offboard them, or nobody knows who is meant.
_NEVER: Final = (Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON)

# Stands for the hash of a case that waits without a plan.
NO_PLAN: Final = "none"
_DO_IT: Final = "To have it done"


@dataclass(frozen=True, slots=True)
class Task:
    """Something left to a person; ``command`` is one line for a shell.

    ``places`` are where it is to be done, a line each, if it is more than one.
    """

    text: str
    command: str | None = None
    places: tuple[str, ...] = ()


def show_tasks(screen: Screen, tasks: Sequence[Task]) -> None:
    """Write what is left to people; each command stands whole on a line of its own."""
    if tasks:
        screen.title("Left to do")
    for number, task in enumerate(tasks):
        if number:
            screen.gap()
        screen.say(task.text)
        for place in task.places:
            screen.say(f"- {place}")
        if task.command:
            screen.line(task.command)


def tasks_of(case: ShownCase, again: str = "") -> Iterator[Task]:
    """Say what is left to people, with the commands to copy.

    Args:
        case: The case.
        again: Options of the command that applies a dry run, each after a space.
    """
    for one in sorted_targets(case):
        if one.advice is not None:
            who = f" Who: {one.advice.who}." if one.advice.who else ""
            text = f"{where_of(case, one)}: {one.advice.text}{who}"
            yield Task(text, one.advice.command)
    yield from _follow_ups(case)
    yield from _next_commands(case, again)


def _follow_ups(case: ShownCase) -> Iterator[Task]:
    left = list(follow_ups_of(case))
    for several in _grouped(left):
        for at in range(0, len(several), MOST_AT_ONCE):
            batch = several[at : at + MOST_AT_ONCE]
            yield _batch(case, batch) if batch[1:] else _alone(case, batch[0])
    # A dry run has no clock that a follow-up could stop.
    if left and not case.dry_run:
        numbers = " ".join(str(one.number) for one in left)
        text = "they are done, tick them" if left[1:] else "it is done, tick it"
        yield Task(
            f"When {text} off:", f"offboard case done {word_of(case.id)} {numbers}"
        )


def _grouped(left: Sequence[Numbered]) -> list[list[Numbered]]:
    """Put those together that one command does; each other stands alone."""
    groups: dict[str | int, list[Numbered]] = {}
    for one in left:
        groups.setdefault(one.addon or one.number, []).append(one)
    return list(groups.values())


def _alone(case: ShownCase, one: Numbered) -> Task:
    text = f"Follow-up {one.number}, {where_of(case, one.target)}: {one.follow_up.text}"
    return Task(text, one.command)


def _batch(case: ShownCase, several: Sequence[Numbered]) -> Task:
    addon = several[0].addon or ""
    *first, last = (str(one.number) for one in several)
    places = tuple(
        f"{one.number}: {one.cluster}, {where_of(case, one.target)}" for one in several
    )
    said = f"Follow-ups {', '.join(first)} and {last}: {renewal_of(addon)}"
    ids = [one.follow_up.cluster_id or "" for one in several]
    return Task(said, renewal_command(addon, ids), places)


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
        text = "Arm the service (OFFBOARD_ARMED=1), then" if not_armed else _DO_IT
        # Whom it was to go to is no part of a case.
        if case.is_adoption and not again:
            text += ", with --to where it was asked with one"
        yield Task(f"{text}:", _apply(case, again))


def _to_release(case: ShownCase) -> Iterator[Task]:
    reasons = {one.reason for one in holds_of(case)}
    if Reason.PAUSED in reasons:
        text = "It goes on by itself when the pause ends (needs role approver):"
        yield Task(text, "offboard resume")
    if Reason.BRAKE in reasons:
        yield Task("See all that the brake holds:", "offboard brake show")
    if reasons != {Reason.PAUSED}:
        yield from _to_decide(case, can_go_on=not reasons & set(_NEVER))
    if not any(one.attempts for one in case.targets):
        cancel = f"offboard case cancel {word_of(case.id)}"
        why = "it is not wanted" if case.is_adoption else "nobody is leaving"
        yield Task(f"If {why}, cancel it:", cancel)


def _to_decide(case: ShownCase, *, can_go_on: bool) -> Iterator[Task]:
    named = word_of(case.plan.hash) if case.plan and case.plan.hash else NO_PLAN
    which = f"{word_of(case.id)} --plan-hash {named}"
    if can_go_on:
        text = "To let it go on (needs role approver, and not who asked for it):"
        yield Task(text, f"offboard case approve {which}")
    refused = "To have nothing more written (needs role approver):"
    yield Task(refused, f"offboard case refuse {which}")


def options(**said: str | None) -> str:
    """Return the options that say something, each after a space, for a shell."""
    return "".join(
        f" --{name.replace('_', '-')} {word_of(text)}"
        for name, text in said.items()
        if text
    )


def _apply(case: ShownCase, again: str) -> str:
    parts = [_adopt(case) if case.is_adoption else _run(case)]
    if case.scope is not None:
        parts += [f"--region {word_of(one)}" for one in case.scope.regions]
        parts += [f"--group {word_of(one)}" for one in case.scope.resource_groups]
    is_put_off = case.effective_at and case.effective_at != case.received_at
    day = options(effective_at=case.effective_at) if is_put_off else ""
    return " ".join(parts) + (again or day)


def _run(case: ShownCase) -> str:
    return f"offboard run {word_of(leaver_of(case))} --apply"


def _adopt(case: ShownCase) -> str:
    owner = None if case.leaver is None else options(**{"from": leaver_of(case)})
    account = options(account=case.targets[0].account_id)
    return f"offboard adopt{account}{owner or ''} --apply"


def word_of(text: str) -> str:
    """Quote a text as one word of a shell, with nothing in it that moves a screen."""
    return shlex.quote(shown(text))
