"""Answers by the address that Slack gives with a press or a command, and nowhere else.

The address comes with the request and is a secret: whoever has it can speak there. It
is posted to only if it is Slack's own, so that nobody can have us call another host.
"""

import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk.webhook import WebhookResponse

from config.settings import LOOPBACK, Secret
from workers.notify.slack_answers import FAULTS, Answer, Fate, of_fault, of_webhook
from workers.notify.slack_clients import webhook_client

_HOST: Final = "hooks.slack.com"


def is_slacks(url: str, api_url: str) -> bool:
    """Tell whether an address is Slack's, or on loopback the one of its stand-in."""
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        return False
    try:
        parts, ours = urlsplit(url), urlsplit(api_url)
        place = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if ours.hostname in LOOPBACK:
        return parts.scheme == ours.scheme and place == (ours.hostname, ours.port)
    return parts.scheme == "https" and place in ((_HOST, None), (_HOST, 443))


def respond(url: str, body: dict[str, Any], *, api_url: str) -> Answer:
    """Post *body* to a response_url, once; it follows no redirect."""
    if not is_slacks(url, api_url):
        return Answer(Fate.REFUSED, "not_slacks_address")
    try:
        answer = webhook_client(Secret(url)).send_dict(body)
    except FAULTS as error:
        return of_fault(error)
    return _judged(answer)


def _judged(answer: WebhookResponse) -> Answer:
    """Judge what came back: a bare ``ok``, or JSON that says so."""
    if answer.status_code != HTTPStatus.OK:
        return of_webhook(answer)
    try:
        said = json.loads(answer.body or "")
    except ValueError:
        return of_webhook(answer)
    is_good = isinstance(said, dict) and said.get("ok") is True
    if is_good:
        return Answer(Fate.SENT)
    code = said.get("error") if isinstance(said, dict) else None
    return Answer(Fate.AS_TEXT, code if isinstance(code, str) else "unexpected_answer")
