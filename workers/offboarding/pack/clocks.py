"""The two clocks, as far as the chain of a case tells them. Pure.

It says less rather than too much: evidence of an earlier version names neither scope
nor what was left, and nothing is called safe by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

_DONE: Final = frozenset({"follow_up.done", "master.refreshed", "key.retirement_done"})
OLDER: Final = "The evidence of this case is of an earlier version and does not say."
_AMISS: Final = "Something failed, changed hands or could not be seen."
_BLIND: Final = "A target was not read back: it is an accepted blind spot."


class Entry(Protocol):
    """What the clocks need of an entry."""

    @property
    def at(self) -> datetime | None:
        """Return when it was."""

    @property
    def what(self) -> str:
        """Return what was done."""

    def __getitem__(self, name: str) -> str:
        """Return a field as text, empty where it is not there."""


class Target(Protocol):
    """What the clocks need of a target."""

    @property
    def is_safe(self) -> bool:
        """Tell whether it was read back under a functional ID."""

    @property
    def read_back_at(self) -> datetime | None:
        """Return when it was read back."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """When a case was received, began, ended, and became safe; why where it did not."""

    received_at: datetime | None
    began_at: datetime | None
    settled_at: datetime | None = None
    owner_safe_at: datetime | None = None
    owner_safe_not: str = ""
    fully_safe_at: datetime | None = None
    fully_safe_not: str = ""

    def seconds_to(self, at: datetime | None) -> float | None:
        """Tell how long after it began a moment was."""
        if at is None or self.began_at is None:
            return None
        return (at - self.began_at).total_seconds()


def clocks_of(
    done: Sequence[Entry],
    places: Sequence[Target],
    state: str,
    *,
    is_adoption: bool,
) -> Clocks:
    """Read the clocks of a case off its entries."""
    received = done[0].at
    clocks = Clocks(received, _began(done))
    ends = [one for one in done if one.what == "case.settled"]
    if state not in ("safe", "clean", "attention", "planned") or not ends:
        return _not(clocks, "The case is not settled.")
    clocks = Clocks(received, clocks.began_at, ends[-1].at)
    why = _not_owner_safe(done, places, state, is_adoption=is_adoption)
    if why:
        return _not(clocks, why)
    times = [one.read_back_at for one in places if one.read_back_at is not None]
    at = max(times) if times else ends[-1].at
    later = done[list(done).index(ends[-1]) :]
    return _fully(clocks, at, ends[-1], later, has_targets=bool(places))


def _began(done: Sequence[Entry]) -> datetime | None:
    if done[0].what != "case.opened_scheduled":
        return done[0].at
    planned = (one.at for one in done if one.what.startswith("case.planned"))
    return next(planned, None)


def _not(clocks: Clocks, why: str) -> Clocks:
    return Clocks(
        clocks.received_at,
        clocks.began_at,
        clocks.settled_at,
        owner_safe_not=why,
        fully_safe_not=why,
    )


def _not_owner_safe(
    done: Sequence[Entry], places: Sequence[Target], state: str, *, is_adoption: bool
) -> str:
    """Say why a settled case is not owner-safe; empty where it is."""
    told = [one for one in done if one["effective_at"]]
    is_part = not is_adoption and all(one["scope"] for one in told)
    reasons = (
        (state == "planned", "A dry run changes nothing."),
        (state == "attention", _AMISS),
        (not all(one.is_safe for one in places), _BLIND),
        (not told, OLDER),
        (is_part, "Only a part of the account was asked for."),
    )
    return next((why for is_so, why in reasons if is_so), "")


def _fully(
    clocks: Clocks,
    at: datetime | None,
    end: Entry,
    later: Sequence[Entry],
    *,
    has_targets: bool,
) -> Clocks:
    left, minutes = end["follow_ups"], end["settle_minutes"]
    ticks = [one.at for one in later if one.what in _DONE and one.at is not None]
    fully_at, why = None, ""
    if at is None or not (left.isdecimal() and minutes.isdecimal()):
        why = OLDER
    elif len(ticks) < int(left):
        why = f"{int(left) - len(ticks)} of {left} follow-ups are not noted as done."
    else:
        pause = timedelta(minutes=int(minutes)) if has_targets else timedelta()
        fully_at = max([at + pause, *ticks])
    return Clocks(
        clocks.received_at,
        clocks.began_at,
        clocks.settled_at,
        owner_safe_at=at,
        fully_safe_at=fully_at,
        fully_safe_not=why,
    )
