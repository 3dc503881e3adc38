"""Telling of cases that cannot be read: once for each time that one is damaged.

Told first and written then: who dies between the two tells it once more under the same
name, which the outbox takes for the same notice.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.offboarding.damaged import check_of, damaged_cases
from workers.offboarding.health import Check
from workers.offboarding.model import Channel
from workers.store.cases import Cases
from workers.store.codec import CANNOT_BE_READ
from workers.store.damaged import Damaged
from workers.store.evidence import Evidence
from workers.store.notices import Notices

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_EVERY: Final = timedelta(minutes=10)


class DamageWatch:
    """Tells the channels which cases cannot be read, and knows which still cannot."""

    def __init__(
        self,
        damaged: Damaged,
        cases: Cases,
        evidence: Evidence,
        notices: Notices,
        channels: tuple[Channel, ...],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._damaged = damaged
        self._cases = cases
        self._evidence = evidence
        self._notices = notices
        self._channels = channels
        self._clock = clock
        self._not_yet = clock() + _EVERY

    def look(self) -> None:
        """Tell what was met and not told yet.

        Raises:
            StoreAwayError: What was not told is told at the next look.
        """
        now = self._clock()
        if now >= self._not_yet:
            self._not_yet = now + _EVERY
            self._listed()
        fresh = self._damaged.untold() if self._channels else []
        if not fresh:
            return
        notice = damaged_cases(fresh, mends=self._damaged.mends(), at=now)
        if self._notices.add(notice, self._channels):
            log.error("notice.made", kind=notice.kind, notice_id=notice.id)
        self._damaged.told(fresh)

    def checks(self) -> tuple[Check, ...]:
        """Say which cases cannot be read now; StoreAwayError."""
        return (check_of(self._listed()),)

    def _listed(self) -> list[str]:
        """Read what was met once more; what can be read by now is listed no more."""
        listed = self._damaged.listed()
        unread = {*self._cases.read(listed).damaged} if listed else set[str]()
        bad = {one for one in listed if one in unread or self._has_bad_entry(one)}
        self._damaged.mended([one for one in listed if one not in bad])
        return sorted(bad)

    def _has_bad_entry(self, case_id: str) -> bool:
        try:
            self._cases.ledger(case_id)
        except CANNOT_BE_READ:
            return True
        return not self._evidence.can_read(case_id)
