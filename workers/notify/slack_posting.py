"""What posts to Slack share: the words of a report, one try and one as text, a line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from workers.notify.lines import OutboxLine
from workers.notify.slack_answers import Answer, Fate
from workers.notify.slack_blocks import Block, Message, message_of
from workers.notify.slack_buttons import buttons_of
from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportKind, ReportState
from workers.offboarding.ports import Clock
from workers.offboarding.report import Here, Report, report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Post = Callable[[str, list[Block] | None], Answer]


@dataclass(frozen=True, slots=True)
class Wording:
    """How reports are worded here, and where their page is.

    ``here`` is the account whose room this is; None: the service's own channel.
    """

    public_url: str | None
    settle: timedelta
    clock: Clock
    evidence_key: str | None = None
    has_buttons: bool = False
    approvers: Approvers = ANYBODY
    here: Here | None = None

    def of(self, case: Case, kind: ReportKind) -> Message:
        """Put a report of *case* into a message, with what may be pressed."""
        report = report_of(
            case,
            kind,
            now=self.clock(),
            settle=self.settle,
            evidence_key=self.evidence_key,
            approvers=self.approvers,
            here=self.here,
        )
        return self.as_message(report, buttons_of(case, kind))

    def as_message(self, report: Report, buttons: Sequence[Block] = ()) -> Message:
        """Put any report into a message; its *buttons* only where presses come in."""
        shown = buttons if self.has_buttons else ()
        return message_of(report, self.public_url, shown)


def sent(post: Post, message: Message) -> Answer:
    """Post *message*, and once more as text where its blocks are refused.

    Raises:
        TransientError: It certainly did not arrive and may later.
    """
    answer = post(message.text, message.blocks)
    if answer.fate is Fate.AS_TEXT:
        answer = post(message.as_text, None)
    if answer.fate in (Fate.WAIT, Fate.NEVER_LEFT):
        log.info("report.postponed", channel="slack", code=answer.code)
        raise TransientError(
            f"Slack did not take the message: {answer.code}.",
            retry_after_seconds=answer.wait_seconds,
        )
    return answer


def line_of(line: OutboxLine, answer: Answer, now: datetime) -> OutboxLine:
    """Return *line* as a post left it."""
    state = {
        Fate.SENT: ReportState.SENT,
        Fate.MAYBE: ReportState.UNKNOWN,
    }.get(answer.fate, ReportState.FAILED)
    log.info("report.delivered", channel="slack", state=state, code=answer.code)
    return replace(line, state=state, at=now, tries=line.tries + 1, detail=answer.code)
