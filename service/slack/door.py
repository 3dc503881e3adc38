"""The two routes that Slack calls. Nothing is read before the signature is checked.

Each request is noted before anything is done. A copy of it does nothing and is given
the same answer; where the first had no end, as when its process was killed, a copy is
told that nobody knows, so that a person looks and presses again.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from flask import Response, abort, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from werkzeug.exceptions import ServiceUnavailable

from service.bodies import refuse_unmeasured, whole_body
from service.context import here
from service.contract import route
from service.errors import NotAuthenticError
from service.slack.commands import command
from service.slack.forms import FORM, as_json, read_form, read_press
from service.slack.presses import press
from service.slack.proof import SIGNATURE, TIMESTAMP, demand_slack
from service.slack.saying import told
from workers.offboarding.errors import StoreAwayError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A press brings the whole message with it.
_LIMIT_BYTES: Final = 1024 * 1024
_UNFINISHED: Final = (
    "This came once before, and how that ended is not known: look at the case, then do "
    "it again."
)
_HEADERS: Final = {
    TIMESTAMP: {"type": "string", "description": "Unix time; 300 s off at most."},
    SIGNATURE: {"type": "string", "description": "v0= and HMAC-SHA256, as hex."},
}
_TAKEN: Final = {200: {"description": "Taken; what is said goes to one person alone."}}

slack = Blueprint("slack", __name__, description="What people do in Slack.")


def _form(**fields: str) -> dict[str, Any]:
    texts = {
        name: {"type": "string", "description": meaning}
        for name, meaning in fields.items()
    }
    schema = {"type": "object", "properties": texts}
    return {"required": True, "content": {FORM: {"schema": schema}}}


def find_slack() -> None:
    """Answer 404 without a signing secret, before all else; then measure the body."""
    if not here().settings.slack_signing_secret:
        abort(404)
    refuse_unmeasured(_LIMIT_BYTES)


slack.before_request(find_slack)


@route(
    slack,
    "POST",
    "/slack/command",
    role="public",
    headers=_HEADERS,
    body=_form(
        team_id="The workspace.",
        user_id="Who typed it.",
        text="What stands after /offboard.",
        response_url="Where a later answer goes.",
    ),
    answer=_TAKEN,
    refuses=(401, 404, 429, 503),
)
def take_command() -> Response:
    """Answer `/offboard …`, typed in Slack by somebody on the list."""
    signature = _proven()
    fields = read_form(whole_body())
    if fields.get("ssl_check") == "1":
        return Response(status=200)
    try:
        return _once(signature, lambda: as_json(command(fields)), _said_again)
    except StoreAwayError as error:
        log.warning("store.missed", detail=str(error))
        text = "The store does not answer, so this was not done, or not known to be."
        return _answered(as_json(told(f":warning: {text} Try again in a moment.")))


@route(
    slack,
    "GET",
    "/slack/command",
    role="public",
    answer={200: {"description": "Slack looks whether the certificate is good."}},
    refuses=(404,),
)
def greet_slack() -> Response:
    """Answer Slack's check of the certificate; it says and shows nothing."""
    return Response(status=200)


@route(
    slack,
    "POST",
    "/slack/interactive",
    role="public",
    headers=_HEADERS,
    body=_form(payload="The press, as JSON."),
    answer=_TAKEN,
    refuses=(401, 404, 429, 503),
)
def take_press() -> Response:
    """Do what a button is for, pressed in Slack by somebody on the list."""
    signature = _proven()
    pressed = read_press(read_form(whole_body()))
    if pressed is None:
        log.info("slack.no_press")
        return Response(status=200)

    def do() -> str:
        press(pressed)
        return ""

    return _once(signature, do, _refused_again)


def _proven() -> str:
    """Return the signature of a request that is Slack's; NotAuthenticError."""
    given, at = (request.headers.get(name, "") for name in (SIGNATURE, TIMESTAMP))
    context = here()
    secrets = context.settings.slack_signing_secret
    try:
        demand_slack(whole_body(), given, at, secrets, context.clock())
    except NotAuthenticError as error:
        log.warning("slack.refused", cause=error.cause)
        raise
    return given


def _once(
    signature: str, do: Callable[[], str], unfinished: Callable[[], Response]
) -> Response:
    """Do it if it is new; else answer what was answered, if that is known."""
    presses = here().desk.slack
    known = presses.begin(signature)
    if known is not None:
        log.warning("slack.repeated", is_finished=known.answer is not None)
        return unfinished() if known.answer is None else _answered(known.answer)
    answer = do()
    presses.end(signature, answer)
    return _answered(answer)


def _answered(text: str) -> Response:
    if not text:
        return Response(status=200)
    return Response(text, status=200, mimetype="application/json")


def _said_again() -> Response:
    return _answered(as_json(told(f":warning: {_UNFINISHED}")))


def _refused_again() -> Response:
    # What a press is answered is not shown; that it failed is.
    raise ServiceUnavailable(_UNFINISHED)
