"""How exposure, the gate and the doctor end: the exit code of what was seen."""

from collections.abc import Sequence
from typing import Final

from service.commands.ending import UNSEEN
from service.commands.exits import Exit
from service.commands.seen_answers import ShownCheck, ShownExposure, ShownGate
from workers.offboarding.errors import Reason
from workers.offboarding.health import Verdict

# What the gate holds against somebody only because it could not see: lists, rights,
# time, and each way in which a target stays unread.
_BLIND: Final = frozenset(
    {
        Reason.VISIBILITY_NOT_PROVEN,
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
        Reason.READING_UNDER_WAY,
        # A misspelt name owns nothing either: that proves nothing of whoever is meant.
        Reason.PERSON_NOT_FOUND,
        Reason.NO_CLUSTER,
        Reason.OWNER_UNKNOWN,
        Reason.UNREACHABLE,
        Reason.RATE_LIMITED,
        Reason.NO_ROLE,
        Reason.BAD_KEY,
        Reason.WRONG_ACCOUNT,
        Reason.WRONG_PROVIDER,
        Reason.NOT_FOUND,
        Reason.KEY_NOT_USABLE,
        Reason.REFUSED_BY_IBM_CLOUD,
        Reason.UNEXPECTED_ANSWER,
    }
)


# Why an exposure may not be everything, or not of now.
NOT_SEEN: Final = (*UNSEEN, Reason.VISIBILITY_NOT_PROVEN, Reason.INDEX_STALE)


def exit_of_exposure(exposure: ShownExposure, not_seen: Sequence[str]) -> Exit:
    """Judge an exposure; *not_seen* are the reasons why it may not be everything."""
    is_blind = any(one in NOT_SEEN for one in not_seen)
    is_whole = exposure.checked_at is not None and not exposure.unread
    return Exit.GOOD if is_whole and not is_blind else Exit.ATTENTION


def exit_of_gate(gate: ShownGate) -> Exit:
    """Judge an answer of the gate; what this command does not know is a no."""
    if gate.safe:
        return Exit.GOOD
    unread = {one.reason for one in gate.targets if one.is_unread}
    against = {one.reason for one in gate.reasons}
    is_blind = bool(against) and against <= _BLIND | unread
    return Exit.ATTENTION if is_blind else Exit.HELD


def exit_of_checks(checks: Sequence[ShownCheck]) -> Exit:
    """Judge the doctor's checks by the worst; an unknown verdict proves nothing.

    A warning is no fault: what is told works.
    """
    verdicts = {one.verdict for one in checks}
    if Verdict.FAILED in verdicts:
        return Exit.SETTINGS
    return Exit.GOOD if verdicts <= {Verdict.OK, Verdict.WARNING} else Exit.ATTENTION


def is_under_way(gate: ShownGate) -> bool:
    """Tell whether the gate is still read, and may say more when asked again."""
    is_read = any(one.reason == Reason.READING_UNDER_WAY for one in gate.reasons)
    return is_read and exit_of_gate(gate) is Exit.ATTENTION
