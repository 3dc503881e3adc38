"""Slack over HTTP: the Web API calls we use, and incoming webhooks.

Knows nothing of IBM Cloud. Refuses what Slack would refuse, with Slack's words.
"""

import re
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from simulator.errors import Json
from simulator.slack import Slack, SlackMessage, blocks_of
from simulator.slack_limits import fault_of


def slack_routes(slack: Slack) -> Blueprint:
    """Make the Web API under /slack/api/ and webhooks under /slack/services/.

    The Web API answers HTTP 200 with ``ok`` and, where it is false, ``error``; a
    webhook answers the text ``ok``, or 400 with the error's name (verified in Slack's
    documentation).
    """
    routes = Blueprint("slack", __name__, url_prefix="/slack")

    @routes.post("/api/auth.test")
    def auth_test() -> Response:
        return _call(slack, lambda given: {"user_id": "U0SIMULATED", **_WORKSPACE})

    @routes.post("/api/chat.postMessage")
    def post_message() -> Response:
        return _call(slack, lambda given: _post(slack, given))

    @routes.post("/api/chat.update")
    def update() -> Response:
        return _call(slack, lambda given: _update(slack, given))

    @routes.post("/services/<team>/<bot>/<key>")
    def webhook(team: str, bot: str, key: str) -> tuple[str, int]:
        given = _given()
        if not given:
            return "invalid_payload", 400
        error = _content_error(given)
        if error:
            return error, 400
        slack.post(given, via="webhook")
        return "ok", 200

    @routes.post("/responses/<name>")
    def respond(name: str) -> tuple[str, int]:
        return _respond(slack, name)

    return routes


_WORKSPACE: Json = {
    "url": "https://simulated.example.com/",
    "team": "Simulated",
    "user": "offboard",
    "team_id": "T0SIMULATED",
    "bot_id": "B0SIMULATED",
}


class _SlackError(Exception):
    pass


def _respond(slack: Slack, name: str) -> tuple[str, int]:
    given = _given()
    error = _content_error(given) if given else "invalid_payload"
    if error:
        return error, 400
    error = slack.responses.take(name, given)
    return (error, 404) if error else ("ok", 200)


def _call(slack: Slack, do: Callable[[Json], Json]) -> Response:
    given = _given()
    try:
        _admit(slack, given)
        return jsonify({"ok": True, **do(given)})
    except _SlackError as error:
        return jsonify({"ok": False, "error": str(error)})


def _admit(slack: Slack, given: Json) -> None:
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ") or given.get("token")
    if not token:
        raise _SlackError("not_authed")
    if token != slack.token:
        raise _SlackError("invalid_auth")


def _post(slack: Slack, given: Json) -> Json:
    _check(slack, given)
    # What Slack says of an answer to a message that is gone is inferred from its words
    # for reading a thread, not confirmed against a live workspace.
    if not slack.has_thread(given):
        raise _SlackError("thread_not_found")
    return _shown(slack.post(given, via="api"))


def _update(slack: Slack, given: Json) -> Json:
    _check(slack, given)
    message = slack.edit(given)
    if message is None:
        raise _SlackError("message_not_found")
    return {**_shown(message), "text": message.text}


def _check(slack: Slack, given: Json) -> None:
    if given.get("channel") not in slack.channels:
        raise _SlackError("channel_not_found")
    error = _content_error(given)
    if error:
        raise _SlackError(error)


def _content_error(given: Json) -> str | None:
    blocks = blocks_of(given)
    if blocks is None:
        return "invalid_blocks_format"
    if not blocks and not given.get("text"):
        return "no_text"
    return fault_of(str(given.get("text") or ""), blocks)


def _shown(message: SlackMessage) -> Json:
    body: Json = {"type": "message", "text": message.text, "ts": message.ts}
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
    return {"channel": message.channel, "ts": message.ts, "message": body}


def _given() -> Json:
    if not re.match("application/json", request.content_type or ""):
        return dict(request.form.items())
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}
