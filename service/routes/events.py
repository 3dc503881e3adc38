"""The route that takes events in: who sent it is proven first, then it is read."""

from dataclasses import replace

import structlog
from flask import Response, abort, g, jsonify, make_response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError

from service import examples
from service.bodies import read_json_bytes, refuse_unmeasured
from service.context import here
from service.contract import route
from service.errors import MalformedError, NotAuthenticError
from service.routes.opening import open_case
from service.schemas import TakenBody
from service.sources import SOURCES
from service.sources.generic import DepartureBody
from workers.offboarding.model import Departure, Event, Ignored, Withdrawal

log: structlog.stdlib.BoundLogger = structlog.get_logger()

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
    path={"source": {"type": "string", "enum": sorted(SOURCES)}},
    body=examples.required_body(DepartureBody, examples.EVENT),
    answer={202: examples.media("Stored.", TakenBody, {"cases": [examples.CASE_ID]})},
    refuses=(401, 404, 503),
)
def take_event(source: str) -> Response:
    """Take an event in; a 202 says that it is stored."""
    context = here()
    headers = {name.lower(): value for name, value in request.headers}
    raw = read_json_bytes()
    try:
        event = SOURCES[source].read(headers, raw, context.settings, context.clock())
    except (NotAuthenticError, MalformedError, ValidationError) as error:
        log.warning("event.refused", reason=type(error).__name__)
        raise
    return make_response(jsonify({"cases": _take(event)}), 202)


def _take(event: Event) -> list[str]:
    match event:
        case Departure():
            return [open_case(replace(event, request_id=g.request_id)).id]
        case Withdrawal():
            case = here().desk.withdraw(replace(event, request_id=g.request_id))
            log.info("departure.withdrawn", case_id=case.id if case else None)
            return [case.id] if case else []
        case Ignored(why):
            log.info("event.ignored", reason=why)
            return []
