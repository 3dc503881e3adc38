"""What a metric is, and how its numbers are named in the store. Knows no metric."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Between the parts of a field in the store, and what stands for it within one.
_BETWEEN: Final = "|"
_ESCAPES: Final = (("%", "%25"), (_BETWEEN, "%7C"))
# The field of a histogram that has the sum of what was observed, in milliseconds.
SUM: Final = "sum_ms"
OVER: Final = "+Inf"


class Kind(StrEnum):
    """How a number goes: only up, up and down, or into buckets."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As it is scraped.
        help: What it says, in one sentence.
        labels: Their names, in the order in which values are given.
        kind: How it goes.
        buckets: Upper bounds of a histogram, in seconds; the last, without a bound,
            goes without saying.
        normal: What is normal, for people.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE
    buckets: tuple[float, ...] = ()
    normal: str = ""

    @property
    def bounds(self) -> tuple[str, ...]:
        """Return the bounds of a histogram as they are written, the last one too."""
        return (*(f"{one:g}" for one in self.buckets), OVER)

    def bucket_of(self, seconds: float) -> str:
        """Return the bound of the bucket that an observation falls into."""
        at = bisect_left(self.buckets, seconds)
        return f"{self.buckets[at]:g}" if at < len(self.buckets) else OVER


def joined(name: str, parts: Iterable[str]) -> str:
    """Name the place of one counted number by its metric and its labels."""
    return _BETWEEN.join(_escaped(one) for one in (name, *parts))


def field_of(metric: Metric, *labels: str) -> str:
    """Name the place of a counter's number with these labels."""
    return joined(metric.name, labels)


def parts_of(field: str) -> tuple[str, ...]:
    """Read back what ``joined`` wrote: the name, the labels, a bucket if any."""
    return tuple(_plain(one) for one in field.split(_BETWEEN))


def observed(metric: Metric, seconds: float, *labels: str) -> dict[str, int]:
    """Say which fields of a histogram one observation adds to, and how much."""
    return {
        field_of(metric, *labels, metric.bucket_of(seconds)): 1,
        field_of(metric, *labels, SUM): millis_of(seconds),
    }


def millis_of(seconds: float) -> int:
    """Return an observation as its sum takes it."""
    return max(0, round(seconds * 1000))


def _escaped(text: str) -> str:
    for plain, escape in _ESCAPES:
        text = text.replace(plain, escape)
    return text


def _plain(text: str) -> str:
    for plain, escape in reversed(_ESCAPES):
        text = text.replace(escape, plain)
    return text
