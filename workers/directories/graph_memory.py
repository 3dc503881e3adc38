"""What comparing all users needs kept, beside how each was last seen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from workers.offboarding.seen_user import Chore, LastSeen, Place, SeenUser


class Memory(LastSeen, Protocol):
    """What is kept of the users and of the comparing; raises StoreAwayError."""

    def seen_of(self, subjects: Sequence[str]) -> Mapping[str, SeenUser]:
        """Return how each was last seen; who never was is left out."""

    def take_page(
        self,
        first: Mapping[str, SeenUser],
        names: Mapping[str, str],
        listed: Iterable[str] = (),
    ) -> None:
        """Keep who was never seen before, names, and who a whole list has."""

    def due_again(self, limit: int) -> list[tuple[str, int]]:
        """Return who is to be looked up once more, each with the mark to end that."""

    def looked_again(self, subject: str, at: int) -> None:
        """End what ``due_again`` gave."""

    def place(self) -> Place | None:
        """Return where comparing goes on; None where it never began."""

    def go_on_at(self, link: str, *, is_whole: bool, is_new_round: bool) -> Place:
        """Keep where comparing goes on, and return it."""

    def begin_anew(self) -> Place:
        """Have everybody listed again, from the beginning."""

    def not_listed(self) -> list[str]:
        """Return who was seen before and is in no page of a whole list."""

    def note_compared(self, at: datetime) -> None:
        """Write down that all users were compared."""

    def compared_at(self) -> datetime | None:
        """Tell when all users were last compared; None: never."""

    def claim(self, seconds: float) -> str | None:
        """Take the turn; None while another worker has it."""

    def renew(self, token: str, seconds: float) -> bool:
        """Prolong the turn; False when it is another's."""

    def end(self, token: str) -> None:
        """Give the turn back."""

    def rest(self, chore: Chore, seconds: float) -> None:
        """Have *chore* wait for so long."""

    def is_due(self, chore: Chore) -> bool:
        """Tell whether *chore* waits no more."""
