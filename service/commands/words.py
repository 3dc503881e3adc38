"""A case in words for a screen: the headline, what is left to do, who owns what.

Decides nothing and writes nowhere; texts from outside are cleaned by the screen.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.commands.answers import Note, Owner, ShownCase, ShownTarget
from service.commands.ending import UNSEEN, is_over
from service.commands.screen import shown
from workers.offboarding.advice import sentence
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseResult, CaseStatus, Outcome, OwnerKind

_CLUSTERS_SHOWN: Final = 8
# In the order of a table: what needs somebody comes first.
_OUTCOMES: Final = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
    None: "under way",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "verified",
    Outcome.ALREADY: "already safe",
}
_COUNTED: Final = (Outcome.FAILED, Outcome.UNREAD, Outcome.CHANGED_HANDS, None)
_HOLDS: Final = (Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON, Reason.PAUSED)


@dataclass(frozen=True, slots=True)
class Task:
    """Something left to a person; ``command`` is one line for a shell."""

    text: str
    command: str | None = None


def leaver_of(case: ShownCase) -> str:
    """Name the leaver as one would type them."""
    leaver = case.leaver
    if leaver is None:
        return "unknown"
    return leaver.email or leaver.iam_id or leaver.name or "unknown"


def headline_of(case: ShownCase) -> str:
    """Say in one line how a case stands."""
    who = leaver_of(case)
    if case.status == CaseStatus.SETTLED:
        return _ended(case, who)
    return f"{_under_way(case)} Leaver: {who}."


def _under_way(case: ShownCase) -> str:
    match case.status:
        case CaseStatus.WAITING:
            return " ".join(["Held.", *(note.text for note in holds_of(case))])
        case CaseStatus.CANCELLED if case.joined_to:
            return f"Cancelled: it goes on as case {case.joined_to}."
        case CaseStatus.CANCELLED:
            return "Cancelled before the first write."
        case CaseStatus.SCHEDULED:
            return f"Scheduled for {case.effective_at or 'later'}."
        case _:
            done = sum(one.outcome is not None for one in case.targets)
            many = f"{done} of {len(case.targets)} done" if case.targets else "looking"
            return f"Under way: {many}."


def _ended(case: ShownCase, who: str) -> str:
    part = "" if case.scope is None else " in the part asked for"
    match case.result:
        case CaseResult.SAFE:
            return f"Safe{part}: {_all_safe(case, who)} {_clocks(case)}"
        case CaseResult.CLEAN if any(
            one.reason == Reason.PERSON_NOT_FOUND for one in case.warnings
        ):
            return (
                f"Nothing found{part}: {who} is unknown to the account, and no cluster "
                "API key is theirs."
            )
        case CaseResult.CLEAN:
            return f"Nothing to do{part}: {who} owns no cluster API key."
        case CaseResult.PLANNED:
            return _planned(case, who)
        case _:
            return f"Attention needed: {_counts(case) or 'see below'}. Leaver: {who}."


def _all_safe(case: ShownCase, who: str) -> str:
    if len(case.targets) == 1:
        return f"the only cluster API key of {who} is a functional ID's, read back."
    return (
        f"all {len(case.targets)} cluster API keys of {who} are a functional ID's, each"
        " read back."
    )


def _clocks(case: ShownCase) -> str:
    owner_safe = (
        "Owner-safe: no figure, since only a part was asked for."
        if case.owner_safe_seconds is None
        else f"Owner-safe after {_span(case.owner_safe_seconds)}."
    )
    fully_safe = (
        "Not fully safe yet."
        if case.fully_safe_seconds is None
        else f"Fully safe after {_span(case.fully_safe_seconds)}."
    )
    return f"{owner_safe} {fully_safe}"


def _planned(case: ShownCase, who: str) -> str:
    would = _many(case, Outcome.PLANNED)
    keys = "1 cluster API key" if would == 1 else f"{would} cluster API keys"
    bad = _counts(case)
    waits = " An armed run would be held." if case.plan and case.plan.refused else ""
    return (
        f"Dry run, nothing was changed: {bad + ', ' if bad else ''}{keys} would be "
        f"reset. Leaver: {who}.{waits}"
    )


def _counts(case: ShownCase) -> str:
    parts = [
        f"{_many(case, one)} {_OUTCOMES[one]}" for one in _COUNTED if _many(case, one)
    ]
    if any(one.reason in UNSEEN for one in case.warnings):
        parts.append("not everything could be seen")
    done = sum(
        one.outcome in (Outcome.VERIFIED, Outcome.ALREADY) for one in case.targets
    )
    return ", ".join([*parts, f"{done} done"] if done else parts)


def _many(case: ShownCase, outcome: str | None) -> int:
    return sum(one.outcome == outcome for one in case.targets)


def holds_of(case: ShownCase) -> tuple[Note, ...]:
    """Find what holds a case: in its plan, or in a warning where it has none."""
    refused = case.plan.refused if case.plan else ()
    held = tuple(one for one in case.warnings if one.reason in _HOLDS)
    return refused + tuple(one for one in held if one not in refused)


def unseen_of(case: ShownCase) -> list[str]:
    """Say what could not be seen: lists first, then targets."""
    lists = [one.text for one in case.warnings if one.reason in UNSEEN]
    unread = [one for one in sorted_targets(case) if one.outcome == Outcome.UNREAD]
    return lists + [f"{where_of(case, one)}: {_why(one.reason)}" for one in unread]


def _why(reason: str | None) -> str:
    try:
        return sentence(Reason(reason or Reason.OWNER_UNKNOWN))
    except ValueError:
        # A reason of a newer service.
        return str(reason)


def warnings_of(case: ShownCase) -> list[str]:
    """Return the other warnings, and what holds the case, in their own words."""
    notes = [*holds_of(case), *case.warnings]
    texts = [one.text for one in notes if one.reason not in UNSEEN]
    return list(dict.fromkeys(texts))


def sorted_targets(case: ShownCase) -> list[ShownTarget]:
    """Sort the targets, those that need somebody first."""
    order = list(_OUTCOMES)

    def place(one: ShownTarget) -> tuple[int, str, str, str]:
        known = order.index(one.outcome) if one.outcome in order else 0  # type: ignore[arg-type]  # a StrEnum's member equals its text
        return known, one.account_id, one.region, _group(one)

    return sorted(case.targets, key=place)


def where_of(case: ShownCase, target: ShownTarget) -> str:
    """Name a target; with its account only where a case has several."""
    account = f"account {target.account_id}, " if has_several_accounts(case) else ""
    return f"{account}{target.region}, resource group {_group(target)}"


def has_several_accounts(case: ShownCase) -> bool:
    """Tell whether the account has to be named."""
    return len({one.account_id for one in case.targets}) > 1


def row_of(target: ShownTarget) -> tuple[str, ...]:
    """Return region, group, clusters, owner before, after, outcome, reason."""
    return (
        target.region,
        _group(target),
        _clusters(target),
        _owner(target.owner_before, "not seen"),
        _owner(target.owner_after, ""),
        outcome_of(target),
        target.reason or "",
    )


def outcome_of(target: ShownTarget) -> str:
    """Say how a target stands."""
    if target.outcome is None and target.attempts:
        return "reset sent, not yet read back"
    for outcome, word in _OUTCOMES.items():
        if target.outcome == outcome:
            return word
    return str(target.outcome)


def _group(target: ShownTarget) -> str:
    return target.resource_group.name or target.resource_group.id


def _clusters(target: ShownTarget) -> str:
    names = [one.name or one.id for one in target.clusters]
    left = len(names) - _CLUSTERS_SHOWN
    more = [f"and {left} more"] if left > 0 else []
    return ", ".join([*names[:_CLUSTERS_SHOWN], *more])


def _owner(owner: Owner | None, missing: str) -> str:
    if owner is None:
        return missing
    kinds = {
        OwnerKind.FUNCTIONAL_ID: ", functional ID",
        OwnerKind.SERVICE_ID: ", service ID",
    }
    kind = next((word for kind, word in kinds.items() if owner.kind == kind), "")
    named = f"{owner.name} ({owner.email})" if owner.name and owner.email else None
    return (named or owner.name or owner.email or owner.id) + kind


def tasks_of(case: ShownCase) -> Iterator[Task]:
    """Say what is left to people, with the commands to copy."""
    for one in sorted_targets(case):
        where = where_of(case, one)
        if one.advice is not None:
            who = f" Who: {one.advice.who}." if one.advice.who else ""
            yield Task(f"{where}: {one.advice.text}{who}", one.advice.command)
        for follow_up in one.follow_ups:
            if follow_up.done_at is None:
                yield Task(f"{where}: {follow_up.text}")
    yield from _next_commands(case)


def _next_commands(case: ShownCase) -> Iterator[Task]:
    case_id = shlex.quote(shown(case.id))
    if case.result == CaseResult.ATTENTION and is_over(case):
        yield Task(
            "When that is mended, let the service deal with what is left:",
            f"offboard case retry {case_id}",
        )
    if case.result == CaseResult.PLANNED and _many(case, Outcome.PLANNED):
        not_armed = any(one.reason == Reason.NOT_ARMED for one in case.warnings)
        text = "Arm the service (OFFBOARD_ARMED=1), then:"
        yield Task(text if not_armed else "To have it done:", _apply(case))
    if case.status == CaseStatus.WAITING:
        if any(one.reason == Reason.PAUSED for one in holds_of(case)):
            text = "It goes on by itself when the pause ends:"
            yield Task(text, "offboard resume")
        if not any(one.attempts for one in case.targets):
            text = "If nobody is leaving, cancel it:"
            yield Task(text, f"offboard case cancel {case_id}")
    if case.status in (CaseStatus.OPEN, CaseStatus.SCHEDULED):
        yield Task("See how it goes on:", f"offboard case show {case_id} --watch")


def _apply(case: ShownCase) -> str:
    scope = case.scope
    regions = (
        [f"--region {shlex.quote(shown(one))}" for one in scope.regions]
        if scope
        else []
    )
    groups = (
        [f"--group {shlex.quote(shown(one))}" for one in scope.resource_groups]
        if scope
        else []
    )
    user = shlex.quote(shown(leaver_of(case)))
    return " ".join([f"offboard run {user} --apply", *regions, *groups])


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
