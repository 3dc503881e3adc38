"""Whether somebody asked the demo to end. Knows nothing of what is to be ended.

A signal only leaves a note, read at the next pause: so it cannot come between starting
something and remembering that it was started.
"""

import signal
import time
from types import FrameType
from typing import Final

_GLANCE_SECONDS: Final = 0.05
# A terminal that is closed says SIGHUP.
_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndingAskedError(Exception):
    """Somebody asked for the end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ending:
    """The note that a signal leaves."""

    def __init__(self) -> None:
        self._number: int | None = None

    def listen(self) -> None:
        """Take the signals that ask for the end, from now on."""
        for number in _NUMBERS:
            # Who started us with nohup wants us to outlive the terminal.
            is_nohup = number == signal.SIGHUP and (
                signal.getsignal(number) is signal.SIG_IGN
            )
            if not is_nohup:
                signal.signal(number, self._ask)

    def pause(self, seconds: float) -> None:
        """Wait that long; EndingAskedError as soon as somebody asked for the end."""
        over_at = time.monotonic() + seconds
        while self._number is None and time.monotonic() < over_at:
            time.sleep(_GLANCE_SECONDS)
        if self._number is not None:
            raise EndingAskedError(self._number)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._number = number
