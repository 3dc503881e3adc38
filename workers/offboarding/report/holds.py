"""Why a case waits, or an armed run would: in the words of a headline."""

from collections.abc import Callable
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseTarget, Outcome, Right
from workers.offboarding.report.facts import (
    hold_reasons,
    is_adoption,
    is_approvable,
    is_untouched,
    waiting,
)
from workers.offboarding.report.phrases import (
    about,
    named_case,
    short_name,
    time_of,
    whence,
)
from workers.offboarding.report.value import Line
from workers.offboarding.words import counted

DEAD_KEYS: Final = (
    "The person is removed already: their keys died with that, and each minute counts."
)


def is_urgent(case: Case) -> bool:
    """Tell whether the keys of who leaves are dead while the case waits."""
    return case.has_dead_keys and not is_adoption(case)


def held_of(case: Case) -> Line:
    """Say whom a held case is about, why it waits, since when, and how urgent it is."""
    line: Line = (*_held(case), f" {_state(case)}")
    if case.reminded and case.held_at is not None:
        line = (*line, f" Held since {time_of(case.held_at)}.")
    return (*line, f" {DEAD_KEYS}") if is_urgent(case) else line


def _held(case: Case) -> Line:
    reasons = hold_reasons(case)
    who = short_name(case.leaver)
    if Reason.PROTECTED_USER in reasons:
        what = "nobody may offboard them"
        if is_adoption(case):
            what = "nothing of theirs may be taken over"
        return who, f" is protected, so {what}."
    if Reason.AMBIGUOUS_PERSON in reasons:
        return "more than one person fits ", who, "."
    if is_approvable(case):
        adoption: Line = ("the adoption", *whence(case))
        about_it = adoption if is_adoption(case) else about(case)
        return "an approver has to decide about ", *about_it, f": {why(case)}."
    if Reason.PAUSED in reasons:
        return "resets are paused. ", *named_case(case), "."
    return "a person has to decide about ", *about(case), "."


def _state(case: Case) -> str:
    if is_untouched(case):
        return "Nothing was changed."
    done = sum(one.is_safe for one in case.targets)
    return f"{done} of {len(case.targets)} done so far."


def why(case: Case) -> str:
    """Name every reason that holds a case, or would hold an armed run of it."""
    reasons = hold_reasons(case)
    return "; ".join(say(case) for reason, say in _WHY.items() if reason in reasons)


def _undone(case: Case) -> list[CaseTarget]:
    return [one for one in case.targets if one.outcome in (None, Outcome.PLANNED)]


def _too_many(case: Case) -> str:
    resets = counted(len(_undone(case)), "reset")
    return f"{resets} in one case, more than may go by themselves"


def _in_doubt(case: Case) -> str:
    undone = _undone(case)
    many = sum(one.preflight is Right.CANNOT_TELL for one in undone)
    others = len(undone) - many
    text = (
        f"in {counted(many, 'place')} it cannot be told whether the functional ID has "
        "the rights it needs"
    )
    if case.dry_run or not others or len(waiting(case)) == len(undone):
        return text
    go_on = "the other goes on" if others == 1 else f"the {others} others go on"
    return f"{text}, {go_on}"


_WHY: Final[dict[Reason, Callable[[Case], str]]] = {
    Reason.PROTECTED_USER: lambda _: "the person is protected",
    Reason.AMBIGUOUS_PERSON: lambda _: "more than one person fits",
    Reason.RULE_BROKEN: lambda _: "it was stopped, as it would have broken a rule",
    Reason.STUCK: lambda _: "it was stopped, as a step of it broke off again and again",
    Reason.CANARY_FAILED: lambda _: "the reset that went first was not verified",
    Reason.PLAN_CHANGED: lambda _: "the plan changed since it was approved",
    Reason.APPROVER_NOT_LISTED: lambda _: "who approved it does not decide about it",
    Reason.ANSWERS_LITTLE: lambda _: "the account answers with suspiciously little",
    Reason.TOO_MANY_TARGETS: _too_many,
    Reason.PREFLIGHT_UNKNOWN: _in_doubt,
    Reason.PAUSED: lambda _: "resets are paused",
    Reason.BRAKE: lambda _: "the brake holds it",
}
