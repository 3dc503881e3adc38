"""Samples as text that Prometheus reads; the library knows both forms of it.

Loaded at the first scrape: nothing else needs the library.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from workers.offboarding.metrics import METRICS, OVER, Kind, Metric, Sample

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


class _Samples(Collector):
    """Gives the library what was read for one scrape."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._by_name: dict[str, list[Sample]] = {}
        for one in samples:
            self._by_name.setdefault(one.metric.name, []).append(one)

    def collect(self) -> Iterator[Family]:
        """Give every metric there is, those without any sample too."""
        for metric in METRICS:
            yield _family(metric, self._by_name.get(metric.name, ()))


def _family(metric: Metric, samples: Sequence[Sample]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        return _histogram(metric, samples)
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for one in samples:
        family.add_metric(one.labels, float(one.value))
    return family


def _histogram(metric: Metric, samples: Sequence[Sample]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [*(str(one) for one in metric.buckets), OVER]
    for one in samples:
        under = accumulate(one.buckets)
        buckets = [
            (bound, float(many)) for bound, many in zip(bounds, under, strict=True)
        ]
        family.add_metric(one.labels, buckets, one.value)
    return family


def exposed(samples: Iterable[Sample], accept: str) -> tuple[bytes, str]:
    """Write *samples* in the form that *accept* asks for; the text and its type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Samples(samples))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
