"""The stuck watch: cases that stand still are told to the channel, once each time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.offboarding.model import CaseStatus, Channel
from workers.offboarding.stuck import AT_WORK, Still, still, stuck
from workers.store.cases import Cases
from workers.store.notices import Notices
from workers.store.progress import Progress

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_EVERY: Final = timedelta(minutes=2)
# A look takes no longer with a hundred thousand cases: the next goes on behind it.
_AT_ONCE: Final = 200


class StuckWatch:
    """Looks through the cases that are at work.

    Args:
        cases: Where they are.
        progress: When something was last done for them.
        notices: Where what is found is told.
        channels: To whom.
        patience: How long nothing may be written of a case that waits for nobody.
        clock: The time.
    """

    def __init__(
        self,
        cases: Cases,
        progress: Progress,
        notices: Notices,
        channels: tuple[Channel, ...],
        *,
        patience: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._cases = cases
        self._progress = progress
        self._notices = notices
        self._channels = channels
        self._patience = patience
        self._clock = clock
        # After an outage the workers first work off what is due.
        self._not_yet = clock() + _EVERY
        self._after = dict.fromkeys(AT_WORK, "")

    def look(self) -> None:
        """Look through the next cases, if it is time.

        Raises:
            StoreAwayError: They are looked through at the next turn.
        """
        now = self._clock()
        if now < self._not_yet:
            return
        found = [one for status in AT_WORK for one in self._next(status, now)]
        # What went on, or is over, is on none of those pages any more.
        self._stills(self._progress.stuck(_AT_ONCE), now)
        fresh = self._progress.untold(found)
        if fresh:
            # Told first and written then: who dies between the two tells it once more,
            # under the same id.
            self._notices.add(stuck(fresh, at=now), self._channels)
            self._progress.told(fresh)
        for one in fresh:
            log.error("case.stands_still", case_id=one.case_id, since=str(one.since))
        self._not_yet = now + _EVERY

    def _next(self, status: CaseStatus, now: datetime) -> list[Still]:
        """Look through the next page of one status."""
        after = self._after[status]
        ids = self._progress.oldest(status, after=after, limit=_AT_ONCE)
        self._after[status] = ids[-1] if len(ids) == _AT_ONCE else ""
        return self._stills(ids, now)

    def _stills(self, ids: list[str], now: datetime) -> list[Still]:
        """Find those that stand still, and write down which do."""
        if not ids:
            return []
        last = self._progress.last_entries(ids)
        cases = self._cases.load_all(ids)
        found = [still(one, last.get(one.id), now, self._patience) for one in cases]
        stills = [one for one in found if one is not None]
        self._progress.looked_at(ids, stills, now)
        return stills
