"""Exposure, the gate and the doctor as the service shows them, read back into values.

As with cases, words stay plain text and unknown fields are passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.commands.answers import Cluster, Note, Owner, ResourceGroup, read_as
from workers.offboarding.exposure import ReadingKind


@dataclass(frozen=True, slots=True)
class ShownHolding:
    """One target and who owns its key; without a reading ``owner`` is history."""

    region: str
    resource_group: ResourceGroup
    reading: str
    account_id: str = ""
    clusters: tuple[Cluster, ...] = ()
    owner: Owner | None = None
    reason: str | None = None
    checked_at: str | None = None

    @property
    def is_unread(self) -> bool:
        """Tell whether its owner is not known now, for whatever reason."""
        return self.reading not in (ReadingKind.OWNER, ReadingKind.NONE)


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """How much hangs on one person."""

    owner: Owner
    targets: int
    clusters: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class ShownFunctionalId:
    """How one functional ID stands; numbers are None where nobody could see them."""

    account_id: str
    id: str
    name: str = ""
    keys: int | None = None
    key_limit: int | None = None
    owns: int = 0
    would_take: int = 0
    free_after: int | None = None
    weak: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """One account's part of an exposure; ``reason`` says what was not seen there."""

    account_id: str
    name: str = ""
    armed: bool = False
    surveyed_at: str | None = None
    complete: bool = False
    reason: str | None = None
    targets: int = 0
    people_owned: int = 0
    departures_from_outage: int = 0
    unread: int = 0

    @property
    def shown_name(self) -> str:
        """Return what people call it; its id where it has no name."""
        return self.name or self.account_id


@dataclass(frozen=True, slots=True)
class ShownExposure:
    """Who owns every target; ``checked_at`` is None while not all was surveyed."""

    targets: tuple[ShownHolding, ...]
    people: tuple[ShownPerson, ...]
    departures_from_outage: int
    unread: int
    checked_at: str | None = None
    # A service older than this command does not tell them.
    functional_ids: tuple[ShownFunctionalId, ...] = ()
    accounts: tuple[ShownAccount, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Return the accounts' names by id, of those that have one."""
        return {one.account_id: one.name for one in self.accounts if one.name}


@dataclass(frozen=True, slots=True)
class ShownGate:
    """Whether a person may be removed."""

    user: str
    safe: bool
    reasons: tuple[Note, ...]
    targets: tuple[ShownHolding, ...]
    checked_at: str | None = None


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One question to the set-up, and its answer."""

    what: str
    verdict: str
    text: str
    account_id: str | None = None
    mend: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class ShownChecks:
    """Every check of the set-up."""

    checks: tuple[ShownCheck, ...]


@dataclass(frozen=True, slots=True)
class ShownReady:
    """Which parts of the service are ``ok``, by name."""

    checks: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShownBlindSpot:
    """A target that is accepted as not readable; ``resource_group`` is an id."""

    account_id: str
    region: str
    resource_group: str
    reason: str
    accepted_by: str
    until: str


@dataclass(frozen=True, slots=True)
class ShownBlindSpots:
    """The answer that lists blind spots."""

    blind_spots: tuple[ShownBlindSpot, ...]


@dataclass(frozen=True, slots=True)
class ShownAcceptance:
    """The answer to accepting one."""

    blind_spot: ShownBlindSpot


@dataclass(frozen=True, slots=True)
class ShownWithdrawal:
    """The answer to taking one back: whether there was one."""

    withdrawn: bool


def exposure_of(body: Mapping[str, object]) -> ShownExposure:
    """Read an exposure; CallError if it is none."""
    return read_as(body, ShownExposure)


def gate_of(body: Mapping[str, object]) -> ShownGate:
    """Read an answer of the gate; CallError if it is none."""
    return read_as(body, ShownGate)


def checks_of(body: Mapping[str, object]) -> tuple[ShownCheck, ...]:
    """Read the checks; CallError if there are none."""
    return read_as(body, ShownChecks).checks


def ready_of(body: Mapping[str, object]) -> ShownReady:
    """Read what is ready; CallError if it does not say."""
    return read_as(body, ShownReady)


def blind_spots_of(body: Mapping[str, object]) -> tuple[ShownBlindSpot, ...]:
    """Read what is accepted; CallError if it does not say."""
    return read_as(body, ShownBlindSpots).blind_spots


def accepted_of(body: Mapping[str, object]) -> ShownBlindSpot:
    """Read what was accepted; CallError if it does not say."""
    return read_as(body, ShownAcceptance).blind_spot


def withdrawal_of(body: Mapping[str, object]) -> bool:
    """Read whether one was taken back; CallError if it does not say."""
    return read_as(body, ShownWithdrawal).withdrawn
