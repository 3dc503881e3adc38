"""The times that senders write, each read one way. Pure; aware UTC comes out.

A fault is an ``UnreadableError``: the event is authentic, and somebody has to look.
"""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo

from workers.offboarding.heard import Unreadable, UnreadableError

HORIZON_DAYS: Final = 400
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def moment_of(value: object) -> datetime:
    """Read RFC 3339, with ``Z``, ``+02:00`` or ``+0000``; UnreadableError."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _bad("A time is not of the form 2026-03-31T17:00:00Z.")
    day, clock, fraction, offset = found.groups()
    text = f"{day}T{clock}{(fraction or '')[:7]}{offset.upper()}"
    try:
        return _sane(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError):
        raise _bad("A time does not exist.") from None


def of_seconds(value: object) -> datetime:
    """Read seconds since 1970; UnreadableError where the unit must be another."""
    return _of_epoch(value, 1)


def of_millis(value: object) -> datetime:
    """Read milliseconds since 1970; UnreadableError where the unit must be another."""
    return _of_epoch(value, 1000)


def end_of_day(value: object, zone: str) -> datetime:
    """Read a bare date: the midnight that ends that day in *zone*; UnreadableError."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _bad("A date is not of the form 2026-03-31.")
    try:
        after = date.fromisoformat(value) + timedelta(days=1)
        midnight = datetime.combine(after, time(), tzinfo=ZoneInfo(zone))
        return _sane(midnight.astimezone(UTC))
    except (ValueError, OverflowError):
        raise _bad("A date does not exist.") from None


def to_come(moment: datetime | None, now: datetime) -> datetime | None:
    """Return *moment* if it is still to come; None for now.

    Raises:
        UnreadableError: ``too_far_ahead``, past 400 days.
    """
    if moment is None or moment <= now:
        return None
    if moment > now + timedelta(days=HORIZON_DAYS):
        text = f"The departure lies more than {HORIZON_DAYS} days ahead."
        raise UnreadableError(Unreadable.TOO_FAR_AHEAD, text)
    return moment


def asked_seconds(text: str) -> float | None:
    """Read ``Retry-After``: seconds, or a date; None where it says nothing plain."""
    try:
        seconds = float(text)
    except ValueError:
        return _seconds_until(text)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    # OverflowError: digits without end.
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _of_epoch(value: object, unit: int) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _bad("A time is no number.")
    try:
        return _sane(datetime.fromtimestamp(value / unit, UTC))
    except (ValueError, OverflowError, OSError):
        raise _bad("A time shows a wrong unit.") from None


def _sane(moment: datetime) -> datetime:
    # Seconds taken for milliseconds give 1970, the other way round the year 58000.
    if moment.year < 2000:
        raise _bad("A time lies before the year 2000: it shows a wrong unit.")
    return moment


def _bad(text: str) -> UnreadableError:
    return UnreadableError(Unreadable.BAD_TIME, text)
