"""What a scrape is told: what is counted for good, and how store and accounts stand.

A bounded number of calls to the store, however many cases there are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from config.accounts import AccountSettings
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.failing import Failing
from workers.offboarding.gauges import index_samples
from workers.offboarding.key_uses import WorkerWord, each_key, live
from workers.offboarding.metric import Metric, field_of
from workers.offboarding.metrics import (
    ACCOUNT,
    ACCOUNT_UP,
    BRAKE_ON,
    BRAKE_WAITING,
    BUDGET_USED,
    CASES,
    CASES_OPEN,
    DAMAGED,
    HEARTBEAT,
    KEY_AGE,
    NOTICES,
    OLDEST,
    PAUSED,
    QUARANTINE,
    QUEUE,
    STORE_UP,
    STUCK,
    SURVEYED,
    SWEEP,
    TARGETS,
    WEBHOOKS,
)
from workers.offboarding.model import CaseResult, Outcome
from workers.offboarding.samples import Sample, samples_of
from workers.store.metrics import Counts, Standing
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes
from workers.store.switches import EVERYWHERE

TRIGGERS: Final = ("webhook", "api", "slack", "cli", "survey")
CANCELLED: Final = "cancelled"
# What became of a source's request; the front door says which.
WEBHOOK_OUTCOMES: Final = (
    "accepted",
    "duplicate",
    "ignored",
    "quarantined",
    "bad_signature",
    "stale",
    "invalid",
    "too_large",
    "unavailable",
)
_STATUSES: Final = ("scheduled", "open", "waiting")
# The scrape's own words for what is due, and those that people know it by.
_QUEUES: Final = {
    "due": "due",
    "ahead": "foresee",
    "shown": "show",
    "look_ups": "look_up",
    "answers": "slack_answer",
    "told": "notice",
    "unsealed": "seal",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the front door's settings say.

    Attributes:
        rules: The accounts that they name.
        armed: Whether the service is armed.
        sources: The names of the sources that are on.
        limit: Calls to IBM Cloud in ten seconds.
    """

    rules: tuple[AccountSettings, ...]
    armed: bool
    sources: tuple[str, ...]
    limit: int


class Scraping:
    """Everything a scrape shows but what the web process itself is."""

    def __init__(
        self,
        counts: Counts,
        owners: Owners,
        notes: SurveyNotes,
        known: Known,
        *,
        broker_depth: Callable[[], int | None],
        key_words: Callable[[datetime], list[WorkerWord]],
    ) -> None:
        self._counts = counts
        self._owners = owners
        self._notes = notes
        self._known = known
        self._broker_depth = broker_depth
        self._key_words = key_words

    def scrape(self) -> list[Sample]:
        """Read the store and sum it up; StoreAwayError."""
        standing = self._counts.standing()
        named = [one.id for one in self._known.rules]
        ids = list(dict.fromkeys((*named, *self._owners.accounts())))
        indexes, failing = self._owners.all(ids), self._notes.failing(ids)
        depth = self._broker_depth()
        queues = () if depth is None else (Sample(QUEUE, ("broker",), depth),)
        return [
            Sample(STORE_UP, (), 1),
            *samples_of({**self._zeros(ids), **standing.counted}),
            *_numbers(standing, self._known.limit),
            *queues,
            *index_samples(indexes),
            *self.accounts(),
            *_surveys(indexes, failing, standing.surveyed),
            *_paused(standing.paused, ids),
            *_key_ages(self._key_words(standing.now), standing.now),
        ]

    def accounts(self) -> list[Sample]:
        """Say which accounts there are, by the settings alone."""
        return [
            Sample(ACCOUNT, (one.id, one.name, self._may_write(one)), 1)
            for one in self._known.rules
        ]

    def _may_write(self, one: AccountSettings) -> str:
        is_armed = self._known.armed and one.armed and bool(one.rules)
        return "true" if is_armed else "false"

    def _zeros(self, account_ids: Iterable[str]) -> dict[str, int]:
        """Have the series there before their first count, so that it is an increase."""
        results = (*CaseResult, CANCELLED)
        outcomes = [(CASES, (one, each)) for one in TRIGGERS for each in results]
        targets = [
            (TARGETS, (one, str(each), "")) for one in account_ids for each in Outcome
        ]
        webhooks = [
            (WEBHOOKS, (one, each))
            for one in self._known.sources
            for each in WEBHOOK_OUTCOMES
        ]
        found: list[tuple[Metric, tuple[str, ...]]] = [*outcomes, *targets, *webhooks]
        return {field_of(metric, *labels): 0 for metric, labels in found}


def _numbers(standing: Standing, limit: int) -> Iterator[Sample]:
    numbers, now = standing.numbers, standing.now
    for status in _STATUSES:
        yield Sample(CASES_OPEN, (status,), numbers[status])
    for name, queue in _QUEUES.items():
        yield Sample(QUEUE, (queue,), numbers[name])
    yield Sample(OLDEST, (), _age(now, standing.began) if standing.began else 0)
    yield Sample(STUCK, (), numbers["stuck"])
    yield Sample(DAMAGED, (), numbers["damaged"])
    yield Sample(BRAKE_ON, (), bool(numbers["braked"]))
    yield Sample(BRAKE_WAITING, (), numbers["braked"])
    yield Sample(QUARANTINE, (), numbers["quarantine"])
    yield Sample(NOTICES, (), numbers["notices"])
    yield Sample(BUDGET_USED, (), numbers["granted"] / limit)
    for worker, at in standing.heartbeats.items():
        yield Sample(HEARTBEAT, (worker,), _age(now, at))
    if standing.swept_at is not None:
        yield Sample(SWEEP, (), _age(now, standing.swept_at))


def _surveys(
    indexes: Iterable[AccountIndex],
    failing: Iterable[Failing],
    surveyed: Mapping[str, datetime],
) -> Iterator[Sample]:
    # One that is just being made says nothing of the last.
    failed = {one.account_id for one in failing if one.why}
    for one in indexes:
        is_up = one.surveyed_at is not None and one.account_id not in failed
        # A store from before that was written down has when the last one began.
        before = one.surveyed_at if is_up else None
        at = surveyed.get(one.account_id, before)
        yield Sample(ACCOUNT_UP, (one.account_id,), is_up)
        yield Sample(SURVEYED, (one.account_id,), at.timestamp() if at else 0)


def _paused(paused: frozenset[str], account_ids: Iterable[str]) -> Iterator[Sample]:
    yield Sample(PAUSED, ("",), EVERYWHERE in paused)
    for one in account_ids:
        yield Sample(PAUSED, (one,), one in paused)


def _key_ages(words: Iterable[WorkerWord], now: datetime) -> Iterator[Sample]:
    ages: dict[tuple[str, str], float] = {}
    for use in each_key(live(words, now)):
        if use.made_at is not None:
            age = _age(now, use.made_at)
            ages[use.place] = max(age, ages.get(use.place, 0.0))
    for place, age in ages.items():
        yield Sample(KEY_AGE, place, age)


def _age(now: datetime, at: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
