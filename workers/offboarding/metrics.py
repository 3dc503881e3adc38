"""What is counted: each name once, its labels, what it says. It counts nothing.

``docs/metrics.md`` and what a scrape answers are both made of it. No label names a
user, a target, a case or a cluster.
"""

from collections.abc import Mapping
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


def field_of(metric: Metric, *labels: str, part: str = "") -> str:
    """Name the place of one counted number, in the store and in a process's tally."""
    parts = (metric.name, *labels, *((part,) if part else ()))
    return _BETWEEN.join(_escaped(one) for one in parts)


def parts_of(field: str) -> tuple[str, ...]:
    """Read back what ``field_of`` wrote: the name, the labels, the part if any."""
    return tuple(_plain(one) for one in field.split(_BETWEEN))


def observed(metric: Metric, seconds: float, *labels: str) -> dict[str, int]:
    """Say which fields of a histogram one observation adds to, and how much."""
    bound = next((one for one in metric.buckets if seconds <= one), None)
    part = OVER if bound is None else f"{bound:g}"
    millis = max(0, round(seconds * 1000))
    return {
        field_of(metric, *labels, part=part): 1,
        field_of(metric, *labels, part=SUM): millis,
    }


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
    bounds = (*(f"{one:g}" for one in metric.buckets), OVER)
    # A bound that another version had: what fell under it is under the next of ours.
    found = dict.fromkeys(bounds, 0)
    for part, value in parts.items():
        if part != SUM:
            found[_bound_for(metric, part)] += value
    return Sample(
        metric, labels, parts.get(SUM, 0) / 1000, tuple(found[one] for one in bounds)
    )


def _bound_for(metric: Metric, part: str) -> str:
    try:
        bound = float(part)
    except ValueError:
        return OVER
    return next((f"{one:g}" for one in metric.buckets if bound <= one), OVER)


def _escaped(text: str) -> str:
    for plain, escape in _ESCAPES:
        text = text.replace(plain, escape)
    return text


def _plain(text: str) -> str:
    for plain, escape in reversed(_ESCAPES):
        text = text.replace(escape, plain)
    return text


_CALLS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_ANSWERS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# From a departure of one target to one that waited for people over a weekend.
_CASES: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

