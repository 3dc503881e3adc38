"""A period of days, and when a case was received, by its id alone. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME: Final = 10
_LENGTH: Final = 26
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """Days in UTC: from the begin of *first* until before the begin of *end*."""

    first: date
    end: date

    def has(self, case_id: str) -> bool:
        """Tell whether a case belongs to it, by when it was received.

        An id that tells no time belongs to every period, so that nothing is left out.
        """
        at = received_at(case_id)
        return at is None or self.covers(at)

    def covers(self, at: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.first <= at.astimezone(UTC).date() < self.end


def received_at(case_id: str) -> datetime | None:
    """Read off a case's id when it was received; None where it does not tell."""
    if len(case_id) != _LENGTH or any(one not in _DIGITS for one in case_id):
        return None
    millis = 0
    for one in case_id[:_TIME]:
        millis = millis * 32 + _DIGITS.index(one)
    try:
        return _EPOCH + timedelta(milliseconds=millis)
    except OverflowError:
        return None
