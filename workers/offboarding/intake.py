"""What waits because it could not be acted on at once, and how each source fares. Pure.

Nothing here holds a word of the sender's: what a delivery said stays sealed in the
store, and is opened only to be read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from workers.offboarding.heard import Unreadable

# An event whose look-up did not work for so long is given to people.
LOOK_UP_LIFE: Final = timedelta(hours=24)
# So long before a kept body is removed the channel is told.
WARNED_AHEAD: Final = timedelta(days=3)


class KeptState(StrEnum):
    """Where a delivery that waits stands."""

    LOOK_UP = "look_up"
    QUARANTINE = "quarantine"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Kept:
    """One delivery in quarantine, by what may be shown of it.

    Attributes:
        text: The reason in a sentence, without a word of the sender's.
        expires_at: When its body is removed; of one that is ``expired``, was.
        size: Of the body, in bytes.
        digest: SHA-256 of the body, in hex.
    """

    id: str
    source: str
    state: KeptState
    reason: Unreadable
    text: str
    received_at: datetime
    expires_at: datetime
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class KeptBody:
    """What a kept delivery said, opened: enough for its source to read it again."""

    source: str
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Deliveries that are in quarantine for one reason, of one source.

    Attributes:
        count: How many there are.
        since: Names this filling: a kind that was emptied and fills again has another.
        only_id: The id of the delivery, where there is one alone.
    """

    source: str
    reason: Unreadable
    count: int
    since: str
    only_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunningOut:
    """Deliveries of one kind whose bodies are soon removed; ``first_id`` names them."""

    source: str
    reason: Unreadable
    count: int
    first_at: datetime
    first_id: str


@dataclass(frozen=True, slots=True)
class SourceNote:
    """What was written down of one source.

    Attributes:
        on_since: When a worker first saw it on, and it was on ever since.
        silence_told: Of which silence the channel was told, by its beginning.
    """

    delivered: int = 0
    last_delivered_at: datetime | None = None
    refused: int = 0
    last_refused_at: datetime | None = None
    last_refused_why: str | None = None
    on_since: datetime | None = None
    silence_told: datetime | None = None

    @property
    def quiet_since(self) -> datetime | None:
        """Return since when it says nothing; None where nobody can tell yet."""
        known = [one for one in (self.last_delivered_at, self.on_since) if one]
        return max(known, default=None)

    def is_silent(self, expected_hours: float | None, now: datetime) -> bool:
        """Tell whether it should have spoken by now."""
        if expected_hours is None or self.quiet_since is None:
            return False
        return now - self.quiet_since > timedelta(hours=expected_hours)


@dataclass(frozen=True, slots=True)
class SourceStats:
    """One source, for people: whether it is on, and how it fares."""

    name: str
    is_on: bool
    note: SourceNote
    expected_hours: float | None
    is_silent: bool
    look_ups: int
    quarantined: int
