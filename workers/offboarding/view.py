"""What was seen of an account, as values. They decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.offboarding.model import (
    KeyList,
    KeyOwner,
    Note,
    Person,
    Reading,
    Right,
    Target,
    Unread,
    Visibility,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One target and what was read of its key owner.

    ``is_final`` is False where reading again may help: a timeout is not an answer.
    ``retry_after_seconds`` is the wait the far side asked for then. With
    ``is_remembered`` a survey read it, and it was not read again. ``read_as`` is what
    was read where the key list made nobody's of it.
    """

    target: Target
    reading: Reading
    is_final: bool = True
    retry_after_seconds: float = 0
    is_remembered: bool = False
    read_as: Reading | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class View:
    """All that was seen of one account, and a note for each list that was not.

    ``places`` has every target found, those outside the scope too, unread.
    ``ours`` are our own identities. ``has_people`` tells whether the user list was
    read, and whole as far as can be told; ``has_ours`` the same of our identities.
    ``has_clusters`` tells whether every cluster list was read, and whole.
    ``keys`` is None where IAM's key list could not be read; ``has_keys`` tells whether
    it was read, and whole. ``credentials`` has the classic user names by target id.
    ``is_final`` is False where looking again may show more. ``retry_after_seconds`` is
    the longest wait anything asked for.
    """

    account_id: str
    people: tuple[Person, ...] = ()
    seen: tuple[Seen, ...] = ()
    unseen: tuple[Note, ...] = ()
    places: tuple[Target, ...] = ()
    ours: tuple[KeyOwner, ...] = ()
    keys: KeyList | None = None
    credentials: Mapping[str, str | Unread] = field(default_factory=dict)
    group_names: Mapping[str, str] = field(default_factory=dict)
    visibility: Visibility | None = None
    is_final: bool = True
    has_people: bool = True
    has_ours: bool = True
    has_clusters: bool = False
    has_keys: bool = False
    retry_after_seconds: float = 0

    @property
    def is_proven(self) -> bool:
        """Tell whether the reader's policies prove that nothing can be hidden."""
        return self.visibility is not None and self.visibility.is_proven

    @property
    def sees_people(self) -> bool:
        """Tell whether somebody who is not listed is proven not to be there."""
        sees_all = self.visibility is not None and self.visibility.users is Right.OK
        return self.has_people and sees_all

    @property
    def sees_clusters(self) -> bool:
        """Tell whether a cluster that is not listed is proven not to be there."""
        sees_all = self.visibility is not None and self.visibility.clusters is Right.OK
        return self.has_clusters and sees_all
