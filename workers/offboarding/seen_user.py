"""What a directory last said of a person, and what a change of it means. Pure.

A directory that tells only that something changed has to be read back, and one reading
says how somebody stands, not what happened. Only against what was seen before does it
become an event: who was disabled long ago is not disabled again by an edit.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from workers.offboarding.heard import HeardKind


class UserStanding(StrEnum):
    """How a person stands in a directory."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


class Chore(StrEnum):
    """What is looked after from time to time, each in its own."""

    LOOK_AGAIN = "look_again"
    COMPARE = "compare"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True, slots=True)
class Place:
    """Where comparing everybody goes on.

    Attributes:
        link: The far side's own; empty for the beginning.
        is_whole: Whether everybody is listed, and not only who changed.
        round: Another one for each time that everybody is compared.
    """

    link: str
    is_whole: bool
    round: str


@dataclass(frozen=True, slots=True)
class SeenUser:
    """How a person stood when they were last seen.

    Attributes:
        standing: Whether their account is there and may be used.
        leaves_at: When they leave, by the directory; None where it does not say.
        told_by: The key of the event by which the last change was told. A look-up that
            is made once more under this key tells it again: its teller may have died.
        told: What was told then.
    """

    standing: UserStanding
    leaves_at: datetime | None = None
    told_by: str = ""
    told: HeardKind | None = None

    def stands_as(self, other: "SeenUser") -> bool:
        """Tell whether both say the same of the person."""
        mine = self.standing, self.leaves_at
        return mine == (other.standing, other.leaves_at)

    def standing_as(self, other: "SeenUser") -> "SeenUser":
        """Return *other*'s standing with what was told before."""
        return replace(self, standing=other.standing, leaves_at=other.leaves_at)


class LastSeen(Protocol):
    """What a directory said before, kept; each method raises StoreAwayError."""

    def seen(self, subject: str) -> SeenUser | None:
        """Return how *subject* was last seen; None: never."""

    def put(
        self, subject: str, before: SeenUser | None, now: SeenUser, name: str | None
    ) -> bool:
        """Keep *now*, if what is kept is still *before*; False if it is not.

        *name* is an e-mail that the directory's id of the person stands for.
        """

    def look_again(self, subject: str, after_seconds: float) -> None:
        """Have *subject* looked up once more, after so long."""

    def bring_forward(self) -> None:
        """Have everything compared as soon as may be: events may have been lost."""


def change_of(
    before: SeenUser | None, now: SeenUser, moment: datetime
) -> HeardKind | None:
    """Tell what happened to a person between two readings; None: nothing for us.

    Args:
        before: What was seen last; None where they were never seen.
        now: What is seen.
        moment: The time of it: a date to leave at is to come, or is over.
    """
    was = before.standing if before else None
    if now.standing is UserStanding.DELETED:
        return None if was is UserStanding.DELETED else HeardKind.DELETED
    if now.standing is UserStanding.DISABLED:
        # Restored and disabled still: that they left was told when they were deleted.
        is_told = was in (UserStanding.DISABLED, UserStanding.DELETED)
        return None if is_told else HeardKind.DISABLED
    if was in (UserStanding.DISABLED, UserStanding.DELETED):
        return HeardKind.REACTIVATED
    return _change_of_date(before.leaves_at if before else None, now.leaves_at, moment)


def _change_of_date(
    before: datetime | None, now: datetime | None, moment: datetime
) -> HeardKind | None:
    if now == before:
        return None
    if now is None:
        return HeardKind.CANCELLED
    # A date that is over and was never seen before is stale more often than not; the
    # account of who really left is disabled or deleted.
    is_told = now > moment or before is not None
    return HeardKind.TERMINATED if is_told else None
