"""Marking: how a notice fared that told of many cases, written into each of them.

Some cases at a time, so that a digest of ten thousand holds nobody up. A line is
written only where it is as it was read, so that who dies over it does it once more.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from workers.offboarding.model import Channel, Entry, ReportLine, ReportState, Step
from workers.offboarding.notice import NoticeLine
from workers.offboarding.ports import Clock
from workers.store.codec import CANNOT_BE_READ, decode
from workers.store.notices import Notices
from workers.store.together import Mark, Member, Span, Together

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Cases in one call, and calls at a turn: the rest has the next.
_AT_ONCE: Final = 100
_CALLS: Final = 10
_NOT_SET_UP = NoticeLine(
    Channel.SLACK, ReportState.FAILED, detail="The channel was not set up any more."
)


class Marking:
    """Writes what became of notices into the cases they tell of."""

    def __init__(self, together: Together, notices: Notices, clock: Clock) -> None:
        self._together = together
        self._notices = notices
        self._clock = clock

    def mark(self) -> None:
        """Write what is known by now, at most so much of it.

        Raises:
            StoreAwayError: What was not written is at the next turn.
        """
        calls = _CALLS
        for notice_id, span in self._together.told().items():
            ends = [
                self._marked(notice_id, span, channel, calls) for channel in Channel
            ]
            if all(is_whole for is_whole, _ in ends):
                self._together.forget(notice_id, span)
            calls -= sum(used for _, used in ends)
            if calls <= 0:
                return

    def _marked(
        self, notice_id: str, span: Span, channel: Channel, calls: int
    ) -> tuple[bool, int]:
        """Write how one channel fared; whether in all cases, and in how many calls."""
        fate = self._fate(notice_id, channel)
        if fate is None:
            return False, 0
        after = max(span.since, self._together.marked(notice_id, channel))
        for used in range(calls):
            left = replace(span, since=after)
            members = self._together.first(left, _AT_ONCE) if after < span.upto else []
            if not members:
                return True, used
            after = members[-1].number
            self._write(notice_id, channel, fate, members)
        return False, calls

    def _fate(self, notice_id: str, channel: Channel) -> NoticeLine | None:
        """Tell how a notice fared on a channel in the end; None while it may change."""
        if not self._together.is_over(notice_id, channel):
            return None
        line = self._notices.line(notice_id, channel) or _NOT_SET_UP
        # Put off, and not yet back on the list of what is due: it has no end.
        return None if line.state is ReportState.PENDING else line

    def _write(
        self,
        notice_id: str,
        channel: Channel,
        fate: NoticeLine,
        members: Sequence[Member],
    ) -> None:
        texts = self._together.texts(members, channel)
        pairs = zip(members, texts, strict=True)
        marks = [self._mark(notice_id, fate, *pair) for pair in pairs]
        written = self._together.mark(
            notice_id, channel, members[-1].number, [one for one in marks if one]
        )
        say = log.error if fate.state is ReportState.FAILED else log.info
        say(
            f"report.{fate.state}",
            notice_id=notice_id,
            channel=channel,
            cases=written,
        )

    def _mark(
        self, notice_id: str, fate: NoticeLine, member: Member, text: str | None
    ) -> Mark | None:
        if text is None:
            return None
        try:
            line = decode(text, ReportLine)
        except CANNOT_BE_READ:
            return None
        if line.state is not ReportState.PENDING:
            return None
        how = f"Told by the notice {notice_id}. {fate.detail}".strip()
        now = replace(line, state=fate.state, at=fate.at or self._clock(), detail=how)
        entry = Entry(
            self._clock(),
            f"report.{fate.state}",
            step=Step.DELIVER,
            target_id=now.id,
            detail=how,
        )
        return Mark(member.case_id, text, now, entry)
