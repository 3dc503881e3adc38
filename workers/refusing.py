"""A channel that refuses: noted where it is told, and told by the other channels.

Told first and written then: who dies between the two tells it once more under the same
name, which the outbox takes for the same notice.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from workers.offboarding.health import Check
from workers.offboarding.model import (
    Case,
    Channel,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.notice import Notice, NoticeLine
from workers.offboarding.ports import Notifier
from workers.offboarding.refusals import Refusal, refusal_checks, refused_notice
from workers.store.notices import Notices
from workers.store.refusals import Refusals

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class NotedNotifier:
    """A channel of which it is noted whether it takes what it is told."""

    def __init__(
        self,
        channel: Channel,
        notifier: Notifier,
        refusals: Refusals,
        clock: Callable[[], datetime],
        room: str = "",
    ) -> None:
        self._room = room
        self._channel = channel
        self._notifier = notifier
        self._refusals = refusals
        self._clock = clock

    def takes(self, kind: ReportKind) -> bool:
        """Tell what the channel takes; see the port."""
        return self._notifier.takes(kind)

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Send, and note how that went; see the port."""
        after = self._notifier.deliver(case, line)
        # A change of a message says nothing of what is told anew.
        if line.root is None:
            self._note(after.state, after.detail)
        return after

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Send, and note how that went; see the port."""
        after = self._notifier.tell(notice, line)
        self._note(after.state, after.detail)
        return after

    def _note(self, state: ReportState, detail: str) -> None:
        if state is ReportState.FAILED:
            self._refusals.refused(self._channel, detail, self._clock(), self._room)
        elif state is ReportState.SENT:
            self._refusals.took(self._channel, self._room)


def noted(
    notifiers: Mapping[Channel, Notifier],
    refusals: Refusals,
    clock: Callable[[], datetime],
    room: str = "",
) -> dict[Channel, Notifier]:
    """Have it noted of each channel whether it takes what it is told.

    A *room* is named by its account.
    """
    return {
        channel: NotedNotifier(channel, one, refusals, clock, room)
        for channel, one in notifiers.items()
    }


class RefusalWatch:
    """Tells the other channels of one that refuses; of a room, the service's own."""

    def __init__(
        self,
        refusals: Refusals,
        notices: Notices,
        channels: tuple[Channel, ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._refusals = refusals
        self._notices = notices
        self._channels = channels
        self._clock = clock
        self._logged: set[tuple[Channel, str, datetime]] = set()

    def look(self) -> None:
        """Tell of each channel that refuses and was not told of.

        Raises:
            StoreAwayError: What was not told is told at the next look.
        """
        refusals = self._refusals.listed()
        others = tuple(one for one in self._channels if one not in refusals)
        own = {(each, ""): one for each, one in refusals.items()}
        for (channel, room), refusal in {**own, **self._refusals.in_rooms()}.items():
            if (channel, room) not in self._places or refusal.is_told:
                continue
            self._log(channel, room, refusal)
            # Where no channel is left, the log and the doctor have to say it.
            if others:
                now = self._clock()
                notice = refused_notice(channel, refusal, at=now, room=room)
                self._notices.add(notice, others)
                self._refusals.told(channel, refusal, room)

    def _log(self, channel: Channel, room: str, refusal: Refusal) -> None:
        if (channel, room, refusal.since) in self._logged:
            return
        account = room or None
        log.error(
            "channel.refuses", channel=channel, account_id=account, code=refusal.code
        )
        self._logged.add((channel, room, refusal.since))

    @property
    def _places(self) -> tuple[tuple[Channel, str], ...]:
        """Return the channels and rooms that are set up."""
        rooms = self._notices.rooms.items()
        return (
            *((each, "") for each in self._channels),
            *((each, account_id) for account_id, there in rooms for each in there),
        )

    def checks(self) -> tuple[Check, ...]:
        """Say which channels and rooms refuse now; StoreAwayError."""
        own = {(each, ""): one for each, one in self._refusals.listed().items()}
        found = {**own, **self._refusals.in_rooms()}
        return refusal_checks(found, self._places)
