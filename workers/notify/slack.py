"""Reports to Slack, as a bot or through an incoming webhook; knows no other channel.

Slack has no key that makes a post happen once, so a post is never repeated here: what
certainly did not arrive is told from what may have, and the caller decides.
"""

import http.client
import json
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import IO, Any, Final
from urllib.parse import quote, urlsplit

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from config.settings import LOOPBACK, Secret
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportLine, ReportState
from workers.offboarding.ports import Clock
from workers.offboarding.report import Item, Line, Name, Report, Severity, report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Slack allows 50 blocks of 3,000 and refuses more than about 13,000 characters in all;
# the room between is for what is added at the end.
MOST_BLOCKS: Final = 45
MOST_CHARACTERS: Final = 11_000
MOST_IN_SECTION: Final = 2_900
MOST_IN_TEXT: Final = 3_900
_ROOM_FOR_END: Final = 900
_LONGEST_COMMAND: Final = 1_200
_TIMEOUT_SECONDS: Final = 5
_LONGEST_WAIT_SECONDS: Final = 300.0
_LONGEST_ANSWER_BYTES: Final = 1_000_000

_MARKS: Final = {
    Severity.GOOD: ":white_check_mark:",
    Severity.ATTENTION: ":warning:",
    Severity.HELD: ":hourglass:",
    Severity.NEUTRAL: ":information_source:",
}
_AS_TEXT: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "metadata_too_large",
    }
)
_WAIT: Final = frozenset({"ratelimited", "rate_limited"})
_MAYBE: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,60}")


