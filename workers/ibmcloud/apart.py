"""Whether an account that is told to slow down is told so alone.

IBM Cloud documents its limit by source address, so a first 429 counts for everybody.
Calls of another account that went out after it and were answered prove that it was not
everybody's: then it is a limit of that account or of its key, and no other has to wait.
"""

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

# The documented window: a limit by address is over when nobody called for so long.
WINDOW_SECONDS: Final = 10.0
# An account that was not refused for this long begins anew.
_FORGOTTEN_SECONDS: Final = 600.0


class Whose(Enum):
    """Who has to wait after a 429."""

    EVERYBODY = "everybody"
    EVERYBODY_SHORTLY = "everybody_shortly"
    THIS_ACCOUNT = "this_account"


class Apart:
    """What one process saw of refusals and answers; safe to share between threads."""

    def __init__(
        self, accounts: int = 1, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.know(accounts)
        self._clock = clock
        self._lock = threading.Lock()
        # When the last call that was answered went out, and since when and when last
        # an account was refused.
        self._answered: dict[str, float] = {}
        self._refused: dict[str, tuple[float, float]] = {}

    def know(self, accounts: int) -> None:
        """Take in how many accounts there are now."""
        self._is_one = accounts < 2

    def answered(self, account_id: str, sent_at: float) -> None:
        """Note that a call of an account, sent at *sent_at*, was let through."""
        with self._lock:
            before = self._answered.get(account_id, 0.0)
            self._answered[account_id] = max(before, sent_at)

    def refused(self, account_id: str) -> Whose:
        """Note a 429 of an account, and tell who has to wait for it."""
        if self._is_one:
            return Whose.EVERYBODY
        with self._lock:
            now = self._clock()
            began, last = self._refused.get(account_id, (now, now))
            began = now if now - last > _FORGOTTEN_SECONDS else began
            self._refused[account_id] = began, now
            others = (at for one, at in self._answered.items() if one != account_id)
            if now - began < WINDOW_SECONDS:
                # Calls that were under way together say no more than the first of them.
                return Whose.EVERYBODY_SHORTLY
            is_alone = max(others, default=0.0) > began
            return Whose.THIS_ACCOUNT if is_alone else Whose.EVERYBODY
