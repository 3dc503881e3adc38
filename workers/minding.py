"""Minding the intake: what people have to be told of it, found again at each look.

Nothing is told from the request that stored it, so that nothing is missed when a web
process dies: a worker finds what was not told. A notice is put into the outbox first
and written down then; who dies between the two does it once more, under the same id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from config.sources import Sources
from workers.offboarding.intake_notice import quarantined, running_out, silent
from workers.offboarding.model import Channel
from workers.offboarding.notice import Notice
from workers.store.intake import Deliveries
from workers.store.notices import Notices
from workers.store.sources import SourceNotes

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Minding:
    """Looks after quarantine and the sources."""

    deliveries: Deliveries
    notes: SourceNotes
    notices: Notices
    channels: tuple[Channel, ...]
    sources: Sources
    clock: Callable[[], datetime]

    def look(self) -> None:
        """Tell what is to be told now, and remove the bodies whose time is over.

        Raises:
            StoreAwayError: What was not told is told at the next look.
        """
        now = self.clock()
        # Without a channel nothing counts as told, so that it is once there is one.
        if self.channels:
            self._tell_kinds(now)
            self._tell_running_out(now)
        self._expire(now)
        self._mind_silence(now)

    def _tell_kinds(self, now: datetime) -> None:
        for kind in self.deliveries.untold():
            self._tell(quarantined(kind, at=now))
            self.deliveries.told(kind)

    def _tell_running_out(self, now: datetime) -> None:
        for kind, members in self.deliveries.running_out(now).items():
            self._tell(running_out(kind, at=now))
            self.deliveries.warned(members)

    def _expire(self, now: datetime) -> None:
        # After telling: nothing goes of which nobody was told before.
        gone = self.deliveries.expire(now)
        if gone:
            log.warning("quarantine.expired", deliveries=gone)

    def _mind_silence(self, now: datetime) -> None:
        """Tell of each source that is on and did not speak as it should have, once."""
        self.notes.seen({name: each.is_on for name, each in self.sources}, now)
        notes = self.notes.all(name for name, _ in self.sources)
        for name, each in self.sources:
            note, hours = notes[name], each.expected_hours
            if not self.channels or hours is None or not each.is_on:
                continue
            since = note.quiet_since
            is_told = since is None or note.silence_told == since
            if is_told or since is None or not note.is_silent(hours, now):
                continue
            self._tell(silent(name, note, expected_hours=hours, at=now))
            self.notes.silence_told(name, since)

    def _tell(self, notice: Notice) -> None:
        if self.notices.add(notice, self.channels):
            log.warning("notice.made", kind=notice.kind, notice_id=notice.id)
