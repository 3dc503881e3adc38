"""The route that takes events in: who sent it is proven first, then it is read."""

from datetime import datetime
from hashlib import sha256
from typing import Final

import structlog
from flask import Request, Response, abort, g, jsonify, make_response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError
from werkzeug.exceptions import MethodNotAllowed, UnsupportedMediaType

from service import examples
from service.bodies import refuse_unmeasured, whole_body
from service.context import here
from service.contract import route
from service.counting import count_delivery, refused_for
from service.errors import (
    KeysAwayError,
    MalformedError,
    NotAuthenticError,
    field_paths,
)
from service.limiting import is_worth_a_note
from service.routes.hearing import take
from service.schemas import TakenBody
from service.sources import SOURCES
from service.sources.generic import DepartureBody
from service.sources.source import Delivery, Reply, Source
from workers.offboarding.errors import ConflictError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_REFUSALS: Final = (
    NotAuthenticError,
    KeysAwayError,
    MalformedError,
    ValidationError,
    ConflictError,
    UnsupportedMediaType,
)
_PATH: Final = {
    "source": {
        "type": "string",
        "enum": sorted(SOURCES),
        "description": "Who sends it.",
    }
}
_SECRET_PATH: Final = {
    **_PATH,
    "secret": {
        "type": "string",
        "description": "The secret, of a sender that can set no header.",
    },
}

events = Blueprint("events", __name__, description="What sources tell us.")


def _is_on(name: str) -> bool:
    return name in SOURCES and here().settings.sources.of(name).is_on


def find_source() -> None:
    """Answer 404 for a source that is unknown or has no secret, before all else."""
    given = request.view_args or {}
    source = SOURCES.get(given.get("source", ""))
    if source is None or not _is_on(source.name):
        abort(404)
    if "secret" in given and not source.takes_path_secret:
        abort(404)
    if request.method not in {"POST", *source.methods}:
        raise MethodNotAllowed(["POST", *sorted(source.methods)])
    structlog.contextvars.bind_contextvars(source=source.name)
    refuse_unmeasured(source.limit_bytes)


events.before_request(find_source)


def count(response: Response) -> Response:
    """Count what became of a request of a source that is on."""
    name = (request.view_args or {}).get("source", "")
    if _is_on(name):
        count_delivery(name, response)
    return response


events.after_request(count)


def hide_what_is_off() -> None:
    """Answer 404, not 405, to a method no route takes, of a source that is off.

    Such a request reaches no route, and so not ``find_source``.
    """
    if not isinstance(request.routing_exception, MethodNotAllowed):
        return
    root, _, rest = request.path.lstrip("/").partition("/")
    if root == "events" and not _is_on(rest.partition("/")[0]):
        abort(404)


events.before_app_request(hide_what_is_off)


def _answered(source: Source, secret: str | None = None) -> Response:
    """Answer what a source sent: its handshake, its events, or why not."""
    context = here()
    try:
        delivery = _delivery(request._get_current_object(), secret, context.clock())  # type: ignore[attr-defined]  # of the proxy, whose type hides it
        greeting = source.greet(delivery, context.settings)
        if greeting is not None:
            log.info("source.greeted", status=greeting.status)
            return _as_response(greeting)
        if not _fits(delivery.media_type, source):
            raise UnsupportedMediaType(
                f"Send the body as {' or '.join(source.media_types)}."
            )
        parts = source.take_apart(delivery, context.settings)
        # Proven by now. Whoever sent it can find it by this in a log of their own.
        g.delivery_sha256 = sha256(delivery.raw).hexdigest()
        taken = take(source, parts)
    except _REFUSALS as error:
        why = _why(error)
        log.warning("event.refused", reason=type(error).__name__, **why)
        refused_for(error)
        if is_worth_a_note(error):
            context.desk.note_refusal(source.name, str(why["cause"]), context.clock())
        reply = source.refused(error)
        if reply is None:
            raise
        return _as_response(reply)
    reply = source.accepted(taken)
    if reply is not None:
        return _as_response(reply)
    return make_response(jsonify({"cases": taken}), 202)


def _delivery(asked: Request, secret: str | None, at: datetime) -> Delivery:
    return Delivery(
        method=asked.method,
        headers={name.lower(): value for name, value in asked.headers},
        query=asked.args.to_dict() if asked.query_string else {},
        raw=whole_body(),
        at=at,
        path_secret=secret,
        media_type=asked.mimetype,
    )


def _fits(media_type: str, source: Source) -> bool:
    """Tell whether a source takes a type; JSON under any ``+json`` name is JSON."""
    if media_type in source.media_types or "*/*" in source.media_types:
        return True
    return "application/json" in source.media_types and (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def _as_response(reply: Reply) -> Response:
    answer = Response(reply.body, status=reply.status, headers=dict(reply.headers))
    if reply.media_type is None:
        answer.headers.pop("Content-Type", None)
    else:
        answer.headers["Content-Type"] = reply.media_type
    return answer


def _why(error: Exception) -> dict[str, object]:
    """Say what did not fit by name alone: no value of the event gets into the log."""
    match error:
        case (
            NotAuthenticError(cause=cause)
            | KeysAwayError(cause=cause)
            | MalformedError(cause=cause)
            | ConflictError(reason=cause)
        ):
            return {"cause": cause}
        case ValidationError(messages=messages):
            return {"cause": "fields", "fields": sorted(field_paths(messages))}
        case _:
            return {"cause": "media_type"}


@route(
    events,
    "POST",
    "/events/<source>",
    role="public",
    path=_PATH,
    body=examples.required_body(DepartureBody, examples.EVENT),
    answer={202: examples.media("Stored.", TakenBody, {"cases": [examples.CASE_ID]})},
    refuses=(401, 404, 409, 429, 503),
    headers=examples.WEBHOOK_HEADERS,
)
def take_event(source: str) -> Response:
    """Take an event in; a 202 says that it is stored."""
    return _answered(SOURCES[source])


@route(
    events,
    "POST",
    "/events/<source>/<secret>",
    role="public",
    path=_SECRET_PATH,
    body=examples.required_body(DepartureBody, examples.EVENT),
    answer={202: examples.media("Stored.", TakenBody, {"cases": [examples.CASE_ID]})},
    refuses=(401, 404, 409, 429, 503),
)
def take_event_by_path(source: str, secret: str) -> Response:
    """Take an event in from a sender that can set no header."""
    return _answered(SOURCES[source], secret)


@route(
    events,
    "GET",
    "/events/<source>",
    role="public",
    path=_PATH,
    answer={200: {"description": "What the source's protocol wants."}},
    refuses=(400, 401, 404, 405, 429),
)
def greet_by_get(source: str) -> Response:
    """Answer a handshake: Okta's verification."""
    return _answered(SOURCES[source])


@route(
    events,
    "OPTIONS",
    "/events/<source>",
    role="public",
    path=_PATH,
    answer={200: {"description": "What the source's protocol wants."}},
    refuses=(400, 401, 404, 405, 429),
)
def greet_by_options(source: str) -> Response:
    """Answer a handshake: CloudEvents' abuse protection."""
    return _answered(SOURCES[source])


@route(
    events,
    "OPTIONS",
    "/events/<source>/<secret>",
    role="public",
    path=_SECRET_PATH,
    answer={200: {"description": "What the source's protocol wants."}},
    refuses=(400, 401, 404, 405, 429),
)
def greet_by_options_at_path(source: str, secret: str) -> Response:
    """Answer a handshake of a sender that can set no header."""
    return _answered(SOURCES[source], secret)
