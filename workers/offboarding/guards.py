"""The guards that hold a plan for an approver, and what goes first. Pure.

A guard judges the whole case, what is written already included. An approved plan is
past them all, as long as it is exactly the one that was approved; only what preflight
cannot tell since then has to be let through by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.judging import Look
from workers.offboarding.model import (
    Case,
    CaseTarget,
    Note,
    Outcome,
    Plan,
    Right,
)
from workers.offboarding.words import counted

# Below this many known targets half of them is no sign of anything.
_ENOUGH_TO_COMPARE: Final = 4
# An answer with less than one in so many of what was known is suspicious.
_SUSPICIOUS: Final = 2


def guards(
    case: Case,
    plan: Plan,
    looks: Sequence[Look],
    *,
    max_targets: int,
    lets_unknown_go: bool,
) -> tuple[Note, ...]:
    """Find what holds a plan until an approver has said yes; empty lets it go.

    Args:
        case: The case with its targets, and with the plan as it was before.
        plan: The plan as it is now.
        looks: What was seen for it; empty where the owner index alone was asked.
        max_targets: More resets than this wait.
        lets_unknown_go: Whether a target may be reset where preflight cannot tell.
    """
    notes: list[Note] = []
    if plan.approved_by is None:
        notes += _changed(case, plan)
        notes += _too_many(case, max_targets)
        notes += _little(case, looks)
        notes += _canary(case)
    if not lets_unknown_go:
        notes += _unknown(case, plan)
    return tuple(notes)


def canary_notes(case: Case) -> tuple[Note, ...]:
    """Return a note for each canary that failed and for which others wait."""
    return tuple(_canary(case))


def canaries_of(case: Case, *, is_wanted: bool) -> tuple[str, ...]:
    """Choose the targets that go first, one an account and functional ID.

    What a functional ID can do in one target proves nothing of another functional ID,
    so each has its own. The target with the fewest clusters goes, of those that have a
    readable one. A canary that failed stays: it holds the others until a person has
    decided.

    Args:
        case: The case with its targets.
        is_wanted: Whether the service sends one first. Where the leaver is gone none
            goes first: their keys are dead.
    """
    if not is_wanted:
        return ()
    groups: dict[tuple[str, str], list[CaseTarget]] = {}
    for one in case.targets:
        if case.is_dead_in(one.target.account_id):
            continue
        if one.functional_id is not None and one.owner_before is not None:
            groups.setdefault(one.taker, []).append(one)
    found = (_canary_of(case, mine) for mine in groups.values())
    return tuple(sorted(one for one in found if one is not None))


def _canary_of(case: Case, mine: Sequence[CaseTarget]) -> str | None:
    if any(one.was_reset_here for one in mine):
        return None
    before = [one for one in mine if one.target.id in case.canaries]
    if before and not (was_needless(before[0]) or _waits_itself(case, before[0])):
        return before[0].target.id
    begun = [one for one in mine if not one.is_settled and one.intent_at is not None]
    able = [one for one in mine if not one.is_settled and one.target.readable > 0]
    # Where preflight can tell of none, one goes first all the same once it is let go.
    sure = [one for one in able if not _is_unsure(one)]
    same = [one for one in before if _waits_itself(case, one)]
    first = min(begun or sure or same or able, key=_order, default=None)
    return None if first is None else first.target.id


def was_needless(target: CaseTarget) -> bool:
    """Tell whether a canary ended for a reason of its own, mostly before any write.

    Then it says nothing of the others, and another one goes first.
    """
    ended = (
        Outcome.CHANGED_HANDS,
        Outcome.UNREAD,
        Outcome.PLANNED,
    )
    is_red = target.outcome is Outcome.FAILED and target.preflight is Right.MISSING
    is_unwritten = not target.resets and (target.outcome in ended or is_red)
    # Another functional ID took it over: that proves nothing of the one who asked.
    return is_unwritten or target.outcome is Outcome.ALREADY


def _is_unsure(target: CaseTarget) -> bool:
    return target.preflight is Right.CANNOT_TELL


def _waits_itself(case: Case, target: CaseTarget) -> bool:
    """Tell whether a target that is not begun waits for an approver by itself."""
    is_open = not target.is_settled and target.intent_at is None
    return is_open and case.plan is not None and case.plan.holds_unknown(target)


def _order(target: CaseTarget) -> tuple[int, str]:
    return target.target.readable, target.target.id


def _written_or_to_be(case: Case) -> list[CaseTarget]:
    return [
        one
        for one in case.targets
        if one.resets or one.outcome in (None, Outcome.PLANNED)
    ]


def _changed(case: Case, plan: Plan) -> Iterator[Note]:
    before = case.plan
    if before is None or before.hash == plan.hash:
        return
    was_approved = before.approved_by is not None
    is_still_held = any(one.reason is Reason.PLAN_CHANGED for one in before.refused)
    if was_approved or is_still_held:
        text = (
            "The plan is not the one that was approved: since then targets came to it, "
            "or another functional ID is to take over."
        )
        yield Note(Reason.PLAN_CHANGED, text)


def _too_many(case: Case, max_targets: int) -> Iterator[Note]:
    many = len(_written_or_to_be(case))
    if many > max_targets:
        text = (
            f"The plan has {many} resets, and more than {max_targets} "
            "(OFFBOARD_MAX_TARGETS_PER_CASE) are not made without approval."
        )
        yield Note(Reason.TOO_MANY_TARGETS, text)


def _little(case: Case, looks: Iterable[Look]) -> Iterator[Note]:
    """Find accounts that answer with far less than the last survey has seen there."""
    written_in = {one.target.account_id for one in _written_or_to_be(case)}
    for look in looks:
        known = {one.target.id for one in look.index.holdings if one.target.clusters}
        now = {one.id for one in look.view.places} & known
        is_little = len(now) * _SUSPICIOUS < len(known)
        if look.view.account_id not in written_in or not is_little:
            continue
        if len(known) >= _ENOUGH_TO_COMPARE:
            text = (
                f"Account {look.view.account_id} shows {len(now)} of the "
                f"{counted(len(known), 'target')} that the last survey saw there."
            )
            yield Note(Reason.ANSWERS_LITTLE, text)


def _canary(case: Case) -> Iterator[Note]:
    for one in case.targets:
        if one.target.id not in case.canaries or not has_failed(one):
            continue
        waiting = [each for each in case.targets if each.waits_for(one)]
        if waiting:
            outcome = f"{one.outcome}" + (f" ({one.reason})" if one.reason else "")
            place = f"{one.target.region} / {one.target.resource_group.name}"
            text = (
                f"{place} went first and ended {outcome}; "
                f"{counted(len(waiting), 'target')} wait behind it."
            )
            yield Note(Reason.CANARY_FAILED, text)


def has_failed(canary: CaseTarget) -> bool:
    """Tell whether a canary ended without the proof that others wait for."""
    return canary.is_settled and not canary.is_safe and not was_needless(canary)


def _unknown(case: Case, plan: Plan) -> Iterator[Note]:
    waiting = [
        one
        for one in case.targets
        if one.preflight is Right.CANNOT_TELL
        and one.outcome in (None, Outcome.PLANNED)
        and one.intent_at is None
        and one.target.id not in plan.let_go
    ]
    if waiting:
        text = (
            f"In {counted(len(waiting), 'target')} it cannot be told whether the "
            "functional ID has the rights it needs. The other targets go on."
        )
        yield Note(Reason.PREFLIGHT_UNKNOWN, text)
