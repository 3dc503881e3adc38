"""What more than one part of a report asks of a case. It holds no sentence."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseTarget,
    FollowUp,
    Note,
    Outcome,
    Right,
)

# What holds a case before it has a plan that could say so.
HOLDS: Final = (
    Reason.PROTECTED_USER,
    Reason.AMBIGUOUS_PERSON,
    Reason.PAUSED,
    Reason.BRAKE,
)
# What an approver may let go, or refuse.
APPROVABLE: Final = (
    Reason.TOO_MANY_TARGETS,
    Reason.PLAN_CHANGED,
    Reason.APPROVER_NOT_LISTED,
    Reason.ANSWERS_LITTLE,
    Reason.CANARY_FAILED,
    Reason.PREFLIGHT_UNKNOWN,
    Reason.RULE_BROKEN,
    Reason.STUCK,
)
_NOT_APPROVABLE: Final = {Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON}


def count_of(case: Case, outcome: Outcome | None) -> int:
    """Count the targets with *outcome*; None counts those without any.

    An accepted blind spot does not count: it is told apart.
    """
    return sum(one.outcome is outcome and not is_accepted(one) for one in case.targets)


def is_accepted(one: CaseTarget) -> bool:
    """Tell whether an approver accepted that this target could not be read."""
    return one.blind is not None and one.outcome is Outcome.UNREAD


def blind_spots(case: Case) -> int:
    """Count the targets that were not seen, and accepted as that."""
    return sum(is_accepted(one) for one in case.targets)


def is_adoption(case: Case) -> bool:
    """Tell whether the case takes over before anybody leaves."""
    return case.kind is CaseKind.ADOPTION


def hold_notes(case: Case) -> tuple[Note, ...]:
    """Say what holds a case; one held before it had a plan says so in a warning."""
    refused = case.plan.refused if case.plan is not None else ()
    return refused + tuple(one for one in case.warnings if one.reason in HOLDS)


def hold_reasons(case: Case) -> set[Reason]:
    """Return the reasons of ``hold_notes``."""
    return {note.reason for note in hold_notes(case)}


def is_approvable(case: Case) -> bool:
    """Tell whether an approver may let a held case go, by its plan's hash."""
    reasons = hold_reasons(case)
    is_open = case.plan is not None and not reasons & _NOT_APPROVABLE
    return is_open and bool(reasons & set(APPROVABLE))


def waiting(case: Case) -> tuple[CaseTarget, ...]:
    """Return the targets that a hold keeps back.

    Where only preflight is in doubt, the others go on meanwhile.
    """
    undone = tuple(one for one in case.targets if one.outcome is None)
    if hold_reasons(case) == {Reason.PREFLIGHT_UNKNOWN}:
        return tuple(one for one in undone if one.preflight is Right.CANNOT_TELL)
    return undone


def failed_canaries(case: Case) -> tuple[CaseTarget, ...]:
    """Return the targets that went first and were not verified, as far as is known.

    Those still listed as canaries; else the only one that anything was written to.
    """
    ended = [one for one in case.targets if one.is_settled and not one.is_safe]
    listed = tuple(one for one in ended if one.target.id in case.canaries)
    written = tuple(one for one in case.targets if one.resets or one.intent_at)
    alone = written if len(written) == 1 and written[0] in ended else ()
    return listed or alone


def open_follow_ups(case: Case) -> Iterator[FollowUp]:
    """Return the follow-ups that are not done."""
    for one in case.targets:
        yield from (each for each in one.follow_ups if each.done_at is None)


def is_disarmed(case: Case) -> bool:
    """Tell whether the case is a dry run because the service is not armed."""
    return _is_warned(case, Reason.NOT_ARMED)


def is_unknown(case: Case) -> bool:
    """Tell whether nobody in the account has the leaver's name."""
    return _is_warned(case, Reason.PERSON_NOT_FOUND)


def is_blind(case: Case) -> bool:
    """Tell whether a list was not read, or not whole, so that there may be more."""
    return _is_warned(case, Reason.LIST_UNREADABLE, Reason.LIST_SHORT)


def has_credential(case: Case) -> bool:
    """Tell whether a classic credential of the leaver is in force anywhere."""
    is_elsewhere = _is_warned(case, Reason.CLASSIC_CREDENTIAL_ELSEWHERE)
    return is_elsewhere or any(one.is_blocked for one in case.targets)


def is_unmatched(case: Case) -> bool:
    """Tell whether the part asked for names a place where nothing was seen."""
    return _is_warned(case, Reason.SCOPE_UNMATCHED)


def is_untouched(case: Case) -> bool:
    """Tell whether no reset was sent, nor meant to be."""
    return not any(one.resets or one.intent_at for one in case.targets)


def _is_warned(case: Case, *reasons: Reason) -> bool:
    return any(note.reason in reasons for note in case.warnings)
