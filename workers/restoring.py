"""Telling of a restored store: once for each finding, with what is due in it.

Told first and written then: who dies between the two tells it once more under the same
name, which the outbox takes for the same notice.
"""

import structlog

from workers.desk.restoring import Restoring
from workers.offboarding.model import Channel
from workers.offboarding.restored_notice import restored_notice
from workers.store.notices import Notices

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class RestoreWatch:
    """Tells the channels that everything waits, and why."""

    def __init__(
        self, restoring: Restoring, notices: Notices, channels: tuple[Channel, ...]
    ) -> None:
        self._restoring = restoring
        self._notices = notices
        self._channels = channels

    def is_on(self) -> bool:
        """Tell whether a finding waits to be confirmed; StoreAwayError."""
        return self._restoring.is_restored()

    def look(self) -> None:
        """Tell what was found and not told yet.

        Raises:
            StoreAwayError: What was not told is told at the next look.
        """
        found = self._restoring.found()
        # Without a channel it does not count as told, so that it is once there is one.
        if found is None or found.is_told or not self._channels:
            return
        restored = self._restoring.restored(with_scheduled=False)
        if restored is None:
            return
        notice = restored_notice(restored)
        if self._notices.add(notice, self._channels):
            log.error("notice.made", kind=notice.kind, notice_id=notice.id)
        self._restoring.told(restored.found)
