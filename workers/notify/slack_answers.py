"""What an answer of Slack's means: sent, refused, to be tried later, or perhaps sent.

Only Slack's own words and status are kept, never its text.
"""

import http.client
import re
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookResponse

_LONGEST_WAIT_SECONDS: Final = 300.0
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
_TS: Final = re.compile(r"[0-9]{1,20}\.[0-9]{1,12}")
_PLACE: Final = re.compile(r"[A-Z0-9]{2,30}")
# What the SDK lets through: the socket's faults, an answer cut short or of no use, one
# that is not text.
FAULTS: Final = (OSError, http.client.HTTPException, UnicodeError, LookupError)


class Fate(StrEnum):
    """What became of a post."""

    SENT = "sent"
    REFUSED = "refused"
    AS_TEXT = "as_text"
    WAIT = "wait"
    MAYBE = "maybe"
    NEVER_LEFT = "never_left"


@dataclass(frozen=True, slots=True)
class Answer:
    """The fate of one post. ``code`` is Slack's word, or ours, never its text.

    ``ts`` names the message that was posted, in the channel ``place``; both are empty
    where Slack did not say so.
    """

    fate: Fate
    code: str = ""
    wait_seconds: float | None = None
    ts: str = ""
    place: str = ""


def of_success(response: SlackResponse) -> Answer:
    """Read which message it is that was posted or changed."""
    body = response.data if isinstance(response.data, dict) else {}
    ts, place = body.get("ts"), body.get("channel")
    return Answer(
        Fate.SENT,
        ts=ts if isinstance(ts, str) and _TS.fullmatch(ts) else "",
        place=place if isinstance(place, str) and _PLACE.fullmatch(place) else "",
    )


def of_refusal(error: SlackApiError) -> Answer:
    """Judge what the Web API said instead of yes."""
    response = error.response
    status, body = response.status_code, response.data
    given = body.get("error") if isinstance(body, dict) else None
    code = given if isinstance(given, str) and _CODE.fullmatch(given) else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _WAIT:
        wait_seconds = _wait_seconds(response.headers)
        return Answer(Fate.WAIT, code or "ratelimited", wait_seconds)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(Fate.MAYBE, f"http_{status}")
    if not code:
        return Answer(Fate.MAYBE, "unexpected_answer")
    return _by_code(code)


def of_webhook(answer: WebhookResponse) -> Answer:
    """Judge what an incoming webhook said: 200 and ``ok``, or a word of its own."""
    status = answer.status_code
    body = (answer.body or "").strip()
    if status == HTTPStatus.OK and body == "ok":
        return Answer(Fate.SENT)
    if status == HTTPStatus.TOO_MANY_REQUESTS or body in _WAIT:
        return Answer(Fate.WAIT, "ratelimited", _wait_seconds(answer.headers))
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_refusal:
        code = "unexpected_answer" if status == HTTPStatus.OK else f"http_{status}"
        return Answer(Fate.MAYBE, code)
    return _by_code(body if _CODE.fullmatch(body) else f"http_{status}")


def of_fault(error: Exception) -> Answer:
    """Tell what never left from what may have arrived.

    urllib wraps in URLError only what went wrong before the request was out: no
    address, no connection, no TLS. Everything later comes bare.
    """
    if isinstance(error, urllib.error.URLError):
        return Answer(Fate.NEVER_LEFT, "unreachable")
    return Answer(Fate.MAYBE, "answer_lost")


def _by_code(code: str) -> Answer:
    if code in _MAYBE:
        return Answer(Fate.MAYBE, code)
    return Answer(Fate.AS_TEXT if code in _AS_TEXT else Fate.REFUSED, code)


def _wait_seconds(headers: Mapping[str, Any]) -> float | None:
    named = {str(name).lower(): value for name, value in headers.items()}
    given = named.get("retry-after")
    text = str(given[0] if isinstance(given, list) and given else given)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return min(float(text), _LONGEST_WAIT_SECONDS)
