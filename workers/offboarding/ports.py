"""What the workflow needs from outside, as small protocols. Knows no adapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workers.offboarding.model import (
    Case,
    CaseTarget,
    Entry,
    KeyOwner,
    Note,
    Person,
    Reading,
    ReportLine,
    Target,
    Work,
)


class Clock(Protocol):
    """The time, aware UTC."""

    def __call__(self) -> datetime:
        """Return now."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every target seen in one account, and what could not be seen.

    ``unseen`` has one note a list that failed: a shorter list is not "owns nothing".
    ``is_final`` is False where listing again may help.
    """

    targets: tuple[Target, ...]
    unseen: tuple[Note, ...] = ()
    is_final: bool = True


class Cloud(Protocol):
    """One account, for reading. Nothing that holds only this can change anything."""

    @property
    def account_id(self) -> str:
        """Return the account's id."""

    def people(self) -> Sequence[Person]:
        """List every user of the account; raises, never returns a part."""

    def targets(self) -> Discovery:
        """Find every target that has a cluster."""

    def key_owner(self, target: Target) -> Reading:
        """Read who owns the cluster API key of *target*."""

    def functional_id(self, target: Target) -> KeyOwner:
        """Tell who would take *target* over, as its token's claims say."""

    def identities(self) -> Sequence[KeyOwner]:
        """Return our own identities here, functional IDs and reader: never leavers."""

    def has_new_key(self, target: Target, since: datetime) -> bool:
        """Tell whether the functional ID got a key for *target* at or after *since*."""


class ReadyReset(Protocol):
    """A reset whose token is in hand and asserted; only sending is left."""

    @property
    def identity(self) -> KeyOwner:
        """Return who will own the key, from the token's claims."""

    def send(self) -> str | None:
        """Send the reset once. Return IBM Cloud's request id, if it gave one."""


class Resets(Protocol):
    """One account, for writing. Only an armed service has one."""

    def prepare(self, target: Target) -> ReadyReset:
        """Get the functional ID's token for *target* and assert its claims."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account's ports. ``resets`` is None where nothing may be written."""

    cloud: Cloud
    resets: Resets | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do a piece of work, until the lease ends.

    ``fence`` grows with every claim; the store refuses a write with an older one.
    ``claims`` counts claims that ended without a word, this one included.
    """

    work: Work
    lease: str
    token: str
    fence: int
    claims: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a step has to write, all of it at once or not at all.

    Attributes:
        case: The case, if anything but its targets and reports changed; refused when
            somebody else changed it since it was read.
        targets: Targets as they are now.
        reports: Report lines as they are now.
        entries: What the ledger gains.
        wrote: True for "about to reset": from here on the case cannot be cancelled.
        folded: How many of the joined departures the case now holds.
        after: Work that follows, due at once.
    """

    case: Case | None = None
    targets: tuple[CaseTarget, ...] = ()
    reports: tuple[ReportLine, ...] = ()
    entries: tuple[Entry, ...] = ()
    wrote: bool = False
    folded: int = 0
    after: tuple[Work, ...] = ()


class Cases(Protocol):
    """Where cases live."""

    def load(self, case_id: str) -> Case:
        """Read a case; NoSuchCaseError."""

    def adopt(self, case: Case) -> str | None:
        """Take the leaver's names for *case*, unless an open case is theirs already.

        Two open cases that prove to be one person: the later gives way, unless it has
        written already. Returns the id of the case that *case* has to join, or None.
        A later one that gives way is told, and finds it out when it plans.
        """


class Works(Protocol):
    """Work under a lease. Each call writes all of its change, or nothing.

    Raises LeaseLostError, CaseChangedError, CaseCancelledError or StoreAwayError.
    """

    def record(self, claim: Claim, change: Change) -> None:
        """Write *change* and keep the work."""

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        """Write *change*, end the work and return what is now to be sent."""

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        """Write *change*, have the same work come back at *at*; return what to send."""


class Switches(Protocol):
    """What people and workers tell each other beside cases."""

    def is_paused(self, account_id: str) -> bool:
        """Tell whether resets are paused, for all or for this account."""

    def is_protected(self, refs: Sequence[str]) -> bool:
        """Tell whether one of these names is one of our own identities'."""

    def protect(self, identities: Sequence[KeyOwner]) -> None:
        """Publish our own identities, so that the front door can turn them away."""


class Notifier(Protocol):
    """One channel."""

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Send the report of *line* and return the line as it is now.

        What the channel did is the line's state, never an exception.
        """
