"""Readings → who owns what now, and whether one person may be removed. No I/O.

The owner index is what surveys have read; exposure is that, put together for people.
The gate never trusts it: it judges readings made live.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workers.offboarding.errors import Reason
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import KeyOwner, Note, OwnerKind, Target


class ReadingKind(StrEnum):
    """What was read of a target: an owner, plainly none, or nothing."""

    OWNER = "owner"
    NONE = "none"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Holding:
    """One target in the owner index, or in an answer of the gate.

    Attributes:
        owner: Who owned the key when it was last read; None if it never was. With
            ``reading`` other than ``owner`` this is history, not the present.
        reason: Why it is ``unread``.
        checked_at: When ``reading`` was made.
        has_left: Whether the owner is a person who is on the user list no more.
    """

    target: Target
    reading: ReadingKind
    owner: KeyOwner | None = None
    reason: Reason | None = None
    checked_at: datetime | None = None
    has_left: bool = False

    @property
    def owner_now(self) -> KeyOwner | None:
        """Return the owner as just read; None where it was not."""
        return self.owner if self.reading is ReadingKind.OWNER else None


@dataclass(frozen=True, slots=True)
class AccountIndex:
    """What the last survey of one account knows.

    Attributes:
        surveyed_at: When it began; None if there was none.
        has_people: Whether the user list was read then, and whole.
        notes: What could not be seen then.
        functional_ids: How each functional ID of the account stood.
        keys_refused: Why IAM refused a key that this service holds for the account;
            empty where it did not.
        keys_refused_after: The last survey before it did; None if there was none.
        empty_since: Since when surveys, of a reader who sees all, have listed no
            cluster; None where the last one did, or none is known.
        empty_surveys: How many did so, those between that could not see left out.
        people_at: When a survey last read the user list, and whole; None where none is
            known to have, as in an index of a former version.
    """

    account_id: str
    holdings: tuple[Holding, ...] = ()
    surveyed_at: datetime | None = None
    has_people: bool = False
    notes: tuple[Note, ...] = ()
    functional_ids: tuple[FunctionalIdState, ...] = ()
    keys_refused: str = ""
    keys_refused_after: datetime | None = None
    empty_since: datetime | None = None
    empty_surveys: int = 0
    people_at: datetime | None = None

    @property
    def people_read_at(self) -> datetime | None:
        """Return of when the user list is that is known here; None without one."""
        return self.surveyed_at if self.has_people else self.people_at

    def of(self, owner_id: str | None) -> tuple[Holding, ...]:
        """Return what *owner_id* owned when it was last read."""
        return tuple(
            one
            for one in self.holdings
            if one.owner is not None and one.owner.id == owner_id
        )


@dataclass(frozen=True, slots=True)
class Dependence:
    """How much hangs on one owner: targets, and the clusters behind them."""

    owner: KeyOwner
    targets: int
    clusters: int
    has_left: bool


@dataclass(frozen=True, slots=True)
class AccountExposure:
    """One account's part, so that forty of them can be read line by line.

    Attributes:
        name: As the accounts file calls it; empty where nobody does.
        is_armed: Whether this service may write there.
        surveyed_at: When it was last surveyed; None if it never was.
        is_complete: Whether everything there was seen then, and not too long ago.
        reason: Why not.
        people_owned: How many of its targets are people's.
        departures_from_outage: As ``Exposure``, of this account alone.
    """

    account_id: str
    name: str = ""
    is_armed: bool = False
    surveyed_at: datetime | None = None
    is_complete: bool = False
    reason: Reason | None = None
    targets: int = 0
    people_owned: int = 0
    departures_from_outage: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who owns every target, most depended-on people first.

    ``departures_from_outage`` counts the different people who own at least one target
    with clusters. ``checked_at`` is the oldest survey among the accounts, None while
    one of them was never surveyed.
    """

    holdings: tuple[Holding, ...]
    people: tuple[Dependence, ...]
    departures_from_outage: int
    unread: int
    checked_at: datetime | None
    notes: tuple[Note, ...] = ()
    functional_ids: tuple[FunctionalIdState, ...] = ()
    accounts: tuple[AccountExposure, ...] = ()


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Whether a person may be removed: ``is_safe`` only with nothing against it.

    ``holdings`` are the targets that are theirs, and those nobody could read.
    """

    user: str
    is_safe: bool
    reasons: tuple[Note, ...]
    holdings: tuple[Holding, ...]
    checked_at: datetime


def exposure_of(indexes: Iterable[AccountIndex]) -> Exposure:
    """Put the accounts' indexes together."""
    indexes = list(indexes)
    holdings = tuple(
        sorted(
            (one for each in indexes for one in each.holdings),
            key=lambda one: (
                one.target.account_id,
                one.target.region,
                one.target.resource_group.name,
                one.target.id,
            ),
        )
    )
    people = _people(holdings)
    times = [each.surveyed_at for each in indexes]
    known = [each for each in times if each is not None]
    return Exposure(
        holdings=holdings,
        people=people,
        departures_from_outage=sum(1 for one in people if one.clusters),
        unread=sum(one.reading is ReadingKind.UNREAD for one in holdings),
        checked_at=min(known) if known and len(known) == len(times) else None,
        notes=tuple(note for each in indexes for note in each.notes),
        functional_ids=tuple(one for each in indexes for one in each.functional_ids),
        accounts=tuple(_account(each) for each in indexes),
    )


def _account(index: AccountIndex) -> AccountExposure:
    people = _people(index.holdings)
    unread = [one for one in index.holdings if one.reading is ReadingKind.UNREAD]
    said = [*(one.reason for one in index.notes), *(one.reason for one in unread)]
    reason = next((one for one in said if one is not None), None)
    if index.surveyed_at is None:
        reason = Reason.INDEX_STALE
    return AccountExposure(
        index.account_id,
        surveyed_at=index.surveyed_at,
        is_complete=reason is None and not unread,
        reason=reason,
        targets=len(index.holdings),
        people_owned=sum(one.targets for one in people),
        departures_from_outage=sum(1 for one in people if one.clusters),
        unread=len(unread),
    )


def as_last_read(index: AccountIndex) -> AccountIndex:
    """Show whose targets were, when last read: of who left, little can be read now."""
    return replace(
        index,
        holdings=tuple(
            replace(one, reading=ReadingKind.OWNER) if one.owner else one
            for one in index.holdings
        ),
    )


def _people(holdings: Sequence[Holding]) -> tuple[Dependence, ...]:
    """Sum up what hangs on each person; whom nobody could name counts as one."""
    mine: dict[str, list[Holding]] = {}
    for one in holdings:
        owner = one.owner_now
        if owner is not None and owner.kind in (OwnerKind.PERSON, OwnerKind.UNKNOWN):
            mine.setdefault(owner.id, []).append(one)
    found = [
        Dependence(
            owner=_best_named(theirs),
            targets=len(theirs),
            clusters=sum(one.target.readable for one in theirs),
            # Who is in one account still has not left the company, as far as is known.
            has_left=all(one.has_left for one in theirs),
        )
        for theirs in mine.values()
    ]
    found.sort(key=lambda one: (-one.clusters, -one.targets, one.owner.id))
    return tuple(found)


def _best_named(theirs: Sequence[Holding]) -> KeyOwner:
    owners = [one.owner for one in theirs if one.owner is not None]
    return max(owners, key=lambda one: (bool(one.email), bool(one.name)))
