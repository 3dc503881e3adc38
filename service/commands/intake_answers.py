"""Quarantine and the sources as the service shows them, read back into values.

As with cases, words stay plain text and unknown fields are passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.commands.answers import read_as


@dataclass(frozen=True, slots=True)
class ShownKept:
    """One delivery in quarantine."""

    id: str
    source: str
    state: str
    reason: str
    text: str
    received_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class ShownQuarantine:
    """One page of quarantine, oldest first, and where the next begins."""

    quarantine: tuple[ShownKept, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class ShownReplay:
    """What came of reading a delivery again."""

    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownDrop:
    """Which delivery is gone."""

    dropped: str


@dataclass(frozen=True, slots=True)
class ShownSource:
    """One source, and how it fares."""

    name: str
    on: bool
    path: str
    delivered: int = 0
    last_delivered_at: str | None = None
    refused: int = 0
    last_refused_at: str | None = None
    last_refused_why: str | None = None
    expected_hours: float | None = None
    silent: bool = False
    look_ups: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class ShownSources:
    """Every source there can be."""

    sources: tuple[ShownSource, ...]


def quarantine_of(body: Mapping[str, object]) -> ShownQuarantine:
    """Read one page of quarantine; CallError if it is none."""
    return read_as(body, ShownQuarantine)


def replay_of(body: Mapping[str, object]) -> tuple[str, ...]:
    """Read which cases a replay led to; CallError if it does not say."""
    return read_as(body, ShownReplay).cases


def drop_of(body: Mapping[str, object]) -> str:
    """Read which delivery was dropped; CallError if it does not say."""
    return read_as(body, ShownDrop).dropped


def sources_of(body: Mapping[str, object]) -> tuple[ShownSource, ...]:
    """Read every source; CallError if it does not say."""
    return read_as(body, ShownSources).sources
