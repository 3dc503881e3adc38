"""What a day's digest tells: what waits, what grows weak, exposure, what was done.

Values alone; how they are said is in ``digest_notice.py``. Nothing here is of a
departure that has not begun: those are confidential.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from workers.offboarding.exposure import Dependence
from workers.offboarding.failing import Failing
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.key_uses import KeyUse
from workers.offboarding.model import Case
from workers.offboarding.stuck import Still


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for a person.

    Attributes:
        cases: The first of those that are held, oldest first.
        many: How many are held, without those behind the brake.
        braked: How many departures the brake holds; since when the first of them.
        paused: ``everything``, or the accounts that are paused by themselves, by name.
        quarantined: Deliveries that could not be read, by source.
        running_out: How many of them are removed soon; when the first of them.
        untold: Ids of the first cases with a report that no channel took, lately.
        untold_many: How many such reports there are; and such notices.
        stills: The first of the cases that stand still, and how many there are.
        damaged: Ids of cases that cannot be read.
    """

    cases: tuple[Case, ...] = ()
    many: int = 0
    braked: int = 0
    braked_since: datetime | None = None
    paused: tuple[str, ...] = ()
    quarantined: Mapping[str, int] = field(default_factory=dict)
    running_out: int = 0
    running_out_at: datetime | None = None
    untold: tuple[str, ...] = ()
    untold_many: int = 0
    untold_notices: int = 0
    stills: tuple[Still, ...] = ()
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weak:
    """What grows weak before anybody needs it.

    Attributes:
        functional_ids: Those that could not be relied on now, as last surveyed.
        refused: The accounts, by name, of which IAM refuses a key.
        silent: Sources that did not speak as they should have, and since when.
        failing: The accounts whose surveys fail.
        old_keys: API keys in use that are too old, the oldest first.
    """

    functional_ids: tuple[FunctionalIdState, ...] = ()
    refused: tuple[str, ...] = ()
    silent: tuple[tuple[str, datetime], ...] = ()
    failing: tuple[Failing, ...] = ()
    old_keys: tuple[KeyUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Exposure as numbers: what would break, whose keys are dead, what is unread."""

    departures: int
    left: int
    unread: int


@dataclass(frozen=True, slots=True)
class Record:
    """What the next digest compares with: the figures, and how many cases had ended."""

    at: datetime
    figures: Figures | None = None
    ended: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Digest:
    """One day's digest.

    Attributes:
        day: The day it is of; it names the digest.
        before: The last digest; None if there was none.
        ended: How many cases ended in all, by result.
        left: Who left and still owns keys, most depended-on first.
        surveyed_at: The oldest of the last surveys; None while one was never made.
        clean: The first of the cases that found nothing and were not told yet.
        clean_many: How many of those there are.
        names: What people call the accounts, by their ids.
        public_url: The base of links; None where there are no pages.
    """

    day: date
    at: datetime
    before: Record | None
    is_armed: bool
    waits: Waits = Waits()
    weak: Weak = Weak()
    figures: Figures | None = None
    left: tuple[Dependence, ...] = ()
    surveyed_at: datetime | None = None
    ended: Mapping[str, int] = field(default_factory=dict)
    clean: tuple[Case, ...] = ()
    clean_many: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    public_url: str | None = None

    @property
    def record(self) -> Record:
        """Return what the next one compares with."""
        figures = self.figures or (self.before.figures if self.before else None)
        return Record(self.at, figures, dict(self.ended))

    def ended_since(self, result: str) -> int:
        """Count the cases that ended so since the last digest."""
        before = self.before.ended.get(result, 0) if self.before else 0
        return max(0, self.ended.get(result, 0) - before)


def day_of(now: datetime, at: time) -> date:
    """Return the day whose digest was the last to be due."""
    now = now.astimezone(UTC)
    is_due = now.time() >= at
    return now.date() if is_due else now.date() - timedelta(days=1)
