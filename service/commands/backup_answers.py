"""What the API says of a pause, read into values."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.commands.answers import Paused, read_as


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Whom a case is about, as far as it is known."""

    email: str | None = None
    iam_id: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        """Return what tells them from others."""
        return self.email or self.iam_id or self.name or "unknown"


@dataclass(frozen=True, slots=True)
class ShownDue:
    """A case that is due in a restored store."""

    case_id: str
    kind: str
    status: str
    source: str
    starts_at: str
    leaver: ShownPerson | None = None


@dataclass(frozen=True, slots=True)
class ShownRestored:
    """Why all waits, and what is due."""

    text: str
    found_at: str
    due: tuple[ShownDue, ...] = ()
    more: int = 0
    held_back: int = 0

    @property
    def many(self) -> int:
        """Count what is due, listed or not."""
        return len(self.due) + self.more


@dataclass(frozen=True, slots=True)
class ShownState:
    """What is paused, and whether that is since the store was restored."""

    paused: Paused
    restored: ShownRestored | None = None


def state_of(body: Mapping[str, object]) -> ShownState:
    """Read what is paused and why; CallError if it does not say."""
    return read_as(body, ShownState)
