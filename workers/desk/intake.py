"""What sources told and nobody could act on yet: looked up, or kept in quarantine.

Beside it how each source fares. Only ``body_of`` opens what a delivery says, for its
source to read it again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from config.sources import Sources
from workers.app import Sender
from workers.offboarding.errors import (
    ConflictError,
    NoSuchDeliveryError,
    StoreAwayError,
)
from workers.offboarding.heard import Hint, UnreadableError
from workers.offboarding.intake import (
    Kept,
    KeptBody,
    KeptState,
    SourceNote,
    SourceStats,
)
from workers.store.intake import Deliveries
from workers.store.sources import SourceNotes

log: structlog.stdlib.BoundLogger = structlog.get_logger()

PAGE: Final = 100


class Intake:
    """Deliveries that wait. Every method raises StoreAwayError, unless it says so."""

    def __init__(
        self,
        deliveries: Deliveries,
        notes: SourceNotes,
        sender: Sender,
        sources: Sources,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._deliveries = deliveries
        self._notes = notes
        self._sender = sender
        self._sources = sources
        self._clock = clock
        self._is_noting = True

    def await_look_up(self, hint: Hint, body: Mapping[str, Any]) -> str:
        """Store an event whose look-up a worker is to make; return its id.

        A repeat, by the hint's event key, is the same one.
        """
        kept_id = self._deliveries.keep_look_up(hint, body, self._clock())
        self._sender.look_up(kept_id)
        return kept_id

    def quarantine(
        self, source: str, key: str, body: Mapping[str, Any], error: UnreadableError
    ) -> str:
        """Keep a part that cannot be acted on, encrypted; return its id.

        A repeat, by its key, is the same one.
        """
        return self._deliveries.keep_unreadable(
            source, key, body, error.reason, error.text, self._clock()
        )

    def resolved(self, key: str) -> None:
        """Let go what is kept of an event that was acted on by now.

        The sender may have mended it and sent it again under its key.
        """
        if self._deliveries.resolved(key):
            log.info("quarantine.resolved")

    def let_go(self, kept_id: str) -> None:
        """Do the same where it was found by the step that took the event in."""
        if self._deliveries.let_go(kept_id):
            log.info("quarantine.resolved")

    def quarantined(
        self, *, after: str | None = None, limit: int = PAGE
    ) -> tuple[Kept, ...]:
        """List what is in quarantine, oldest first, from behind the id *after* on."""
        return self._deliveries.page(after, limit)

    def body_of(self, kept_id: str) -> KeptBody:
        """Open what a delivery in quarantine says.

        Raises:
            NoSuchDeliveryError: There is none of this id.
            ConflictError: ``expired``, or ``sealed`` with a key that is gone.
        """
        kept = self._deliveries.load(kept_id)
        if kept is None:
            raise NoSuchDeliveryError
        if kept.state is KeptState.EXPIRED:
            raise ConflictError(
                "Its body was removed when its time was over; it can only be dropped.",
                reason="expired",
            )
        body = self._deliveries.open(kept_id)
        if body is None:
            raise ConflictError(
                "It was encrypted with another OFFBOARD_SECRET_KEY: put that key back,"
                " or drop the delivery.",
                reason="sealed",
            )
        return body

    def drop(self, kept_id: str, actor: str) -> None:
        """Let a delivery in quarantine go for good.

        Raises:
            NoSuchDeliveryError: There is none of this id.
        """
        kept = self._deliveries.load(kept_id)
        if kept is None or not self._deliveries.drop(kept_id):
            raise NoSuchDeliveryError
        log.warning(
            "quarantine.dropped",
            quarantine_id=kept_id,
            source=kept.source,
            reason=kept.reason,
            actor=actor,
        )

    def replayed(self, kept_id: str) -> None:
        """Let a delivery go that was read again and acted on.

        One that waits for its look-up by now stays.
        """
        self._deliveries.drop(kept_id)

    def note_delivery(self, source: str, at: datetime) -> None:
        """Write down that a source spoke; best effort, raises nothing."""
        self._note(lambda: self._notes.delivered(source, at))

    def note_refusal(self, source: str, cause: str, at: datetime) -> None:
        """Write down that a delivery was refused, and why; best effort."""
        self._note(lambda: self._notes.refused(source, cause, at))

    def _note(self, write: Callable[[], None]) -> None:
        try:
            write()
        except StoreAwayError as error:
            # Once an outage: each delivery of it would say the same.
            if self._is_noting:
                log.warning("source.not_noted", fault=str(error))
            self._is_noting = False
        else:
            self._is_noting = True

    def sources(self) -> tuple[SourceStats, ...]:
        """Tell of every source whether it is on and how it fares."""
        notes = self._notes.all(name for name, _ in self._sources)
        waiting, kept = self._deliveries.counts()
        now = self._clock()
        return tuple(
            SourceStats(
                name=name,
                is_on=each.is_on,
                note=notes.get(name, SourceNote()),
                expected_hours=each.expected_hours,
                is_silent=each.is_on
                and notes[name].is_silent(each.expected_hours, now),
                look_ups=waiting.get(name, 0),
                quarantined=kept.get(name, 0),
            )
            for name, each in self._sources
        )
