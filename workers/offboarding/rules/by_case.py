"""What the record of one case shows by itself, its ledger aside."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Outcome,
    OwnerKind,
)
from workers.offboarding.rules.values import Broken

# Something that the case is about could not be seen.
_BLINDING: Final = frozenset(
    {
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
        Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
        Reason.SCOPE_UNMATCHED,
    }
)


def dry_run_sent_nothing(case: Case) -> Iterator[Broken]:
    """Rule 9: a dry run cannot write."""
    for one in case.targets:
        if case.dry_run and (one.resets or one.intent_at):
            yield _broken(9, case, one, "a dry run has a reset of it")


def resets_are_bounded(case_id: str, one: CaseTarget) -> Iterator[Broken]:
    """Rule 6: resets of a target are at most one more than proven failures."""
    if one.resets > 1 + one.proven_failures:
        text = f"{one.resets} resets with {one.proven_failures} proven failures"
        yield Broken(6, case_id, one.target.id, text)
    if one.disproved > 1:
        text = "a reset whose answer was lost was repeated more than once"
        yield Broken(6, case_id, one.target.id, text)


def target_was_theirs(case: Case) -> Iterator[Broken]:
    """Rule 3: what was reset belonged to whom the plan names, the leaver of it."""
    for one in case.targets:
        if not one.resets:
            continue
        before = one.owner_before
        if before is None:
            yield _broken(3, case, one, "it was reset, and the plan names no owner")
        elif case.kind is CaseKind.DEPARTURE and before.id != case.leaver.iam_id:
            text = f"it was reset, and belonged to {before.id}, not to the leaver"
            yield _broken(3, case, one, text)


def nobody_of_ours_was_offboarded(case: Case) -> Iterator[Broken]:
    """Rule 4: a functional ID is no leaver, and a key is not reset to its owner."""
    for one in case.targets:
        before, taker = one.owner_before, one.functional_id
        if not one.resets or before is None:
            continue
        is_departure = case.kind is CaseKind.DEPARTURE
        if is_departure and before.kind is OwnerKind.FUNCTIONAL_ID:
            yield _broken(4, case, one, "a functional ID was offboarded")
        if taker is not None and taker.id == before.id:
            yield _broken(4, case, one, "it was reset to who owned it")


def safe_was_read_back(case_id: str, one: CaseTarget) -> Iterator[Broken]:
    """Rule 5: safe is what was read back under a functional ID."""
    if one.outcome is Outcome.VERIFIED and not _is_verified(one):
        text = "it is verified, and no owner read back is the functional ID"
        yield Broken(5, case_id, one.target.id, text)
    after = one.owner_after
    is_ours = after is not None and after.kind is OwnerKind.FUNCTIONAL_ID
    if one.outcome is Outcome.ALREADY and not is_ours:
        text = "it is already safe, and no owner read is a functional ID"
        yield Broken(5, case_id, one.target.id, text)


def settled_is_settled(case: Case) -> Iterator[Broken]:
    """Rule 5: a settled case has an outcome of every target, and a result."""
    if case.status is not CaseStatus.SETTLED:
        return
    if case.result is None:
        yield _broken(5, case, None, "the case is settled without a result")
    for one in case.targets:
        if not one.is_settled:
            yield _broken(5, case, one, "the case is settled, and this target is not")


def result_is_earned(case: Case) -> Iterator[Broken]:
    """Rules 5 and 7: what was not seen, or is not safe, is never called safe."""
    if case.status is not CaseStatus.SETTLED or case.result is None:
        return
    if case.dry_run != (case.result is CaseResult.PLANNED):
        text = f"a dry run is {case.result}" if case.dry_run else "planned, and armed"
        yield _broken(9, case, None, text)
    if case.result in (CaseResult.SAFE, CaseResult.CLEAN):
        yield from _earned(case, case.result)


def place_is_named(case_id: str, one: CaseTarget) -> Iterator[Broken]:
    """Rule 12: a reset names account, region and resource group."""
    if one.resets and not all(one.target.id.split("/")):
        text = "it was reset without a region or a group"
        yield Broken(12, case_id, one.target.id, text)


def every_target_is_sound(case: Case) -> Iterator[Broken]:
    """Ask of each target what it shows by itself."""
    for one in case.targets:
        for check in BY_TARGET:
            yield from check(case.id, one)


BY_TARGET: Final = (resets_are_bounded, safe_was_read_back, place_is_named)
BY_CASE: Final = (
    every_target_is_sound,
    dry_run_sent_nothing,
    target_was_theirs,
    nobody_of_ours_was_offboarded,
    settled_is_settled,
    result_is_earned,
)


def _earned(case: Case, result: CaseResult) -> Iterator[Broken]:
    for note in case.warnings:
        if note.reason in _BLINDING:
            yield _broken(7, case, None, f"the case is {result} with {note.reason}")
    for one in case.targets:
        if one.is_blocked:
            text = f"the case is {result}, and a credential of the leaver is in force"
            yield _broken(5, case, one, text)
        if one.blind is not None and one.outcome is Outcome.UNREAD:
            continue
        if one.is_safe and result is CaseResult.SAFE:
            continue
        rule = 7 if one.outcome is Outcome.UNREAD else 5
        yield _broken(rule, case, one, f"the case is {result} and it is {one.outcome}")


def _is_verified(one: CaseTarget) -> bool:
    after, taker = one.owner_after, one.functional_id
    return after is not None and taker is not None and after.id == taker.id


def _broken(rule: int, case: Case, one: CaseTarget | None, what: str) -> Broken:
    return Broken(rule, case.id, one.target.id if one is not None else None, what)
