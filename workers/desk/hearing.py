"""What a source told, acted on: a case opened, joined, or taken back."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from workers.offboarding.advice import cleaned
from workers.offboarding.heard import Heard, Unreadable, UnreadableError, understood
from workers.offboarding.model import Case, Departure, Ignored, SamePerson, Withdrawal
from workers.store.names import KnownNames

log = structlog.get_logger()

_LOGGED_IDS: Final = 5
_LOGGED_LENGTH: Final = 100


class Hearing:
    """Acts on events that are read; for the web and for the workers' look-ups."""

    def __init__(
        self,
        names: KnownNames,
        same_people: tuple[SamePerson, ...],
        *,
        open_case: Callable[[Departure], Case],
        withdraw: Callable[[Withdrawal], Case | None],
    ) -> None:
        self._names = names
        self._same_people = same_people
        self._open_case = open_case
        self._withdraw = withdraw

    def hear(self, heard: Heard, *, request_id: str | None = None) -> str | None:
        """Act on an event; return the id of its case, None where it has none.

        Raises:
            UnreadableError: It names nobody we can know, or two people.
            ConflictError: ``event_key``, used for another person before.
        """
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
        match event:
            case Ignored(why):
                log.info("event.ignored", reason=why)
                return None
            case Withdrawal():
                case = self._withdraw(event)
                log.info("departure.withdrawn", case_id=case.id if case else None)
                return case.id if case else None
            case Departure():
                return self._open_case(event).id

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