class _Kind(StrEnum):
    SENT = "sent"
    REFUSED = "refused"
    AS_TEXT = "as_text"
    WAIT = "wait"
    MAYBE = "maybe"
    NEVER_LEFT = "never_left"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of one post. ``code`` is Slack's word, or ours, never its text."""

    kind: _Kind
    code: str = ""
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    blocks: list[dict[str, Any]]
    as_text: str


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
    ) -> None:
        self._client = _DirectWebClient(
            token=token.reveal(),
            base_url=api_url,
            timeout=_TIMEOUT_SECONDS,
            retry_handlers=[],
            logger=_silent(),
        )
        self._channel_id = channel_id
        self._public_url = public_url
        self._settle = settle
        self._clock = clock

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
        report = report_of(case, line.kind, now=now, settle=self._settle)
        answer = _once(self._post, _message(report, self._public_url))
        return _told(line, answer, now)

    def _post(self, text: str, blocks: list[dict[str, Any]] | None) -> _Answer:
        try:
            self._client.chat_postMessage(
                channel=self._channel_id,
                text=text,
                blocks=blocks,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            return _refusal(error.response.status_code, error.response)
        except _FAULTS as error:
            return _fault(error)
        return _Answer(_Kind.SENT)


class SlackWebhook:
    """Posts reports through an incoming webhook, whose address is the secret."""

    def __init__(
        self,
        url: Secret,
        *,
        public_url: str | None,
        settle: timedelta,
        clock: Clock,
    ) -> None:
        self._client = _DirectWebhookClient(
            url.reveal(), timeout=_TIMEOUT_SECONDS, retry_handlers=[], logger=_silent()
        )
        self._public_url = public_url
        self._settle = settle
        self._clock = clock

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Post the report of *line*; as ``SlackBot.deliver``.

        Source: Slack, incoming webhooks: 200 and the body ``ok``.
        """
        now = self._clock()
        report = report_of(case, line.kind, now=now, settle=self._settle)
        answer = _once(self._post, _message(report, self._public_url))
        return _told(line, answer, now)

    def _post(self, text: str, blocks: list[dict[str, Any]] | None) -> _Answer:
        try:
            answer = self._client.send(
                text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
            )
        except _FAULTS as error:
            return _fault(error)
        return _webhook_answer(answer)


# What the SDK lets through: the socket's faults, an answer cut short or of no use, one
# that is not text.
_FAULTS: Final = (OSError, http.client.HTTPException, UnicodeError, LookupError)

Post = Callable[[str, list[dict[str, Any]] | None], _Answer]


def _once(post: Post, message: _Message) -> _Answer:
    answer = post(message.text, message.blocks)
    if answer.kind is _Kind.AS_TEXT:
        return post(message.as_text, None)
    return answer


def _told(line: ReportLine, answer: _Answer, now: datetime) -> ReportLine:
    if answer.kind in (_Kind.WAIT, _Kind.NEVER_LEFT):
        log.info("report.postponed", channel="slack", code=answer.code)
        raise TransientError(
            f"Slack did not take the report: {answer.code}.",
            retry_after_seconds=answer.wait_seconds,
        )
    state = {
        _Kind.SENT: ReportState.SENT,
        _Kind.MAYBE: ReportState.UNKNOWN,
    }.get(answer.kind, ReportState.FAILED)
    log.info("report.delivered", channel="slack", state=state, code=answer.code)
    return replace(
        line,
        state=state,
        at=now,
        tries=line.tries + 1,
        detail=answer.code,
    )


def _refusal(status: int, body: object) -> _Answer:
    headers = getattr(body, "headers", {})
    data = getattr(body, "data", None)
    error = data.get("error") if isinstance(data, dict) else None
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _WAIT:
        return _Answer(_Kind.WAIT, code or "ratelimited", _wait_seconds(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _Answer(_Kind.MAYBE, f"http_{status}")
    if not code:
        return _Answer(_Kind.MAYBE, "unexpected_answer")
    return _by_code(code)


def _by_code(code: str) -> _Answer:
    if code in _MAYBE:
        return _Answer(_Kind.MAYBE, code)
    return _Answer(_Kind.AS_TEXT if code in _AS_TEXT else _Kind.REFUSED, code)


def _webhook_answer(answer: WebhookResponse) -> _Answer:
    status = answer.status_code
    body = (answer.body or "").strip()
    if status == HTTPStatus.OK and body == "ok":
        return _Answer(_Kind.SENT)
    if status == HTTPStatus.TOO_MANY_REQUESTS or body in _WAIT:
        return _Answer(_Kind.WAIT, "ratelimited", _wait_seconds(answer.headers))
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_refusal:
        code = "unexpected_answer" if status == HTTPStatus.OK else f"http_{status}"
        return _Answer(_Kind.MAYBE, code)
    return _by_code(body if _CODE.fullmatch(body) else f"http_{status}")


def _wait_seconds(headers: Mapping[str, Any]) -> float | None:
    named = {str(name).lower(): value for name, value in headers.items()}
    given = named.get("retry-after")
    text = str(given[0] if isinstance(given, list) and given else given)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return min(float(text), _LONGEST_WAIT_SECONDS)


def _fault(error: Exception) -> _Answer:
    """Tell what never left from what may have arrived.

    urllib wraps in URLError only what went wrong before the request was out: no
    address, no connection, no TLS. Everything later comes bare.
    """
    if isinstance(error, urllib.error.URLError):
        return _Answer(_Kind.NEVER_LEFT, "unreachable")
    return _Answer(_Kind.MAYBE, "answer_lost")


def _silent() -> logging.Logger:
    """Give the SDK a logger that says nothing: it would log addresses and bodies."""
    logger = logging.getLogger("workers.notify.slack.sdk")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: urllib would carry the token to wherever it is sent."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _opener(url: str, proxy: str | None) -> urllib.request.OpenerDirector:
    """Open *url* through *proxy*, if any; loopback never goes through one."""
    is_local = urlsplit(url).hostname in LOOPBACK
    proxies = {} if is_local or not proxy else {"http": proxy, "https": proxy}
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies), _NoRedirect()
    )


class _DirectWebClient(WebClient):
    """The SDK's client without redirects; a test sees to it that this still holds."""

    def _perform_urllib_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> dict[str, Any]:
        with _opener(url, self.proxy).open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            body = answer.read(_LONGEST_ANSWER_BYTES).decode(charset)
            if not isinstance(_json(body), dict):
                # the SDK would fall over JSON that is no object
                raise http.client.HTTPException("not an object")
            return {"status": answer.code, "headers": answer.headers, "body": body}


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


class _DirectWebhookClient(WebhookClient):
    """As above, for webhooks."""

    def _perform_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> WebhookResponse:
        with _opener(url, self.proxy).open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return WebhookResponse(
                url=url,
                status_code=answer.status,
                body=answer.read(_LONGEST_ANSWER_BYTES).decode(charset),
                headers=dict(answer.headers.items()),
            )


def _message(report: Report, public_url: str | None) -> _Message:
    first = f"{_MARKS[report.severity]} *{_plain(report.verdict)}:* " + _mrkdwn(
        report.headline
    )
    first = slack_cut(first, 1_000)
    end = f"Case `{_spanned(report.case_id)}`"
    link = _link(report, public_url)
    paragraphs = [first, *_paragraphs(report)]
    return _Message(
        text=f"{first} {end}",
        blocks=_blocks(paragraphs, link, end),
        as_text="\n".join([*_fitting(paragraphs, link, MOST_IN_TEXT), end]),
    )


def _blocks(paragraphs: list[str], link: str, end: str) -> list[dict[str, Any]]:
    """Pack paragraphs into sections, within what Slack takes; the case id is last."""
    limit = MOST_CHARACTERS
    while True:
        fitting = _fitting(paragraphs, link, limit)
        blocks = [_section(text) for text in _packed([*fitting, end])]
        # The JSON is what is counted, so that quotes and braces are in it.
        size = len(json.dumps(blocks, ensure_ascii=False))
        is_fit = size <= MOST_CHARACTERS and len(blocks) <= MOST_BLOCKS
        if is_fit or limit <= 0:
            return blocks
        limit -= max(size - MOST_CHARACTERS, 100)


def _section(text: str) -> dict[str, Any]:
    # verbatim: addresses and channel names in the text do not become links
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text, "verbatim": True},
    }


