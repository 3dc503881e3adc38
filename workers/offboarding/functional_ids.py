"""What the owner index keeps of each functional ID. A value; it judges nothing."""

from dataclasses import dataclass
from datetime import datetime

from workers.offboarding.model import KeyOwner, Note


@dataclass(frozen=True, slots=True)
class FunctionalIdState:
    """One functional ID of one account, as the last survey saw it.

    Attributes:
        name: What the accounts file calls it.
        keys: How many API keys it has; None where they could not be listed.
        key_limit: How many it may have.
        owns: How many targets it owns now.
        would_take: How many targets of people would fall to it if all of them left.
        weak: Why it is a weak one, sorted; empty where it is not.
        weak_after: When it was last seen not to be weak in this way; None if it never
            was. It tells one weakness from a later one of the same kind.
    """

    account_id: str
    owner: KeyOwner
    checked_at: datetime
    name: str = ""
    keys: int | None = None
    key_limit: int = 20
    owns: int = 0
    would_take: int = 0
    weak: tuple[Note, ...] = ()
    weak_after: datetime | None = None

    @property
    def shown_name(self) -> str:
        """Return what people call it."""
        return self.name or self.owner.name or self.owner.email or self.owner.id

    @property
    def free(self) -> int | None:
        """Return how many API keys it may still get; None where nobody knows."""
        return None if self.keys is None else max(0, self.key_limit - self.keys)

    @property
    def free_after(self) -> int | None:
        """Return what is left of them after all of that; below 0 so many are short."""
        return None if self.free is None else self.free - self.would_take
