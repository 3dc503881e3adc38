"""Reports and notices to Slack, as a bot or by webhook; knows no other channel.

Slack has no key that makes a post happen once, so a post is never repeated here: what
certainly did not arrive is told from what may have, and the caller decides.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError

from config.settings import Secret
from workers.notify.lines import OutboxLine
from workers.notify.slack_answers import (
    FAULTS,
    Answer,
    Fate,
    of_fault,
    of_refusal,
    of_webhook,
)
from workers.notify.slack_blocks import Block, Message, message_of
from workers.notify.slack_clients import web_client, webhook_client
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportLine, ReportState
from workers.offboarding.notice import Notice, NoticeLine, report_of_notice
from workers.offboarding.ports import Clock
from workers.offboarding.report import report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SlackBot:
    """Posts reports into one channel with a bot's token."""

    def __init__(
        self,
        token: Secret,
        channel_id: str,
        *,
        api_url: str,
        public_url: str | None,
        settle: timedelta,
        clock: Clock,
        evidence_key: str | None = None,
    ) -> None:
        self._client = web_client(token, api_url)
        self._channel_id = channel_id
        self._public_url = public_url
        self._settle = settle
        self._clock = clock
        self._evidence_key = evidence_key

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the report of *line*, once or, where its blocks are refused, as text.

        Returns:
            The line as ``sent``, ``failed`` (Slack will never take it) or ``unknown``
            (it may have arrived), with Slack's code in ``detail``.

        Raises:
            TransientError: It certainly did not arrive and may later. At most 300 s
                are asked for.

        Source: Slack Web API, chat.postMessage.
        """
        now = self._clock()
        report = report_of(
            case,
            line.kind,
            now=now,
            settle=self._settle,
            evidence_key=self._evidence_key,
        )
        return _deliver(self._post, message_of(report, self._public_url), line, now)

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Post *notice*; as ``deliver``."""
        message = message_of(report_of_notice(notice), self._public_url)
        return _deliver(self._post, message, line, self._clock())

    def _post(self, text: str, blocks: list[Block] | None) -> Answer:
        try:
            self._client.chat_postMessage(
                channel=self._channel_id,
                text=text,
                blocks=blocks,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            return of_refusal(error)
        except FAULTS as error:
            return of_fault(error)
        return Answer(Fate.SENT)


class SlackWebhook:
    """Posts reports through an incoming webhook, whose address is the secret."""

    def __init__(
        self,
        url: Secret,
        *,
        public_url: str | None,
        settle: timedelta,
        clock: Clock,
        evidence_key: str | None = None,
    ) -> None:
        self._client = webhook_client(url)
        self._public_url = public_url
        self._settle = settle
        self._clock = clock
        self._evidence_key = evidence_key

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the report of *line*; as ``SlackBot.deliver``.

        Source: Slack, incoming webhooks: 200 and the body ``ok``.
        """
        now = self._clock()
        report = report_of(
            case,
            line.kind,
            now=now,
            settle=self._settle,
            evidence_key=self._evidence_key,
        )
        return _deliver(self._post, message_of(report, self._public_url), line, now)

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Post *notice*; as ``SlackBot.deliver``."""
        message = message_of(report_of_notice(notice), self._public_url)
        return _deliver(self._post, message, line, self._clock())

    def _post(self, text: str, blocks: list[Block] | None) -> Answer:
        try:
            answer = self._client.send(
                text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
            )
        except FAULTS as error:
            return of_fault(error)
        return of_webhook(answer)


def _deliver(
    post: Callable[[str, list[Block] | None], Answer],
    message: Message,
    line: OutboxLine,
    now: datetime,
) -> OutboxLine:
    answer = post(message.text, message.blocks)
    if answer.fate is Fate.AS_TEXT:
        answer = post(message.as_text, None)
    if answer.fate in (Fate.WAIT, Fate.NEVER_LEFT):
        log.info("report.postponed", channel="slack", code=answer.code)
        raise TransientError(
            f"Slack did not take the message: {answer.code}.",
            retry_after_seconds=answer.wait_seconds,
        )
    state = {
        Fate.SENT: ReportState.SENT,
        Fate.MAYBE: ReportState.UNKNOWN,
    }.get(answer.fate, ReportState.FAILED)
    log.info("report.delivered", channel="slack", state=state, code=answer.code)
    return replace(line, state=state, at=now, tries=line.tries + 1, detail=answer.code)