STORE_UP: Final = Metric(
    "offboard_store_up",
    "Whether the store answered this scrape; without it only what needs none is told.",
    normal="1",
)
BUILD: Final = Metric(
    "offboard_build_info", "The version that answers; always 1.", ("version",)
)
CASES: Final = Metric(
    "offboard_cases_total",
    "Cases that ended, by how they were opened and how they ended.",
    ("trigger", "outcome"),
    Kind.COUNTER,
    normal="`attention` stands still",
)
CASES_OPEN: Final = Metric(
    "offboard_cases_open", "Cases that are not over, by status.", ("status",)
)
OLDEST: Final = Metric(
    "offboard_oldest_open_case_seconds",
    "Since when the oldest case that is open or waiting is worked on; 0 without one.",
    normal="minutes; hours where a person is waited for",
)
STUCK: Final = Metric(
    "offboard_stuck_cases",
    "Cases of which nothing was written for long, though they wait for nobody.",
    normal="0",
)
DAMAGED: Final = Metric(
    "offboard_damaged_cases", "Cases of which something cannot be read.", normal="0"
)
TARGETS: Final = Metric(
    "offboard_targets_total",
    "Outcomes that targets got, each once a case and try.",
    ("account_id", "outcome", "reason"),
    Kind.COUNTER,
    normal="`failed` stands still",
)
CASE_DURATION: Final = Metric(
    "offboard_case_duration_seconds",
    "From when a case was received, or begun on its day, until it settled.",
    kind=Kind.HISTOGRAM,
    buckets=_CASES,
)
OWNER_SAFE: Final = Metric(
    "offboard_owner_safe_seconds",
    "Until every target of a departure was read back under a functional ID.",
    kind=Kind.HISTOGRAM,
    buckets=_CASES,
)
WEBHOOKS: Final = Metric(
    "offboard_webhook_requests_total",
    "Requests of the sources that are on, by what became of them.",
    ("source", "outcome"),
    Kind.COUNTER,
    normal="`bad_signature` stands still",
)
IBM_REQUESTS: Final = Metric(
    "offboard_ibmcloud_requests_total",
    "Calls to IBM Cloud, by status, or `timeout` and `unreachable` without one.",
    ("api", "method", "code"),
    Kind.COUNTER,
    normal="nearly all 2xx",
)
IBM_SECONDS: Final = Metric(
    "offboard_ibmcloud_request_seconds",
    "How long IBM Cloud took to answer; waiting for the budget is not in it.",
    ("api", "method"),
    Kind.HISTOGRAM,
    _CALLS,
)
NOTIFICATIONS: Final = Metric(
    "offboard_notifications_total",
    "Messages by how they ended; `unknown` had no answer and is tried again.",
    ("channel", "kind", "outcome"),
    Kind.COUNTER,
    normal="`failed` stands still",
)
QUEUE: Final = Metric(
    "offboard_queue_depth",
    "What is due now and not done, in the store; `broker`: messages to be taken.",
    ("queue",),
    normal="near 0, save for minutes after many departures",
)
HEARTBEAT: Final = Metric(
    "offboard_worker_heartbeat_age_seconds",
    "Since when each worker that is known has said nothing.",
    ("worker",),
    normal="below 10",
)
SWEEP: Final = Metric(
    "offboard_sweep_age_seconds",
    "Since when no worker looked for what is due; missing until the first did.",
    normal="below 5",
)
EXPOSED: Final = Metric(
    "offboard_exposed_targets",
    "Targets by whose their key is, as the owner index has it.",
    ("account_id", "owner_kind"),
    normal="`person` goes down",
)
FROM_OUTAGE: Final = Metric(
    "offboard_departures_from_outage",
    "People of whom each owns the key of at least one target with clusters.",
    normal="goes down to 0",
)
LEAVERS: Final = Metric(
    "offboard_leaver_targets",
    "Targets whose owner has left, as the owner index has it.",
    ("account_id",),
    normal="0",
)
ACCOUNT: Final = Metric(
    "offboard_account_info",
    "The accounts of this service, and whether they may be written to; always 1.",
    ("account_id", "name", "armed"),
)
ACCOUNT_UP: Final = Metric(
    "offboard_account_up",
    "Whether the last survey of an account read everything.",
    ("account_id",),
    normal="1",
)
SURVEYED: Final = Metric(
    "offboard_account_last_complete_survey_timestamp_seconds",
    "When a survey of the account last saw what it is made for; 0: never.",
    ("account_id",),
    normal="younger than two intervals",
)
WEAK: Final = Metric(
    "offboard_functional_ids_weak",
    "Functional IDs of an account that could not be relied on.",
    ("account_id",),
    normal="0",
)
FREE_SLOTS: Final = Metric(
    "offboard_functional_id_free_key_slots",
    "API keys that a functional ID may still get; missing where nobody can tell.",
    ("account_id", "functional_id"),
    normal="3 or more",
)
BUDGET_USED: Final = Metric(
    "offboard_budget_used_ratio",
    "Calls to IBM Cloud granted in the last ten seconds, of those that may be.",
    normal="below 1; at 1 for minutes in a survey or a large case",
)
BUDGET_GRANTED: Final = Metric(
    "offboard_budget_granted_total",
    "Calls to IBM Cloud that were granted, by account.",
    ("account_id",),
    Kind.COUNTER,
)
PAUSED: Final = Metric(
    "offboard_paused",
    "Whether resets are paused in an account; with an empty label: everywhere.",
    ("account_id",),
    normal="0",
)
BRAKE_ON: Final = Metric(
    "offboard_brake_on", "Whether the brake holds anything.", normal="0"
)
BRAKE_WAITING: Final = Metric(
    "offboard_brake_waiting", "Cases that wait for a decision on the brake.", normal="0"
)
QUARANTINE: Final = Metric(
    "offboard_quarantine_waiting",
    "Deliveries that were authentic and could not be read.",
    normal="0",
)
NOTICES: Final = Metric(
    "offboard_notices_pending",
    "Notices that are still to be told, each channel by itself.",
    normal="0, save for moments",
)
HTTP_REQUESTS: Final = Metric(
    "offboard_http_requests_total",
    "Requests by the route's template; `unmatched` where no route fits.",
    ("route", "method", "code"),
    Kind.COUNTER,
)
HTTP_SECONDS: Final = Metric(
    "offboard_http_request_seconds",
    "How long the web took to answer.",
    ("route",),
    Kind.HISTOGRAM,
    _ANSWERS,
)

METRICS: Final = (
    STORE_UP,
    BUILD,
    CASES,
    CASES_OPEN,
    OLDEST,
    STUCK,
    DAMAGED,
    TARGETS,
    CASE_DURATION,
    OWNER_SAFE,
    WEBHOOKS,
    IBM_REQUESTS,
    IBM_SECONDS,
    NOTIFICATIONS,
    QUEUE,
    HEARTBEAT,
    SWEEP,
    EXPOSED,
    FROM_OUTAGE,
    LEAVERS,
    ACCOUNT,
    ACCOUNT_UP,
    SURVEYED,
    WEAK,
    FREE_SLOTS,
    BUDGET_USED,
    BUDGET_GRANTED,
    PAUSED,
    BRAKE_ON,
    BRAKE_WAITING,
    QUARANTINE,
    NOTICES,
    HTTP_REQUESTS,
    HTTP_SECONDS,
)
BY_NAME: Final = {one.name: one for one in METRICS}
