"""What a source told, acted on: a case opened, joined, or taken back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.offboarding.advice import cleaned
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.heard import Heard, Unreadable, UnreadableError, understood
from workers.offboarding.model import Case, Departure, Ignored, SamePerson, Withdrawal
from workers.store.names import KnownNames

log = structlog.get_logger()

_LOGGED_IDS: Final = 5
_LOGGED_LENGTH: Final = 100
# A sender's clock may be ahead of ours; among its own events the order stays.
_SKEW: Final = timedelta(minutes=10)


class Hearing:
    """Acts on events that are read; for the web and for the workers' look-ups."""

    def __init__(
        self,
        names: KnownNames,
        same_people: tuple[SamePerson, ...],
        *,
        open_case: Callable[[Departure], str],
        withdraw: Callable[[Withdrawal], Case | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._names = names
        self._same_people = same_people
        self._open_case = open_case
        self._withdraw = withdraw
        self._clock = clock

    def hear(
        self,
        heard: Heard,
        *,
        request_id: str | None = None,
        delivery_sha256: str | None = None,
    ) -> str | None:
        """Act on an event; return the id of its case, None where it has none.

        Args:
            heard: The event.
            request_id: Of the request that brought it.
            delivery_sha256: The digest of that request's body, for the ledger.

        Raises:
            UnreadableError: It names nobody we can know, or two people; or the case
                that it is about cannot be read.
            ConflictError: ``event_key``, used for another person before.
        """
        heard = self._dated(heard)
        known = self._known(heard)
        try:
            event = understood(
                heard,
                same_people=self._same_people,
                known=known,
                request_id=request_id,
            )
        except UnreadableError as error:
            _say_who(heard, error)
            raise
        self._learn(heard)
        if not isinstance(event, Ignored):
            event = replace(event, delivery_sha256=delivery_sha256)
        try:
            return self._act_on(event)
        except CaseDamagedError as error:
            # Its sender cannot mend that, and others may come in the same delivery.
            raise UnreadableError(Unreadable.CASE_DAMAGED, str(error)) from error

    def _act_on(self, event: Departure | Withdrawal | Ignored) -> str | None:
        match event:
            case Ignored(why):
                log.info("event.ignored", reason=why)
                return None
            case Withdrawal():
                case = self._withdraw(event)
                log.info("departure.withdrawn", case_id=case.id if case else None)
                return case.id if case else None
            case Departure():
                return self._open_case(event)

    def _dated(self, heard: Heard) -> Heard:
        """Take what happens later than now for now.

        It would outdo all that its source tells until then, and for months a departure
        would pass for one that was taken back.
        """
        at, now = heard.occurred_at, self._clock()
        if at is None or at <= now + _SKEW:
            return heard
        log.warning("event.dated_ahead", hours=round((at - now).total_seconds() / 3600))
        return replace(heard, occurred_at=now)

    def _known(self, heard: Heard) -> Mapping[str, str]:
        """Return what was learned of ids, where the event gives nothing better."""
        names = heard.names
        if names.emails or names.iam_ids or not names.ids:
            return {}
        return self._names.of(heard.source, names.ids)

    def _learn(self, heard: Heard) -> None:
        """Keep what an event says of its ids: the next may give the id alone."""
        names = heard.names
        best = next(iter((*names.iam_ids, *names.emails)), None)
        if best and names.ids:
            self._names.learn(heard.source, dict.fromkeys(names.ids, best))


def _say_who(heard: Heard, error: UnreadableError) -> None:
    """Log the ids that nobody knows, as the identity map takes them.

    Whoever mends the map reads the log; what is kept stays sealed. An e-mail is never
    logged, whatever field it stands in.
    """
    if error.reason is not Unreadable.UNKNOWN_PERSON:
        return
    ids = [one for one in heard.names.ids if "@" not in one][:_LOGGED_IDS]
    log.warning(
        "person.unknown",
        ids=[f"{heard.source}:{cleaned(one, _LOGGED_LENGTH)}" for one in ids],
    )
