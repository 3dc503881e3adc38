"""How exposure goes from day to day: one figure a day, from the owner index. Pure.

A day on which something could not be seen counts by what was last read there, and says
so: what is not seen is never a fall.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from workers.offboarding.exposure import (
    AccountIndex,
    Exposure,
    Holding,
    as_last_read,
    exposure_of,
)
from workers.offboarding.model import OwnerKind

_PEOPLE = (OwnerKind.PERSON, OwnerKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Day:
    """The last survey of a day.

    Attributes:
        departures_from_outage: People who own at least one target with clusters.
        of_people: Targets whose key is a person's.
        of_functional_ids: Targets whose key is a functional ID's or a service ID's.
        unread: Targets that could not be read.
        is_whole: Whether everything was seen, in every account.
    """

    day: date
    departures_from_outage: int
    of_people: int
    of_functional_ids: int
    unread: int
    is_whole: bool


def day_of(
    indexes: Iterable[AccountIndex], failing: Sequence[str], day: date
) -> Day | None:
    """Sum the accounts up; None where no survey ever saw anything.

    Args:
        indexes: What is known of each account of the service.
        failing: The accounts whose last survey did not end well.
        day: The day, in UTC.
    """
    indexes = list(indexes)
    if not any(one.surveyed_at for one in indexes):
        return None
    now = exposure_of(indexes)
    known = exposure_of([as_last_read(one) for one in indexes])
    is_whole = not (now.unread or now.notes or failing) and now.checked_at is not None
    return Day(
        day,
        known.departures_from_outage,
        of_people=_owned(known, people=True),
        of_functional_ids=_owned(known, people=False),
        unread=now.unread,
        is_whole=is_whole,
    )


def _owned(known: Exposure, *, people: bool) -> int:
    return sum(_is_of(one, people) for one in known.holdings)


def _is_of(one: Holding, people: bool) -> bool:
    owner = one.owner_now
    return owner is not None and (owner.kind in _PEOPLE) is people
