"""A case as the service shows it (design: section 5), read back into values.

Words such as outcomes stay plain text and unknown fields are passed over, so that a
service newer than this command can still be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from service.call_error import CallError, Fault
from workers.offboarding.model import CaseKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaver:
    """Who leaves, as far as known."""

    email: str | None = None
    iam_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a case is narrowed to."""

    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A reason with its sentence."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be reset; ``refused`` says what holds it."""

    hash: str = ""
    refused: tuple[Note, ...] = ()
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """A resource group."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of the target."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose identity a key carries."""

    id: str
    name: str | None = None
    email: str | None = None
    kind: str = "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """What an outcome means, who can mend it, with which command."""

    text: str
    who: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something a reset leaves to do; ``done_at`` is None while it is open."""

    kind: str
    text: str
    cluster_id: str | None = None
    addon: str | None = None
    done_at: str | None = None


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """One target of a case; ``outcome`` is None while it is under way."""

    region: str
    resource_group: ResourceGroup
    account_id: str = ""
    clusters: tuple[Cluster, ...] = ()
    owner_before: Owner | None = None
    owner_after: Owner | None = None
    outcome: str | None = None
    reason: str | None = None
    advice: Advice | None = None
    attempts: int = 0
    follow_ups: tuple[FollowUp, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report on one channel, and how it fared."""

    channel: str
    kind: str
    state: str
    at: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case. Times are text as the service gave them."""

    id: str
    status: str
    kind: str = CaseKind.DEPARTURE
    result: str | None = None
    dry_run: bool = False
    leaver: Leaver | None = None
    scope: Scope | None = None
    joined_to: str | None = None
    received_at: str | None = None
    effective_at: str | None = None
    owner_safe_seconds: float | None = None
    fully_safe_seconds: float | None = None
    plan: Plan | None = None
    warnings: tuple[Note, ...] = ()
    targets: tuple[ShownTarget, ...] = ()
    reports: tuple[ReportLine, ...] = ()

    @property
    def is_adoption(self) -> bool:
        """Tell whether it takes keys over though nobody leaves."""
        return self.kind == CaseKind.ADOPTION


@dataclass(frozen=True, slots=True)
class ShownPage:
    """Cases, newest first, and where the next page begins."""

    cases: tuple[ShownCase, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """Where resets are paused: everywhere, and in which accounts."""

    all: bool
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownPause:
    """The answer to pause and resume."""

    paused: Paused


def case_of(body: Mapping[str, object]) -> ShownCase:
    """Read one case; CallError if it is none."""
    return read_as(body, ShownCase)


def page_of(body: Mapping[str, object]) -> ShownPage:
    """Read one page of cases; CallError if it is none."""
    return read_as(body, ShownPage)


def pause_of(body: Mapping[str, object]) -> ShownPause:
    """Read what is paused; CallError if it does not say."""
    return read_as(body, ShownPause)


def read_as(body: Mapping[str, object], kind: type[T]) -> T:
    """Read an answer into a value; CallError where it does not fit."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        # Where it differs, in its words: they name types and paths, never values.
        raise CallError(
            Fault.NOT_OURS,
            f"The answer is not as this command knows it: {error}. Another version?",
        ) from error
