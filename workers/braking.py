"""Telling of the brake: one notice once the rush is over, and reminders until decided.

Told first and written then: who dies between the two tells it once more under the same
name, which the outbox takes for the same notice.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from workers.desk.brake import Braking
from workers.offboarding.brake_notice import brake_notice
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Channel
from workers.offboarding.steps.holding import QUARTER, next_reminder
from workers.store.brake import Brakes, Episode, Stand
from workers.store.notices import Notices

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The rush is over when nothing more was held for so long; one that goes on is told of.
_QUIET: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(seconds=30)
_LIST_AGAIN: Final = timedelta(minutes=1)


class BrakeWatch:
    """Tells the channels what the brake holds."""

    def __init__(
        self,
        braking: Braking,
        brakes: Brakes,
        notices: Notices,
        channels: tuple[Channel, ...],
    ) -> None:
        self._braking = braking
        self._brakes = brakes
        self._notices = notices
        self._channels = channels
        self._not_yet = datetime.min.replace(tzinfo=UTC)

    def look(self) -> None:
        """Tell what is to be told now; a store that is away is asked next time."""
        try:
            self._look()
        except StoreAwayError as error:
            log.warning("brake.left", fault=str(error))

    def _look(self) -> None:
        stand = self._brakes.stand()
        episode = stand.episode
        if episode is None or not self._channels:
            return
        if episode.reminded is None:
            if _is_quiet(stand, episode):
                self._tell(stand, episode, 0)
            return
        if self._is_due(stand.now, episode, episode.reminded):
            self._tell(stand, episode, episode.reminded + 1)

    def _is_due(self, now: datetime, episode: Episode, reminded: int) -> bool:
        """Tell whether it is time to remind; who is gone makes that more often."""
        told_at, said_at = episode.told_at, episode.said_at
        if told_at is None or said_at is None or now < said_at + QUARTER:
            return False
        if now >= next_reminder(told_at, reminded, is_gone=False):
            return True
        if now < next_reminder(told_at, reminded, is_gone=True) or now < self._not_yet:
            return False
        # Who is gone by the owner index only the whole list tells, which is not asked
        # for at every turn.
        self._not_yet = now + _LIST_AGAIN
        return any(one.is_gone for one in self._braking.whole().waiting)

    def _tell(self, stand: Stand, episode: Episode, reminded: int) -> None:
        brake = self._braking.whole()
        if not brake.is_on:
            return
        notice = brake_notice(
            brake, began_at=episode.began_at, reminded=reminded, at=stand.now
        )
        if self._notices.add(notice, self._channels):
            log.warning(
                "notice.made",
                kind=notice.kind,
                notice_id=notice.id,
                waiting=stand.waiting,
            )
        self._brakes.said(episode, reminded, stand.now)


def _is_quiet(stand: Stand, episode: Episode) -> bool:
    is_over = stand.last_at is not None and stand.now - stand.last_at >= _QUIET
    return is_over or stand.now - episode.began_at >= _LONGEST
