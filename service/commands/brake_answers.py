"""The brake as the service shows it, read back into values."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.commands.answers import Leaver, read_as


@dataclass(frozen=True, slots=True)
class ShownWaiting:
    """A case that the brake holds; numbers are None where nobody knows them."""

    case_id: str
    leaver: Leaver
    source: str
    received_at: str
    effective_at: str
    targets: int | None = None
    clusters: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ShownBrake:
    """How the brake stands; ``more`` counts those that are not listed."""

    on: bool
    limit: int
    opened_last_hour: int
    waiting: tuple[ShownWaiting, ...]
    since: str | None = None
    more: int = 0
    checked_at: str | None = None

    @property
    def many(self) -> int:
        """Count all that wait."""
        return len(self.waiting) + self.more


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """The answer to a decision: how many it was carried out on."""

    released: int | None = None
    refused: int | None = None


def brake_of(body: Mapping[str, object]) -> ShownBrake:
    """Read how the brake stands; CallError if it does not say."""
    return read_as(body, ShownBrake)


def decided_of(body: Mapping[str, object]) -> int:
    """Read on how many a decision was carried out; CallError if it does not say."""
    found = read_as(body, ShownDecision)
    return (found.released or 0) + (found.refused or 0)
