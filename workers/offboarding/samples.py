"""Counted numbers put together to what a scrape shows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from workers.offboarding.metric import OVER, SUM, Kind, Metric, parts_of
from workers.offboarding.metrics import BY_NAME


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric; ``labels`` as the metric has them.

    Of a histogram ``buckets`` has how many fell under each bound and over all of them,
    each by itself, and ``value`` the sum of what was observed.
    """

    metric: Metric
    labels: tuple[str, ...]
    value: float
    buckets: tuple[int, ...] = ()


def samples_of(counted: Mapping[str, int]) -> list[Sample]:
    """Put counted fields together; what this version does not know is left out."""
    plain: list[Sample] = []
    parts: dict[tuple[str, tuple[str, ...]], dict[str, int]] = {}
    for field, value in sorted(counted.items()):
        name, *rest = parts_of(field)
        metric = BY_NAME.get(name)
        if metric is None:
            continue
        labels = tuple(rest[: len(metric.labels)])
        if metric.kind is Kind.HISTOGRAM and len(rest) == len(metric.labels) + 1:
            parts.setdefault((name, labels), {})[rest[-1]] = value
        elif metric.kind is Kind.COUNTER and len(rest) == len(metric.labels):
            plain.append(Sample(metric, labels, value))
    histograms = [
        _histogram(BY_NAME[name], labels, each)
        for (name, labels), each in parts.items()
    ]
    return [*plain, *histograms]


def _histogram(
    metric: Metric, labels: tuple[str, ...], parts: Mapping[str, int]
) -> Sample:
    # A bound that another version had: what fell under it is under the next of ours.
    found = dict.fromkeys(metric.bounds, 0)
    for part, value in parts.items():
        if part != SUM:
            found[_bound_for(metric, part)] += value
    return Sample(metric, labels, parts.get(SUM, 0) / 1000, tuple(found.values()))


def _bound_for(metric: Metric, part: str) -> str:
    try:
        bound = float(part)
    except ValueError:
        return OVER
    return metric.bucket_of(bound)
