"""Telling: a notice's outbox emptied, one channel at a time, as a report's is.

A notice was found outside of any case, so no case's ledger tells how it fared: the log
does, and the store lists what failed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from workers.offboarding.discovery import asked_wait
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeLine
from workers.offboarding.ports import Clock, Notifier
from workers.offboarding.steps.reporting import (
    NOT_SET_UP,
    TRIES,
    UNKNOWN_PAUSES,
    UNSET_TRIES,
)
from workers.offboarding.steps.tools import CRASH_LIMIT, pause
from workers.store.codec import CANNOT_BE_READ
from workers.store.notices import Notices

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_OVER: Final = (ReportState.SENT, ReportState.FAILED)


def tell(
    notices: Notices,
    notifiers: Mapping[Channel, Notifier],
    notice_id: str,
    channel: Channel,
    clock: Clock,
    rooms: Mapping[str, Mapping[Channel, Notifier]] | None = None,
) -> None:
    """Tell one channel of one notice, and write how that went and when it is due again.

    *rooms* are the channels of accounts, by account id.

    Raises:
        StoreAwayError: What was told may not be written; it is due again in a minute.
    """
    try:
        notice, line = notices.load(notice_id), notices.line(notice_id, channel)
    except CANNOT_BE_READ as error:
        # It stays due, and is told by who can read it: a newer version, most likely.
        log.warning("notice.left", notice_id=notice_id, fault=type(error).__name__)
        return
    if notice is None or line is None or line.state in _OVER:
        return
    there = (rooms or {}).get(line.room, {}) if line.room else notifiers
    notifier = there.get(channel)
    begun = notices.begin(notice_id, channel)
    if not begun:
        return
    wait = pause(line.tries, longest_seconds=300)
    if notifier is None and line.tries < UNSET_TRIES:
        # Another worker may have read of it in the settings, and this one not yet.
        line = replace(line, tries=line.tries + 1, detail=NOT_SET_UP)
    elif notifier is None:
        line = _failed(line, NOT_SET_UP)
    elif begun > CRASH_LIMIT:
        text = f"{begun - 1} workers ended without a word while they had it."
        line = _failed(line, text)
    else:
        try:
            line = notifier.tell(notice, line)
        except TransientError as error:
            line = replace(line, tries=line.tries + 1, detail=str(error))
            wait = max(wait, timedelta(seconds=asked_wait(error)))
    _put_down(notices, notice_id, line, wait, clock)


def _failed(line: NoticeLine, detail: str) -> NoticeLine:
    return replace(line, state=ReportState.FAILED, detail=detail)


def _put_down(
    notices: Notices, notice_id: str, line: NoticeLine, wait: timedelta, clock: Clock
) -> None:
    now = clock()
    if line.state is ReportState.UNKNOWN and line.lost < len(UNKNOWN_PAUSES):
        wait = timedelta(seconds=UNKNOWN_PAUSES[line.lost])
        notices.put(notice_id, replace(line, lost=line.lost + 1), now + wait)
        return
    if line.state is ReportState.PENDING and line.tries < TRIES:
        notices.put(notice_id, line, now + wait)
        return
    if line.state is ReportState.PENDING:
        line = _failed(line, line.detail)
    line = replace(line, at=now)
    notices.put(notice_id, line, None)
    say = log.error if line.state is ReportState.FAILED else log.info
    say(
        f"notice.{line.state}",
        notice_id=notice_id,
        channel=line.channel,
        detail=line.detail or None,
    )
