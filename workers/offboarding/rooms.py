"""An account's room: a channel or mailbox of its own, told what concerns the account.

The service's own channels are told everything besides. A room is named by the id of its
account; what it is told of a case is cut to that in ``report/room.py``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Channel, ReportKind, ReportLine
from workers.offboarding.notice import Notice

Rooms = Mapping[str, tuple[Channel, ...]]
"""The channels of each room, by account id."""

# What asks for a decision, and how it ended. That a case is under way, and the digest,
# are for the service's own channels.
_TOLD: Final = (ReportKind.HELD, ReportKind.FINAL, ReportKind.CANCELLED)
# Warnings by which something of the leaver's may be in an account and not among the
# targets.
_CONCERNS: Final = frozenset(
    {
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
        Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
    }
)


def concerned(case: Case) -> frozenset[str]:
    """Return the accounts that a case concerns.

    Where it has targets, where something was not seen, which an adoption is about, and
    whose room was told of it before. None before its work began: until then a departure
    is confidential.
    """
    if case.started_at is None:
        return frozenset()
    adopted = [case.adoption.account_id] if case.adoption is not None else []
    unseen = [one.account_id for one in case.warnings if one.reason in _CONCERNS]
    targets = [one.target.account_id for one in case.targets]
    before = [one.room for one in case.reports]
    return frozenset(filter(None, (*adopted, *unseen, *targets, *before)))


def room_lines(
    case: Case, kind: ReportKind, rooms: Rooms, number: int
) -> tuple[ReportLine, ...]:
    """Make the outbox lines of one report for the rooms of the accounts it concerns.

    Args:
        case: The case.
        kind: What is told.
        rooms: The rooms there are.
        number: Of the same report on the service's own channels; each room has one
            behind it, so that a line's id names the line whoever reads it.
    """
    if kind not in _TOLD:
        return ()
    told = [one for one in sorted(rooms) if one in concerned(case)]
    if kind is ReportKind.CANCELLED:
        # Whoever heard nothing of it is not told that it is over.
        heard = {one.room for one in case.reports}
        told = [one for one in told if one in heard]
    return tuple(
        ReportLine(channel, kind, number + at, room=account_id)
        for at, account_id in enumerate(told, start=1)
        for channel in rooms[account_id]
    )


def next_number(case: Case, kind: ReportKind) -> int:
    """Return the number of the next report of a kind."""
    mine = (one.number for one in case.reports if one.kind is kind)
    return 1 + max(mine, default=0)


def in_room(notice: Notice, account_id: str) -> Notice:
    """Return a notice as it is told in an account's room: a notice of its own."""
    return replace(notice, id=id_in_room(notice.id, account_id))


def id_in_room(notice_id: str, account_id: str) -> str:
    """Name the notice that tells a room of the same."""
    return f"{notice_id}-in-{account_id.lower()}"


def own(lines: Iterable[ReportLine]) -> tuple[ReportLine, ...]:
    """Return the lines of the service's own channels."""
    return tuple(one for one in lines if not one.room)
