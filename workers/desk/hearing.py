"""What a source told, acted on: a case opened, joined, or taken back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.offboarding.advice import cleaned
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.heard import Heard, Unreadable, UnreadableError, understood
from workers.offboarding.model import Case, Departure, Ignored, SamePerson, Withdrawal
from workers.store.cases import Along
from workers.store.intake import name_of
from workers.store.names import KnownNames

log = structlog.get_logger()

_LOGGED_IDS: Final = 5
_LOGGED_LENGTH: Final = 100
# A sender's clock may be ahead of ours; among its own events the order stays.
_SKEW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class HeardAs:
    """What became of an event: its case, if it has one, and whether it was known.

    ``is_ignored``: it is not for us.
    """

    case_id: str | None
    is_repeat: bool = False
    is_ignored: bool = False


class Hearing:
    """Acts on events that are read; for the web and for the workers' look-ups.

    What is noted with an event goes along with the case that it opens, in one step:
    each call of the store costs its sender a flush more. Other events are rare.

    Args:
        names: What sources' ids of people stand for.
        same_people: The identity map.
        open_case: Puts a departure on disk, and notes what goes along.
        withdraw: Acts on one that is taken back.
        resolved: Lets go what is kept of an event that was acted on by now.
        note_delivery: Counts a delivery.
        clock: Tells the time.
    """

    def __init__(
        self,
        names: KnownNames,
        same_people: tuple[SamePerson, ...],
        *,
        open_case: Callable[[Departure, Along], HeardAs],
        withdraw: Callable[[Withdrawal], Case | None],
        resolved: Callable[[str], None],
        note_delivery: Callable[[str, datetime], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._names = names
        self._same_people = same_people
        self._open_case = open_case
        self._withdraw = withdraw
        self._resolved = resolved
        self._note_delivery = note_delivery
        self._clock = clock

    def hear(
        self,
        heard: Heard,
        *,
        request_id: str | None = None,
        delivery_sha256: str | None = None,
        delivered_at: datetime | None = None,
    ) -> str | None:
        """Act on an event as ``hear_as`` does; return the id of its case, if any."""
        return self.hear_as(
            heard,
            request_id=request_id,
            delivery_sha256=delivery_sha256,
            delivered_at=delivered_at,
        ).case_id

    def hear_as(
        self,
        heard: Heard,
        *,
        request_id: str | None = None,
        delivery_sha256: str | None = None,
        delivered_at: datetime | None = None,
    ) -> HeardAs:
        """Act on an event; return what became of it.

        Args:
            heard: The event.
            request_id: Of the request that brought it.
            delivery_sha256: The digest of that request's body, for the ledger.
            delivered_at: When its delivery came, if that is counted with this event.

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
        if not isinstance(event, Ignored):
            event = replace(event, delivery_sha256=delivery_sha256)
        along = Along(
            kept=name_of(heard.event_key),
            learned=_learned(heard),
            heard_at=self._clock(),
            delivered_at=delivered_at,
        )
        try:
            if isinstance(event, Departure):
                return self._open_case(event, along)
            return self._act_on(heard, event, along)
        except CaseDamagedError as error:
            # Its sender cannot mend that, and others may come in the same delivery.
            raise UnreadableError(Unreadable.CASE_DAMAGED, str(error)) from error

    def _act_on(
        self, heard: Heard, event: Withdrawal | Ignored, along: Along
    ) -> HeardAs:
        """Act on what opens no case, and note each by itself what goes along."""
        self._names.learn(heard.source, along.learned)
        case = None
        match event:
            case Ignored(why):
                log.info("event.ignored", reason=why)
            case Withdrawal():
                case = self._withdraw(event)
                log.info("departure.withdrawn", case_id=case.id if case else None)
        self._resolved(heard.event_key)
        if along.delivered_at is not None:
            self._note_delivery(heard.source, along.delivered_at)
        is_ignored = isinstance(event, Ignored)
        return HeardAs(case.id if case else None, is_ignored=is_ignored)

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


def _learned(heard: Heard) -> Mapping[str, str]:
    """Tell what an event says of its ids: the next may give the id alone."""
    names = heard.names
    best = next(iter((*names.iam_ids, *names.emails)), None)
    return dict.fromkeys(names.ids, best) if best else {}


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
