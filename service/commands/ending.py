"""How a command ends: which case leads to which exit code."""

from typing import Final

from service.commands.answers import ShownCase
from service.commands.exits import Exit
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CLASSIC_CREDENTIAL,
    CaseResult,
    CaseStatus,
    Outcome,
)

# The warnings that say that something could not be seen (design: section 5).
UNSEEN: Final = (
    "scope_unmatched",
    "list_unreadable",
    "list_short",
    "classic_credential_elsewhere",
)
_GOOD_IN_A_PLAN: Final = (Outcome.PLANNED, Outcome.VERIFIED, Outcome.ALREADY)


def is_over(case: ShownCase) -> bool:
    """Tell whether nothing more will come by itself: settled or cancelled."""
    return case.status in (CaseStatus.SETTLED, CaseStatus.CANCELLED)


def exit_of(case: ShownCase, *, asked_to_write: bool) -> Exit:
    """Judge a case as it stands.

    Args:
        case: The case; one that is not over was waited for too long.
        asked_to_write: Whether it was meant to reset. Where the service made a dry run
            of it, what was asked for did not happen, which must not look like success.
    """
    match case.status:
        case CaseStatus.WAITING | CaseStatus.CANCELLED:
            return Exit.HELD
        case CaseStatus.SETTLED:
            pass
        case _:
            return Exit.WAITED
    match case.result:
        case CaseResult.CLEAN | CaseResult.SAFE:
            return Exit.GOOD
        case CaseResult.PLANNED:
            return _of_plan(case, asked_to_write=asked_to_write)
        case _:
            # Also a result that this command does not know: not proven good.
            return Exit.ATTENTION


def _of_plan(case: ShownCase, *, asked_to_write: bool) -> Exit:
    if case.plan is not None and case.plan.refused:
        return Exit.HELD
    if not _saw_everything(case):
        return Exit.ATTENTION
    is_undone = any(one.outcome == Outcome.PLANNED for one in case.targets)
    return Exit.HELD if asked_to_write and is_undone else Exit.GOOD


def has_credential(case: ShownCase) -> bool:
    """Tell whether a classic credential of the leaver is in force anywhere."""
    is_elsewhere = any(
        one.reason == Reason.CLASSIC_CREDENTIAL_ELSEWHERE for one in case.warnings
    )
    return is_elsewhere or any(
        each.kind == CLASSIC_CREDENTIAL and each.done_at is None
        for one in case.targets
        for each in one.follow_ups
    )


def _saw_everything(case: ShownCase) -> bool:
    is_blind = any(one.reason in UNSEEN for one in case.warnings)
    is_good = all(one.outcome in _GOOD_IN_A_PLAN for one in case.targets)
    is_blocked = has_credential(case)
    return case.plan is not None and is_good and not is_blind and not is_blocked
