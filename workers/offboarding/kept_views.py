"""What a planning that looks again has seen already, so that it is not read anew.

One account that cannot be seen would otherwise have all others read at each look, and
use up what IBM Cloud grants to every departure. In one process and for a few minutes:
whoever does not find it looks at everything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from workers.offboarding.view import View

_LIFE: Final = timedelta(minutes=5)
# Views are large where accounts are; whoever is dropped looks at everything.
_CASES: Final = 32


class KeptViews:
    """Views by case; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[datetime, dict[str, View]]] = {}

    def of(self, case_id: str, at: datetime) -> dict[str, View] | None:
        """Return what a case has seen whole, by account; None if it did not look."""
        with self._lock:
            began, views = self._kept.get(case_id, (at, None))
        return None if views is None or at - began > _LIFE else dict(views)

    def keep(self, case_id: str, at: datetime, views: Sequence[View]) -> None:
        """Keep views of a look that began at *at*, until the case has planned."""
        with self._lock:
            # The life counts from the first look.
            began, _ = self._kept.pop(case_id, (at, None))
            self._kept[case_id] = began, {one.account_id: one for one in views}
            while len(self._kept) > _CASES:
                del self._kept[next(iter(self._kept))]

    def drop(self, case_id: str) -> None:
        """Forget what a case has seen: it looks no more, or for something else."""
        with self._lock:
            self._kept.pop(case_id, None)
