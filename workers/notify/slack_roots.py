"""The message of a case under way: posted, changed as a whole, posted anew when gone.

What is said of the case besides answers it. Which of that is to be said the caller
decides.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

import structlog

from workers.notify.slack_answers import Answer, Fate
from workers.notify.slack_blocks import Block, Message
from workers.notify.slack_posting import Wording, line_of, sent
from workers.offboarding.model import (
    Case,
    ReportKind,
    ReportLine,
    ReportState,
    Root,
)
from workers.offboarding.ports import Clock
from workers.offboarding.report import failures_report
from workers.offboarding.report.progress import ended_badly

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Somebody deleted the message, or it may not be changed any more.
_GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed"}
)
# What is answered is not there any more, or takes no answers.
_NO_THREAD: Final = frozenset(
    {
        "thread_not_found",
        "message_not_found",
        "cannot_reply_to_message",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
    }
)
# A workspace may forbid changes altogether: then one message after the other is "gone".
_MOST_POSTS: Final = 3


@dataclass(frozen=True, slots=True)
class Answering:
    """Which message is answered, and whether the channel is shown the answer too."""

    ts: str
    broadcast: bool

    @property
    def asked(self) -> dict[str, Any]:
        """Return what Slack is asked."""
        return {"thread_ts": self.ts, "reply_broadcast": self.broadcast}


class Posting(Protocol):
    """The two calls that are needed here."""

    def post(
        self,
        text: str,
        blocks: list[Block] | None,
        answering: Answering | None = None,
    ) -> Answer:
        """Post a message, or answer one."""

    def change(
        self, place: str, ts: str, text: str, blocks: list[Block] | None
    ) -> Answer:
        """Change a message as a whole."""


class Roots:
    """Keeps the messages of cases in one channel."""

    def __init__(
        self, slack: Posting, channel_id: str, wording: Wording, clock: Clock
    ) -> None:
        self._slack = slack
        self._channel_id = channel_id
        self._wording = wording
        self._clock = clock

    def keep(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the message of *case*, or bring it up to date.

        Raises:
            TransientError: Nothing was posted or changed.
        """
        root = line.root
        if root is None:
            return self._begun(case, line)
        if root.telling:
            return self._told(case, line, root)
        message = self._wording.of(case, ReportKind.STARTED)
        digest = digest_of(message)
        if digest == root.digest:
            return replace(line, root=replace(root, faults=0))
        return replace(line, root=self._changed(case, root, message, digest))

    def answer(self, case: Case, line: ReportLine, message: Message) -> Answer:
        """Post *message* below that of its case, or by itself where there is none.

        An end, and what asks for a decision, are shown in the channel too: changes and
        answers alone notify nobody.
        """
        # A room has no message that is kept.
        started = None if line.room else case.started_on(line.channel)
        root = started.root if started is not None else None
        broadcast = line.kind in (ReportKind.FINAL, ReportKind.HELD)
        return self._below(root, message, broadcast=broadcast)

    def _below(self, root: Root | None, message: Message, *, broadcast: bool) -> Answer:
        if root is None or root.place != self._channel_id:
            return sent(self._slack.post, message)
        answering = Answering(root.id, broadcast)
        answer = sent(partial(self._slack.post, answering=answering), message)
        if answer.code in _NO_THREAD:
            log.info("report.without_thread", channel="slack", code=answer.code)
            return sent(self._slack.post, message)
        return answer

    def _begun(self, case: Case, line: ReportLine) -> ReportLine:
        message = self._wording.of(case, ReportKind.STARTED)
        answer, now = sent(self._slack.post, message), self._clock()
        line = line_of(line, answer, now)
        if line.state is not ReportState.SENT or not answer.ts:
            return line
        told = tuple(one.target.id for one in ended_badly(case))
        place = answer.place or self._channel_id
        root = Root(place, answer.ts, digest_of(message), now, told)
        return replace(line, root=root)

    def _told(self, case: Case, line: ReportLine, root: Root) -> ReportLine:
        """Say what failed; what was perhaps said is not said again."""
        report = failures_report(case, root.telling)
        answer = self._below(root, self._wording.as_message(report), broadcast=False)
        log.info("report.failures_told", channel="slack", code=answer.code)
        return line

    def _changed(self, case: Case, root: Root, message: Message, digest: str) -> Root:
        answer = sent(partial(self._slack.change, root.place, root.id), message)
        now = self._clock()
        if answer.fate is Fate.SENT:
            return replace(root, digest=digest, shown_at=now, faults=0)
        log.info("report.not_changed", channel="slack", code=answer.code)
        is_gone = answer.code in _GONE
        if is_gone and case.is_over:
            # How it ended is told by its last report.
            return replace(root, faults=0)
        if is_gone and root.posts < _MOST_POSTS:
            return self._anew(root, message, digest, now)
        return replace(root, faults=root.faults + 1)

    def _anew(self, root: Root, message: Message, digest: str, now: datetime) -> Root:
        answer = sent(self._slack.post, message)
        tried = replace(root, posts=root.posts + 1)
        if answer.fate is not Fate.SENT or not answer.ts:
            return replace(tried, faults=root.faults + 1)
        return replace(
            tried,
            place=answer.place or self._channel_id,
            id=answer.ts,
            digest=digest,
            shown_at=now,
            faults=0,
        )


def digest_of(message: Message) -> str:
    """Return what tells whether two messages show the same."""
    shown = json.dumps([message.text, message.blocks], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()
