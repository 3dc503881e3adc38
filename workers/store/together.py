"""Report lines that one notice tells of together, and what came of it in each case.

``finish.lua`` numbers them as they come. A notice tells of a span of numbers; how it
fared on a channel is then written into each case, some of them at a time.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.crowd import APART
from workers.offboarding.model import Channel, Entry, ReportLine
from workers.offboarding.notice import Notice, NoticeLine
from workers.store.codec import encode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.kinds import millis_of
from workers.store.notices import REMEMBERED_SECONDS

DIGEST: Final = "digest"
_CROWDS: Final = f"{PREFIX}crowds"
_TOLD: Final = f"{PREFIX}together:told"
_MARKED: Final = f"{PREFIX}together:marked"


@dataclass(frozen=True, slots=True)
class Span:
    """The lines that came after number *since*, *upto* being the last."""

    queue: str
    since: int
    upto: int


@dataclass(frozen=True, slots=True)
class Day:
    """Of which day the last digest was, and its figures as they were written."""

    day: str
    record: str


@dataclass(frozen=True, slots=True)
class Member:
    """One case's report of a kind, on all its channels, and its number."""

    case_id: str
    report: str
    number: int

    def line_id(self, channel: Channel) -> str:
        """Name the line of one channel."""
        return f"{channel}:{self.report}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A line as it was read and as it shall be, with what the ledger gains."""

    case_id: str
    before: str
    line: ReportLine
    entry: Entry


class Together:
    """What is told together. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def untold(self, queue: str) -> Span:
        """Tell which lines of a queue no notice told of yet."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hget(f"{PREFIX}together:upto", queue)
            pipe.zrange(_queue(queue), -1, -1, withscores=True)
            since, last = pipe.execute()
        told = int(since or 0)
        return Span(queue, told, max(told, int(last[0][1]) if last else 0))

    def count(self, span: Span) -> int:
        """Count the lines of a span."""
        with faults():
            return int(
                self._client.zcount(_queue(span.queue), f"({span.since}", span.upto)
            )

    def first(self, span: Span, limit: int) -> list[Member]:
        """List the first lines of a span."""
        with faults():
            rows = self._client.zrange(
                _queue(span.queue),
                span.since + 1,
                span.upto,
                byscore=True,
                offset=0,
                num=limit,
                withscores=True,
            )
        return [_member(str(row[0]), int(row[1])) for row in rows]

    def tell(
        self,
        notice: Notice,
        channels: Iterable[Channel],
        span: Span,
        *,
        day: Day | None = None,
        crowd: str | None = None,
    ) -> bool:
        """Have *channels* told of *notice*, which tells of the lines of *span*.

        With a *day* it is that day's digest, unless that or a later one was told; with
        a *crowd* it tells of that one.

        Returns:
            False where somebody was faster; nothing is written then.
        """
        lines = {one: encode(NoticeLine(one)) for one in channels}
        if not lines:
            return False
        answer = self._scripts.call(
            "together_tell",
            queue=span.queue,
            since=span.since,
            upto=span.upto,
            id=notice.id,
            op=uuid.uuid4().hex,
            notice=encode(notice),
            lines=lines,
            ttl=REMEMBERED_SECONDS,
            day=day.day if day else None,
            record=day.record if day else None,
            crowd=crowd,
            apart_ms=int(APART.total_seconds() * 1000),
        )
        return bool(answer)

    def crowds(self, now: datetime) -> list[str]:
        """List the crowds that are to be told of by now, by name."""
        with faults():
            found = self._client.zrangebyscore(_CROWDS, "-inf", millis_of(now))
        return [str(one) for one in found]

    def told(self) -> dict[str, Span]:
        """List the notices of which the fate is not in all their cases yet, by id."""
        with faults():
            found = self._client.hgetall(_TOLD)
        return {str(one): Span(**json.loads(span)) for one, span in found.items()}

    def marked(self, notice_id: str, channel: Channel) -> int:
        """Tell up to which number the cases have how a channel fared."""
        with faults():
            found = self._client.hget(_MARKED, f"{notice_id}|{channel}")
        return int(found or 0)

    def is_over(self, notice_id: str, channel: Channel) -> bool:
        """Tell whether a channel is told of a notice no more, for whatever reason."""
        member = f"{notice_id}|{channel}"
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.zscore(f"{PREFIX}notices:due", member)
            pipe.zscore(f"{PREFIX}restored:notices", member)
            due, held = pipe.execute()
        return due is None and held is None

    def texts(self, members: Sequence[Member], channel: Channel) -> list[str | None]:
        """Read the lines of one channel as they are kept; None where there is none."""
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in members:
                pipe.hget(f"{PREFIX}case:{one.case_id}:reports", one.line_id(channel))
            found = pipe.execute()
        return [None if one is None else str(one) for one in found]

    def mark(
        self, notice_id: str, channel: Channel, upto: int, marks: Iterable[Mark]
    ) -> int:
        """Write lines of cases, each only where it is as it was read; how many were."""
        answer = self._scripts.call(
            "together_mark",
            id=notice_id,
            channel=channel,
            upto=upto,
            marks=[
                {
                    "case": one.case_id,
                    "line": one.line.id,
                    "before": one.before,
                    "after": encode(one.line),
                    "entry": encode(one.entry),
                }
                for one in marks
            ],
        )
        return int(answer)

    def forget(self, notice_id: str, span: Span) -> None:
        """Take what every case knows by now off the lists."""
        fields = [f"{notice_id}|{one}" for one in Channel]
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(_queue(span.queue), f"({span.since}", span.upto)
            pipe.hdel(_TOLD, notice_id)
            pipe.hdel(_MARKED, *fields)
            pipe.execute()


def member_of_report(case_id: str, line: ReportLine) -> str:
    """Name a report of a case, the lines of all its channels alike."""
    return f"{case_id}|{line.kind}:{line.number}"


def _member(name: str, number: int) -> Member:
    case_id, _, report = name.partition("|")
    return Member(case_id, report, number)


def _queue(queue: str) -> str:
    return f"{PREFIX}together:{queue}"
