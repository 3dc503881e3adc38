"""The route that takes events in: who sent it is proven first, then it is read."""

from dataclasses import replace
from typing import Final

import structlog
from flask import Response, abort, g, jsonify, make_response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError

from service import examples
from service.bodies import read_json_bytes, refuse_unmeasured
from service.context import here
from service.contract import route
from service.errors import MalformedError, NotAuthenticError, field_paths
from service.routes.opening import open_case
from service.schemas import TakenBody
from service.sources import SOURCES
from service.sources.generic import DepartureBody
from workers.offboarding.errors import ConflictError
from workers.offboarding.model import Departure, Event, Ignored, Withdrawal

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_REFUSALS: Final = (
    NotAuthenticError,
    MalformedError,
    ValidationError,
    ConflictError,
)

events = Blueprint("events", __name__, description="What sources tell us.")


def find_source() -> None:
    """Answer 404 for a source that is unknown or has no secret, before all else."""
    source = SOURCES.get((request.view_args or {}).get("source", ""))
    if source is None or not source.is_on(here().settings):
        abort(404)
    structlog.contextvars.bind_contextvars(source=source.name)


events.before_request(find_source)
events.before_request(refuse_unmeasured)


@route(
    events,
    "POST",
    "/events/<source>",
    role="public",
    path={
        "source": {
            "type": "string",
            "enum": sorted(SOURCES),
            "description": "Who sends it.",
        }
    },
    body=examples.required_body(DepartureBody, examples.EVENT),
    answer={202: examples.media("Stored.", TakenBody, {"cases": [examples.CASE_ID]})},
    refuses=(401, 404, 409, 503),
    headers=examples.WEBHOOK_HEADERS,
)
def take_event(source: str) -> Response:
    """Take an event in; a 202 says that it is stored."""
    context = here()
    headers = {name.lower(): value for name, value in request.headers}
    raw = read_json_bytes()
    try:
        event = SOURCES[source].read(headers, raw, context.settings, context.clock())
        taken = _take(event)
    except _REFUSALS as error:
        log.warning("event.refused", reason=type(error).__name__, **_why(error))
        raise
    return make_response(jsonify({"cases": taken}), 202)


def _why(error: Exception) -> dict[str, object]:
    """Say what did not fit by name alone: no value of the event gets into the log."""
    match error:
        case NotAuthenticError(cause=cause) | ConflictError(reason=cause):
            return {"cause": cause}
        case ValidationError(messages=messages):
            return {"cause": "fields", "fields": sorted(field_paths(messages))}
        case _:
            return {"cause": "json"}


def _take(event: Event) -> list[str]:
    match event:
        case Departure():
            opened = open_case(replace(event, request_id=g.request_id))
            return [opened.case.id]
        case Withdrawal():
            case = here().desk.withdraw(replace(event, request_id=g.request_id))
            log.info("departure.withdrawn", case_id=case.id if case else None)
            return [case.id] if case else []
        case Ignored(why):
            log.info("event.ignored", reason=why)
            return []
