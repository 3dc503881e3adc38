"""When a reset is read back: when it usually shows, and not long after.

How long a new owner takes to show is not documented; IBM's own Terraform module waits
ten seconds. While nobody knows it for an account, the first few of its resets are read
back early and often, and the others when those have shown, or after ten seconds. From
then on it is known, and a few look earlier still, so that it can be found to be less.
"""

from itertools import count
from typing import Final

# A little more: what shows after ten seconds is not there yet at the tenth.
_DOCUMENTED_SECONDS: Final = 10.01
_EARLY: Final = (0.0, 1.0, 2.5, 5.0, 8.0)
# When who waits for those looks whether one has shown; that asks nobody else.
_WAKES: Final = (1.5, 3.0, 5.5, 8.5)
# So many of the resets that are sent at one time look early.
SCOUTS: Final = 2
# After the usual time, in growing steps, and then one every so often.
_AFTER: Final = (0.0, 0.5, 1.5, 3.5, 7.5, 15.0)
_EVERY_SECONDS: Final = 20.0
# What was learned is no less and no more than this, whatever a clock says.
_LEAST_SECONDS: Final = 0.1
_MOST_SECONDS: Final = 120.0


def first_poll(usual_seconds: float | None, *, is_scout: bool) -> float:
    """Return how many seconds after a reset its read-back begins.

    Args:
        usual_seconds: How long the account's resets take to show; None: not known.
        is_scout: Whether it is one of the few that look earlier.
    """
    if usual_seconds is None:
        return _EARLY[0] if is_scout else _WAKES[0]
    return usual_seconds / 2 if is_scout else usual_seconds


def wait_for_others(
    usual_seconds: float | None, elapsed_seconds: float, *, polls: int
) -> float | None:
    """Return until when, in seconds after a reset, others are waited for; None: read.

    Args:
        usual_seconds: How long the account's resets take to show; None: not known.
        elapsed_seconds: How long ago the reset was.
        polls: How often its owner was read since.
    """
    if polls or elapsed_seconds < _EARLY[1]:
        return None
    if usual_seconds is not None:
        # Who began before it was known would look too early; half of it is a scout's.
        return usual_seconds if elapsed_seconds < usual_seconds / 2 else None
    later = (one for one in (*_WAKES, _DOCUMENTED_SECONDS) if one > elapsed_seconds)
    return next(later, None)


def next_poll(usual_seconds: float | None, elapsed_seconds: float) -> float:
    """Return when, in seconds after a reset, an owner that did not show is read again.

    Args:
        usual_seconds: How long the account's resets take to show; None: not known.
        elapsed_seconds: How long ago the reset was when its owner was read last.
    """
    about = _DOCUMENTED_SECONDS if usual_seconds is None else usual_seconds
    times = [about + each for each in _AFTER]
    if usual_seconds is None:
        times = [*_EARLY, *times]
    for each in times:
        if each > elapsed_seconds:
            return each
    return next(
        at
        for at in (times[-1] + n * _EVERY_SECONDS for n in count(1))
        if at > elapsed_seconds
    )


def learned(
    usual_seconds: float | None,
    elapsed_seconds: float,
    *,
    in_vain_seconds: float | None,
) -> float | None:
    """Return how long a reset took to show, if its read-back teaches that; else None.

    It teaches where it shows earlier than was expected, or did not when it was. One
    that is read late teaches nothing: what is known would grow by what a read-back
    takes, again and again.

    Args:
        usual_seconds: What was known until now.
        elapsed_seconds: How long ago the reset was when its owner was read.
        in_vain_seconds: How long ago it was when that was last read in vain; None
            where it never was.
    """
    if usual_seconds is not None:
        was_late = in_vain_seconds is not None and in_vain_seconds >= usual_seconds
        if elapsed_seconds >= usual_seconds and not was_late:
            return None
    elif in_vain_seconds is None:
        # Nobody looked before: a worker may have been away for that long.
        elapsed_seconds = min(elapsed_seconds, _DOCUMENTED_SECONDS)
    return min(max(elapsed_seconds, _LEAST_SECONDS), _MOST_SECONDS)


class OwnLags:
    """What one process knows by itself; implements the port ``Lags``."""

    def __init__(self, *, scouts: int = SCOUTS) -> None:
        self._known: dict[str, float] = {}
        self._left = scouts

    def usual(self, account_id: str) -> float | None:
        """Tell what is known."""
        return self._known.get(account_id)

    def enlist(self, account_id: str) -> tuple[float | None, bool]:
        """Tell what is known, and whether to look early."""
        self._left -= 1
        return self.usual(account_id), self._left >= 0

    def note(self, account_id: str, seconds: float) -> None:
        """Remember how long one took to show."""
        self._known[account_id] = seconds
