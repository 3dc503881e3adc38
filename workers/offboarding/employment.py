"""How an HR system says that somebody stands, and what follows from it. Pure.

The same for what an event carries and for what a look-up reads. Leave is none of its
business: whoever is away for a while still works there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.heard import Precision, Unreadable, UnreadableError
from workers.offboarding.times import end_of_day, to_come

NO_DATES: Final = frozenset({"", "0000-00-00"})
# Some systems switch the status hours after the day has ended; a date that lies further
# back, of somebody who works there, is that of an earlier employment.
_LATE_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Employment:
    """How somebody stands.

    Attributes:
        has_left: What the status says; None where it was not shown.
        last_day: A bare date; None where there is none.
        shows_last_day: Whether that was shown at all: systems leave out in silence what
            a token may not read, and that is no empty date.
    """

    has_left: bool | None
    last_day: str | None = None
    shows_last_day: bool = True


@dataclass(frozen=True, slots=True)
class Leaves:
    """The person leaves: at a moment to come, or now where there is none."""

    effective_at: datetime | None

    @property
    def precision(self) -> Precision:
        """Tell how exactly that was said: by a date, save where it is now."""
        return Precision.INSTANT if self.effective_at is None else Precision.DATE


@dataclass(frozen=True, slots=True)
class Stays:
    """The person works there, and no end of it is known."""


def date_in(value: object) -> str | None:
    """Return the date a field holds, as it stands; None where it is empty.

    Raises:
        UnreadableError: It holds something else than a text.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableError(Unreadable.BAD_TIME, "A date is no text.")
    return None if value.strip() in NO_DATES else value.strip()


def what_follows(employment: Employment, zone: str, now: datetime) -> Leaves | Stays:
    """Tell whether the person leaves, and when.

    Raises:
        UnreadableError: The date cannot be read or lies too far ahead; or neither
            status nor date was shown.
    """
    last_day, has_left = employment.last_day, employment.has_left
    end = end_of_day(last_day, zone) if last_day else None
    if end and end > now:
        return Leaves(to_come(end, now))
    if has_left:
        return Leaves(None)
    if end and (has_left is None or end > now - timedelta(days=_LATE_DAYS)):
        return Leaves(None)
    if not employment.shows_last_day:
        raise _unseen()
    return Stays()


def _unseen() -> UnreadableError:
    text = (
        "No date of leaving was shown, so nobody can tell whether there is one. Give"
        " the token the right to read that field, then replay it."
    )
    return UnreadableError(Unreadable.LOOK_UP_FAILED, text)
