"""What one process counted and has not handed over yet. Knows no store; never raises.

Only traffic goes this way: requests, calls, times. What decides is counted by the
script that writes it.
"""

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from workers.offboarding.metrics import Metric, field_of, observed


class Tally:
    """Counts for one process; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: Counter[str] = Counter()

    def add(self, metric: Metric, *labels: str, by: int = 1) -> None:
        """Count *by* more of a counter with these labels."""
        self._add({field_of(metric, *labels): by})

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Put one observation into a histogram with these labels."""
        self._add(observed(metric, seconds, *labels))

    def _add(self, counts: Mapping[str, int]) -> None:
        with self._lock:
            self._counted.update(counts)

    def taken(self) -> dict[str, int]:
        """Take all that was counted since it was last taken."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        return dict(counted)
