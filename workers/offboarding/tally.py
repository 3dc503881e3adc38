"""What one process counted and has not handed over yet. Knows no store; never raises.

Only traffic goes this way: requests, calls, times. What decides is counted by the
script that writes it.
"""

from threading import Lock

from workers.offboarding.metric import SUM, Metric, joined, millis_of


class Tally:
    """Counts for one process; safe to share between threads.

    Whoever counts is about to answer somebody, so names are put together only when all
    of it is taken.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: dict[tuple[str, tuple[str, ...]], int] = {}

    def add(self, metric: Metric, *labels: str, by: int = 1) -> None:
        """Count *by* more of a counter with these labels."""
        with self._lock:
            self._add((metric.name, labels), by)

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Put one observation into a histogram with these labels."""
        bucket, millis = metric.bucket_of(seconds), millis_of(seconds)
        with self._lock:
            self._add((metric.name, (*labels, bucket)), 1)
            self._add((metric.name, (*labels, SUM)), millis)

    def _add(self, key: tuple[str, tuple[str, ...]], by: int) -> None:
        self._counted[key] = self._counted.get(key, 0) + by

    def taken(self) -> dict[str, int]:
        """Take all that was counted since it was last taken, by field."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return {joined(name, labels): by for (name, labels), by in counted.items()}
