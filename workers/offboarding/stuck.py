"""Which cases stand still though they wait for nobody, and what people are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.model import Case, CaseStatus, Entry
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import time_of
from workers.offboarding.report.value import Item
from workers.offboarding.words import counted

# A case that waits stands on a list and is reminded of, and one that is over is over.
AT_WORK: Final = (CaseStatus.OPEN, CaseStatus.SCHEDULED)
# More than this have one cause, and are looked for in the list.
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Still:
    """A case for which nothing was done since a time, and what was done last."""

    case_id: str
    since: datetime
    last: str


def still(
    case: Case, last: Entry | None, now: datetime, patience: timedelta
) -> Still | None:
    """Tell whether nothing was done for a case that is at work; None: it goes on.

    A scheduled case is at work from the hour on which it should have begun.
    """
    if case.status not in AT_WORK:
        return None
    said = last.at if last is not None else case.received_at
    since = max(said, case.starts_at)
    what = last.what if last is not None else "nothing"
    return Still(case.id, since, what) if now - since > patience else None


def stuck(stills: Sequence[Still], *, at: datetime) -> Notice:
    """Tell of cases that stand still, in one notice, however many.

    It names nobody: a departure that has not begun is confidential.
    """
    many = counted(len(stills), "case")
    shown, left = stills[:_SHOWN], len(stills) - _SHOWN
    more = f" {left} more are in the list of open cases." if left > 0 else ""
    return Notice(
        id=id_of(
            NoticeKind.STUCK,
            *sorted(f"{one.case_id} {one.since.isoformat()}" for one in stills),
        ),
        kind=NoticeKind.STUCK,
        at=at,
        account_id="",
        about=(many if len(stills) > 1 else f"case {stills[0].case_id}",),
        headline=(
            f"nothing was done for {many} in a long time, though nobody is waited for. "
            f"Whoever leaves may still own keys.{more}",
        ),
        items=(
            Item(
                (
                    "See that workers and beat run, and what their log says. What is "
                    "due is sent again by itself once they do.",
                ),
            ),
            *map(_item, shown),
        ),
    )


def _item(one: Still) -> Item:
    return Item(
        (f"Since {time_of(one.since)}, {one.last} being the last that was written:",),
        (),
        f"offboard case show {one.case_id} --watch",
    )
