"""A store that is an old copy of itself: why that is thought, and what is due in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from workers.offboarding.model import Case

# What begins within this is said with what is due: there may be no time to ask later.
SOON: Final = timedelta(days=1)


class WhyOld(StrEnum):
    """How an old copy was known for one."""

    COPIED = "copied"
    WENT_BACK = "went_back"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found about the store, by its server's time.

    Attributes:
        at: When; everything is paused since.
        why: How it was known.
        swept_at: When the store was last in use before.
        copied_at: When the backup was made, where it is one of `offboard backup`.
        is_told: Whether the channels were told.
    """

    at: datetime
    why: WhyOld
    swept_at: datetime | None = None
    copied_at: datetime | None = None
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found, and what is due in the copy and would go on by itself.

    Attributes:
        found: What was found.
        due: Cases that are under way or begin within a day, oldest first.
        more: How many others there are that are not listed.
        held_back: Reports and notices that wait, since they may have been sent.
    """

    found: Found
    due: tuple[Case, ...] = ()
    more: int = 0
    held_back: int = 0

    def without_confidential(self) -> "Restored":
        """Return the same with those only counted that leave on a later day."""
        open_to_all = tuple(
            one for one in self.due if not is_hidden(one, self.found.at)
        )
        hidden = len(self.due) - len(open_to_all)
        return Restored(self.found, open_to_all, self.more + hidden, self.held_back)


def is_hidden(case: Case, at: datetime) -> bool:
    """Tell whether a case is confidential: its start has not come."""
    return case.is_confidential and case.starts_at > at


def sentence(found: Found) -> str:
    """Say why everything is paused, in one sentence."""
    if found.why is WhyOld.COPIED:
        return f"The store was restored from a backup{_of(found.copied_at)}."
    last = f"; its last use was{_of(found.swept_at)[3:]}" if found.swept_at else ""
    if found.why is WhyOld.WENT_BACK:
        return f"The store went back to an earlier state{last}."
    return f"The store was not in use for long and may be an old copy{last}."


def _of(at: datetime | None) -> str:
    return f" of {at:%Y-%m-%d at %H:%M} UTC" if at is not None else ""
