"""Telling of crowds: cases that are held, or ended badly, for one reason at once.

Who is in one is decided by the step that writes the report (``finish.lua``); here the
one message is made that tells of all of them, and what came of it is written by
``marking.py``.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from workers.offboarding.crowd_notice import crowd_notice
from workers.offboarding.model import Channel
from workers.offboarding.ports import Clock
from workers.store.cases import Cases
from workers.store.together import Together

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Of more than these nobody reads the names.
_READ: Final = 100


class CrowdWatch:
    """Tells the channels of crowds.

    Args:
        together: What is told together.
        cases: Where the cases are.
        channels: To whom.
        public_url: The base of links; None where there are no pages.
        clock: The time.
    """

    def __init__(
        self,
        together: Together,
        cases: Cases,
        channels: Sequence[Channel],
        *,
        public_url: str | None,
        clock: Clock,
    ) -> None:
        self._together = together
        self._cases = cases
        self._channels = tuple(channels)
        self._public_url = public_url
        self._clock = clock

    def look(self) -> None:
        """Tell of each crowd whose time it is.

        Raises:
            StoreAwayError: What was not told is told at the next turn.
        """
        if not self._channels:
            return
        for crowd in self._together.crowds(self._clock()):
            self._tell(crowd)

    def _tell(self, crowd: str) -> None:
        span = self._together.untold(f"crowd:{crowd}")
        members = self._together.first(span, _READ)
        if not members:
            return
        ids = dict.fromkeys(one.case_id for one in members)
        many = self._together.count(span)
        notice = crowd_notice(
            crowd,
            self._cases.load_all(list(ids)),
            many=many,
            number=span.upto,
            at=self._clock(),
            public_url=self._public_url,
        )
        if self._together.tell(notice, self._channels, span, crowd=crowd):
            log.warning(
                "notice.made", kind=notice.kind, notice_id=notice.id, cases=many
            )
