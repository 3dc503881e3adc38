"""What is counted: each name once, its labels, what it says. It counts nothing.

``docs/metrics.md`` and what a scrape answers are both made of this table, which is why
the file is long. No label names a user, a target, a case or a cluster.
"""

from typing import Final

from workers.offboarding.metric import Kind, Metric

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
KEY_AGE: Final = Metric(
    "offboard_api_key_age_seconds",
    "Age of an API key in use, by its name in the settings; of two the older one.",
    ("account_id", "key"),
    normal="below OFFBOARD_KEY_MAX_AGE_DAYS; missing where IAM does not show it",
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
    KEY_AGE,
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
