"""Blind spots at the desk: targets that cannot be read, accepted for a while.

An accepted target stays unread, in reports and evidence too: nothing here says that it
is safe.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from config.accounts import AccountSettings
from workers.desk.places import refuse_unknown_account, target_in, unread_target
from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.errors import ConflictError
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.model import BlindSpot
from workers.store.blind_spots import BlindSpots

log = structlog.get_logger()

LONGEST: Final = timedelta(days=30)


class Accepting:
    """What may be done about blind spots, for the desk."""

    def __init__(
        self,
        spots: BlindSpots,
        accounts: Sequence[AccountSettings],
        *,
        clock: Callable[[], datetime],
        index_of: Callable[[str], AccountIndex] = AccountIndex,
        approvers: Approvers = ANYBODY,
    ) -> None:
        self._approvers = approvers
        self._spots = spots
        self._accounts = tuple(accounts)
        self._index_of = index_of
        self._clock = clock

    def accept_blind_spot(
        self,
        target_id: str,
        *,
        reason: str,
        until: datetime,
        actor: str,
        person: str | None = None,
    ) -> BlindSpot:
        """Accept for a while that a target cannot be read; on disk on return.

        Args:
            target_id: account/region/group id, as ``Target.id`` has it; the group may
                be given by its name where the last survey saw one of that name there.
            reason: Why that is acceptable; it stands in reports.
            until: When the acceptance ends, at most 30 days from now.
            actor: Who accepts it.
            person: Who is behind that name; None: nobody else.

        Raises:
            ConflictError: ``no_such_account``, where the accounts are known here;
                ``not_their_account``, where it has other approvers;
                ``no_reason``; ``too_long``; ``over``, where it would end at once;
                ``no_such_target``, which no survey knows; ``target_readable``.
        """
        account_id = target_id.partition("/")[0]
        refuse_unknown_account(account_id, self._accounts)
        self._approvers.demand(person or actor, [account_id])
        now = self._clock()
        if not reason.strip():
            raise ConflictError("Say why it is accepted.", reason="no_reason")
        if until > now + LONGEST:
            raise ConflictError(
                f"A blind spot is accepted for {LONGEST.days} days at most.",
                reason="too_long",
            )
        if until <= now:
            raise ConflictError("It would be over already.", reason="over")
        target_id = unread_target(self._index_of(account_id), target_id)
        spot = BlindSpot(target_id, reason.strip(), actor, now, until)
        self._spots.put(spot)
        log.warning(
            "blind_spot.accepted",
            target_id=target_id,
            actor=actor,
            reason=spot.reason,
            until=until.isoformat(),
        )
        return spot

    def withdraw_blind_spot(self, target_id: str, *, actor: str) -> bool:
        """Take an acceptance back; tell whether there was one."""
        # Whoever accepted it by the group's name takes it back by that too; before the
        # first survey it was kept as it was given.
        index = self._index_of(target_id.partition("/")[0])
        named = target_in(index, target_id)
        drops = [self._spots.drop(one) for one in dict.fromkeys((target_id, named))]
        was_there = any(drops)
        log.warning(
            "blind_spot.withdrawn",
            target_id=named,
            actor=actor,
            was_there=was_there,
        )
        return was_there

    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """List what is accepted now, by target id."""
        return self._spots.all()
