"""Reports and notices to Slack, as a bot or by webhook; knows no other channel.

Slack has no key that makes a post happen once, so a post is never repeated here: what
certainly did not arrive is told from what may have, and the caller decides. A change of
a message is whole, and may be repeated.
"""

from collections.abc import Callable
from datetime import timedelta

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from config.settings import Secret
from workers.notify.slack_answers import (
    FAULTS,
    Answer,
    of_fault,
    of_refusal,
    of_success,
    of_webhook,
)
from workers.notify.slack_blocks import Block, message_of
from workers.notify.slack_buttons import buttons_of_notice
from workers.notify.slack_clients import web_client, webhook_client
from workers.notify.slack_posting import Wording, line_of, sent
from workers.notify.slack_roots import Answering, Roots
from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.model import Case, ReportKind, ReportLine
from workers.offboarding.notice import Notice, NoticeLine, report_of_notice
from workers.offboarding.ports import Clock
from workers.offboarding.report import Here


class SlackBot:
    """Posts reports into one channel with a bot's token.

    A case under way has a message that is kept up to date; its reports answer that. The
    room of an account, *here*, has none.
    """

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
        has_buttons: bool = False,
        approvers: Approvers = ANYBODY,
        here: Here | None = None,
    ) -> None:
        self._client = web_client(token, api_url)
        self._channel_id = channel_id
        self._wording = Wording(
            public_url,
            settle,
            clock,
            evidence_key,
            has_buttons=has_buttons,
            approvers=approvers,
            here=here,
        )
        self._clock = clock
        self._roots = Roots(self, channel_id, self._wording, clock)

    def takes(self, kind: ReportKind) -> bool:
        """Take every kind: a bot can change its messages."""
        return True

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the report of *line*, once or, where its blocks are refused, as text.

        Returns:
            The line as ``sent``, ``failed`` (Slack will never take it) or ``unknown``
            (it may have arrived), with Slack's code in ``detail``.

        Raises:
            TransientError: It certainly did not arrive and may later. At most 300 s
                are asked for.

        Source: Slack Web API, chat.postMessage and chat.update.
        """
        if line.kind is ReportKind.STARTED:
            return self._roots.keep(case, line)
        message = self._wording.of(case, line.kind)
        answer = self._roots.answer(case, line, message)
        return line_of(line, answer, self._clock())

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Post *notice*; as ``deliver``."""
        message = self._wording.as_message(
            report_of_notice(notice), buttons_of_notice(notice)
        )
        return line_of(line, sent(self.post, message), self._clock())

    def post(
        self,
        text: str,
        blocks: list[Block] | None,
        answering: Answering | None = None,
    ) -> Answer:
        """Post a message, or answer one."""
        thread = answering.asked if answering is not None else {}
        return _asked(
            lambda: self._client.chat_postMessage(
                channel=self._channel_id,
                text=text,
                blocks=blocks,
                unfurl_links=False,
                unfurl_media=False,
                **thread,
            )
        )

    def change(
        self, place: str, ts: str, text: str, blocks: list[Block] | None
    ) -> Answer:
        """Change a message as a whole; without blocks it has none any more."""
        return _asked(
            lambda: self._client.chat_update(
                channel=place, ts=ts, text=text, blocks=blocks or [], parse="none"
            )
        )


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
        approvers: Approvers = ANYBODY,
    ) -> None:
        self._client = webhook_client(url)
        self._public_url = public_url
        self._wording = Wording(
            public_url, settle, clock, evidence_key, approvers=approvers
        )
        self._clock = clock

    def takes(self, kind: ReportKind) -> bool:
        """Take what needs no change later: a webhook does not tell which message."""
        return kind is not ReportKind.STARTED

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the report of *line*; as ``SlackBot.deliver``.

        Source: Slack, incoming webhooks: 200 and the body ``ok``.
        """
        answer = sent(self._post, self._wording.of(case, line.kind))
        return line_of(line, answer, self._clock())

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Post *notice*; as ``SlackBot.deliver``."""
        message = message_of(report_of_notice(notice), self._public_url)
        return line_of(line, sent(self._post, message), self._clock())

    def _post(self, text: str, blocks: list[Block] | None) -> Answer:
        try:
            answer = self._client.send(
                text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
            )
        except FAULTS as error:
            return of_fault(error)
        return of_webhook(answer)


def _asked(call: Callable[[], SlackResponse]) -> Answer:
    try:
        answer = call()
    except SlackApiError as error:
        return of_refusal(error)
    except FAULTS as error:
        return of_fault(error)
    return of_success(answer)
