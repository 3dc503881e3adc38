"""The brake at the desk: how it stands, and the one decision about all it holds."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from workers.offboarding.brake import Brake, listed, names_of
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex, as_last_read, exposure_of
from workers.offboarding.model import Case, Departure, Entry, Person, SamePerson
from workers.store.brake import AT_ONCE, Brakes, counted
from workers.store.owners import Owners

log = structlog.get_logger()

# Who wants to see more of them decides about all of them by then.
_SHOWN: Final = 200
_WHAT: Final = {"release": "case.released", "refuse": "case.refused"}


class Braking:
    """The brake, for the desk and for who tells of it.

    Args:
        limit: How many cases events may open in an hour before others wait.
    """

    def __init__(
        self,
        brakes: Brakes,
        owners: Owners,
        *,
        limit: int,
        same_people: Sequence[SamePerson],
        clock: Callable[[], datetime],
    ) -> None:
        self._brakes = brakes
        self._owners = owners
        self._limit = limit
        self._same_people = tuple(same_people)
        self._clock = clock

    def counted(self, case: Case, departure: Departure) -> dict[str, object] | None:
        """Say what the store needs to count *case*; None where it does not count."""
        detail = f"more than {self._limit} cases by events within an hour"
        entry = Entry(self._clock(), "case.held", reason=Reason.BRAKE, detail=detail)
        return counted(case, departure, self._limit, entry)

    def brake(self, *, with_scheduled: bool = True) -> Brake:
        """Tell how the brake stands, and who waits: at most so many, the rest counted.

        Args:
            with_scheduled: Whether the caller may see who leaves on a later day.
        """
        found = self.whole()
        if not with_scheduled:
            found = found.without_confidential()
        return found.at_most(_SHOWN)

    def whole(self) -> Brake:
        """Tell how the brake stands, and of everybody who waits."""
        stand = self._brakes.stand()
        held = self._brakes.held() if stand.waiting else []
        if not held:
            return Brake(self._limit, stand.opened)
        indexes = self._owners.all(self._owners.accounts())
        known = exposure_of([as_last_read(one) for one in indexes])
        people = [person for one in indexes for person in self._people(one)]
        names = names_of(known.people, people, self._same_people)
        is_whole = known.checked_at is not None
        return Brake(
            self._limit,
            stand.opened,
            stand.since,
            listed(held, names, is_whole=is_whole),
            checked_at=known.checked_at,
        )

    def _people(self, index: AccountIndex) -> tuple[Person, ...]:
        """Return the owners of an account as its user list had them."""
        ids = {one.owner.id for one in index.holdings if one.owner is not None}
        return self._owners.people(index.account_id, sorted(ids))

    def release_brake(
        self, *, actor: str, person: str, entered_as: str | None = None
    ) -> int:
        """Let all that waits go on to its plan and its own guards; how many did.

        Args:
            actor: The name of the token, for the log.
            person: Who is behind it.
            entered_as: Who the ledger says it was, where that is not the person.
        """
        return self._decide("release", actor, person, entered_as or person)

    def refuse_brake(
        self, *, actor: str, person: str, entered_as: str | None = None
    ) -> int:
        """Cancel all that waits; how many were."""
        return self._decide("refuse", actor, person, entered_as or person)

    def _decide(self, does: str, actor: str, person: str, entered: str) -> int:
        """Decide about all that waits now; what is held meanwhile waits on.

        In calls that are short for the store: who dies between two of them leaves the
        rest waiting, and listed. Who owns something goes first, since the plans that
        follow have one budget of requests.
        """
        up_to, now = self._brakes.stand().now, self._clock()
        entry = Entry(now, _WHAT[does], actor=entered, reason=Reason.BRAKE)
        decide = partial(
            self._brakes.decide,
            uuid.uuid4().hex,
            does,
            up_to=up_to,
            by=person,
            at=now,
            entry=entry,
        )
        owning = [one.braked.case_id for one in self.whole().waiting if one.owns]
        for at in range(0, len(owning), AT_ONCE):
            decide(case_ids=owning[at : at + AT_ONCE])
        decided, left = decide()
        while left:
            decided, left = decide()
        log.warning("brake.decided", does=does, actor=actor, cases=decided)
        return decided