def _fitting(paragraphs: list[str], link: str, limit: int) -> list[str]:
    """Return as many paragraphs as fit, and how many more there are."""
    kept: list[str] = []
    used = 0
    for place, paragraph in enumerate(paragraphs):
        used += len(paragraph) + 1
        if place and used > limit - _ROOM_FOR_END:
            more = sum(not _is_title(one) for one in paragraphs[place:])
            if _is_title(kept[-1]):
                kept.pop()
            return [*kept, f"and {more} more{link}"]
        kept.append(paragraph)
    return [*kept, f"The whole case{link}"] if link else kept


def _packed(paragraphs: list[str]) -> Iterator[str]:
    held: list[str] = []
    for paragraph in paragraphs:
        if held and sum(len(one) + 1 for one in [*held, paragraph]) > MOST_IN_SECTION:
            yield "\n".join(held)
            held = []
        held.append(paragraph)
    yield "\n".join(held)


def _paragraphs(report: Report) -> Iterator[str]:
    for section in report.sections:
        yield f"*{_plain(section.title)}*"
        yield from (_paragraph(item) for item in section.items)


def _is_title(paragraph: str) -> bool:
    return paragraph.startswith("*") and "\n" not in paragraph


def _paragraph(item: Item) -> str:
    lines = [f"• {_mrkdwn(item.line)}"]
    lines += [f"    {_mrkdwn(detail)}" for detail in item.details]
    text = slack_cut("\n".join(lines), MOST_IN_SECTION - _LONGEST_COMMAND - 50)
    return f"{text}\n{_command(item.command)}" if item.command else text


def _command(command: str) -> str:
    """Show a command whole or not at all: half of one does something else."""
    shown = slack_escape(command)
    if "`" in command or len(shown) > _LONGEST_COMMAND:
        return "    (the command does not fit here: see the case)"
    return f"```{shown}```"


def _link(report: Report, public_url: str | None) -> str:
    if public_url is None:
        return ""
    page = f"{public_url.rstrip('/')}/cases/{quote(report.case_id, safe='')}"
    return f": <{slack_escape(page).replace('|', '%7C')}|see the case>"


def _mrkdwn(line: Line) -> str:
    return "".join(
        f"`{_spanned(piece.text)}`" if isinstance(piece, Name) else _plain(piece)
        for piece in line
    )


def _spanned(name: str) -> str:
    return slack_escape(name.replace("`", "")) or "?"


def _plain(text: str) -> str:
    """Take out what mrkdwn would read as markup; an underscore inside a word stays."""
    quiet = re.sub(r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", text)
    return slack_escape(quiet)


def slack_escape(text: str) -> str:
    """Escape what Slack asks for, which also defuses mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_cut(escaped: str, limit: int) -> str:
    """Cut escaped text to *limit* characters, inside no entity and no code span."""
    if len(escaped) <= limit:
        return escaped
    kept = re.sub(r"&[a-z]{0,4}$", "", escaped[: limit - 2])
    return kept + ("`…" if kept.count("`") % 2 else "…")
