"""What the channels are told of a restored store: all waits, what is due, how on."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.model import Case
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.commands import cancel_command
from workers.offboarding.report.phrases import named_case, time_of
from workers.offboarding.report.value import Item, Line
from workers.offboarding.restored import Restored, sentence
from workers.offboarding.words import counted

# Who wants to see more of them has `offboard backup due`.
_MOST: Final = 10


def restored_notice(restored: Restored) -> Notice:
    """Tell why all waits and what is due; *restored* without what is confidential."""
    found, many = restored.found, len(restored.due) + restored.more
    return Notice(
        id=id_of(NoticeKind.RESTORED, found.at.isoformat()),
        kind=NoticeKind.RESTORED,
        at=found.at,
        account_id="",
        about=(f"{counted(many, 'case')} {_await(many)} confirmation",),
        headline=(
            f"{sentence(found)} What it holds may have been done since, so nothing is "
            f"written: {counted(many, 'case')} {_await(many)} a person's word.",
        ),
        items=(*_due(restored), *_how_on(restored)),
    )


def _await(many: int) -> str:
    return "awaits" if many == 1 else "await"


def _due(restored: Restored) -> Iterator[Item]:
    for one in restored.due[:_MOST]:
        yield Item(_line(one), (), cancel_command(one))
    left = len(restored.due[_MOST:]) + restored.more
    if left:
        yield Item(
            (
                f"And {counted(left, 'case')} not listed here; a later day's are "
                "confidential until then.",
            )
        )


def _line(case: Case) -> Line:
    return (
        *named_case(case),
        f", told by {case.opened_by.source}, {case.status}, due since "
        f"{time_of(case.starts_at)}. If it is not to go on:",
    )


def _how_on(restored: Restored) -> Iterator[Item]:
    yield Item(("See what is due:",), (), "offboard backup due")
    yield Item(
        (
            "Look at what happened since the copy was made: older reports of this "
            "channel say so. Departures told since are not in it: have them sent again "
            "or open them by hand.",
        ),
    )
    held = ""
    if restored.held_back:
        held = (
            f" {counted(restored.held_back, 'report')} from before go out then, and "
            "may have been sent already."
        )
    yield Item(
        ("Then let all go on (needs role approver):",),
        (
            (
                "Each owner is read again before anything is written, so what was "
                f"reset since is not reset again.{held}",
            ),
        ),
        "offboard resume",
    )
