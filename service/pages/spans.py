"""Spans of time in words, to one unit: how long something took, how long ago it was."""

from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.words import counted

_UNITS: Final = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago *at* was, or how long it still is until then."""
    passed = now - at
    if abs(passed) < timedelta(minutes=1):
        return "just now"
    said = _in_one_unit(abs(passed))
    return f"{said} ago" if passed > timedelta() else f"in {said}"


def _in_one_unit(span: timedelta) -> str:
    unit, name = next((one for one in _UNITS if span >= one[0]), _UNITS[-1])
    return counted(span // unit, name)
