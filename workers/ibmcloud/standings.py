"""How functional IDs stand, looked at once for all who ask within a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from workers.ibmcloud.looks import Look
from workers.offboarding.model import KeyOwner
from workers.offboarding.standing import Standing

# What could not be seen for a passing fault is looked at again after so long; at once,
# and every target of a case would wait for the same timeouts.
_FAULTY_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    look: Look | None = None
    looked_at: float = 0.0

    def is_good(self, since: float) -> bool:
        if self.look is None or self.look.began <= since:
            return False
        # Some of what it shows may have been asked for long before it.
        is_recent = self.looked_at > time.monotonic() - _FAULTY_SECONDS
        return is_recent or not self.look.may_recover


class Standings:
    """Keeps one look a functional ID; safe to share between threads.

    Of those who ask for one identity at a time, one looks and the others wait for it.
    """

    def __init__(self, look: Callable[[KeyOwner, float], Look]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def of(self, functional_id: KeyOwner, max_age_seconds: float) -> Standing:
        """Return how it stands, by a look younger than *max_age_seconds*.

        Who asks now, and has to wait, is content with a look that began meanwhile.
        """
        since = time.monotonic() - max_age_seconds
        with self._lock:
            kept = self._kept.setdefault(functional_id.id, _Kept())
        with kept.lock:
            if kept.look is None or not kept.is_good(since):
                kept.look = self._look(functional_id, since)
                kept.looked_at = time.monotonic()
            return kept.look.standing
