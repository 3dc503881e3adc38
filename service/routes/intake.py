"""The routes of what could not be acted on at once: quarantine, and the sources."""

from typing import Any, Final

import structlog
from flask import Response, jsonify, make_response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError

from service import examples, intake_examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here
from service.contract import route
from service.intake_schemas import QuarantineQuery, QuarantineSchema, SourcesSchema
from service.routes.hearing import act_on, as_unreadable, quarantine
from service.schemas import EmptyBody
from service.scim.again import KeptScim
from service.sources import SOURCES
from service.sources.source import Part, Source
from service.words import CASE_ID_PATTERN, Whole
from workers.offboarding.errors import ConflictError, NoSuchDeliveryError
from workers.offboarding.heard import Hint, SourceEvent, Unreadable, UnreadableError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

intake = Blueprint("intake", __name__, description="What waits, and how sources fare.")
intake.before_request(refuse_unmeasured)

_KEPT_ID: Final = {
    "kept_id": {
        "type": "string",
        "pattern": CASE_ID_PATTERN,
        "description": "The delivery's id.",
    }
}
_kept_id = Whole(CASE_ID_PATTERN)


@route(
    intake,
    "GET",
    "/api/quarantine",
    role="viewer",
    filters=QuarantineQuery(),
    answer={
        200: examples.media("Oldest first.", "Quarantine", intake_examples.QUARANTINE)
    },
    refuses=(503,),
)
def list_quarantine(query: dict[str, Any]) -> Response:
    """List the deliveries that were authentic and could not be acted on."""
    limit = query["limit"]
    found = here().desk.quarantined(after=query.get("cursor"), limit=limit + 1)
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    return jsonify(QuarantineSchema().dump({"quarantine": page, "next": more}))


@route(
    intake,
    "POST",
    "/api/quarantine/<kept_id>/replay",
    role="operator",
    path=_KEPT_ID,
    takes=EmptyBody(),
    answer={202: examples.plain("What came of it.", {"cases": [examples.CASE_ID]})},
    refuses=(404, 409, 503),
)
def replay(kept_id: str, body: dict[str, Any]) -> Response:
    """Read a delivery again by its source's present code and settings.

    What can be acted on by now goes from quarantine; else it stays, and 409 says why.
    """
    case_id = replayed(kept_id)
    return make_response(jsonify({"cases": [case_id] if case_id else []}), 202)


def replayed(kept_id: str) -> str | None:
    """Read a delivery again, and return the id of the case that it is about.

    Raises:
        ConflictError: It cannot be acted on still, or its source is off.
        NoSuchDeliveryError: There is none with this id.
    """
    desk = here().desk
    kept = desk.body_of(known_delivery(kept_id))
    source = _source_of(kept.source)
    part = Part(kept.key, kept.body)
    try:
        event, case_id = _read_again(source, part)
    except UnreadableError as error:
        quarantine(source.name, part, error)
        raise ConflictError(error.text, reason=error.reason) from error
    # What waits for its look-up by now is not done with: it may come back any moment.
    if not isinstance(event, Hint):
        desk.replayed(kept_id)
    log.warning("quarantine.replayed", quarantine_id=kept_id, actor=caller().name)
    return case_id


def _source_of(name: str) -> Source:
    """Return the source that can read a part; ConflictError where none can now."""
    source = {**SOURCES, KeptScim.name: KeptScim()}.get(name)
    if source is None or not here().settings.sources.of(name).is_on:
        raise ConflictError(
            f"Nothing here reads deliveries of {name}: the source is off. Turn it on"
            " again, or drop it.",
            reason="cannot_replay",
        )
    return source


def _read_again(source: Source, part: Part) -> tuple[SourceEvent, str | None]:
    """Read a part and act on it; every way not to is an UnreadableError."""
    context = here()
    try:
        event = source.read(part, context.settings, context.clock())
        return event, act_on(event, part)
    except ValidationError as error:
        raise as_unreadable(error) from error
    except ConflictError as error:
        raise UnreadableError(Unreadable.KEY_REUSED, str(error)) from error


@route(
    intake,
    "POST",
    "/api/quarantine/<kept_id>/drop",
    role="operator",
    path=_KEPT_ID,
    takes=EmptyBody(),
    answer={202: examples.plain("It is gone.", {"dropped": intake_examples.KEPT_ID})},
    refuses=(404, 503),
)
def drop(kept_id: str, body: dict[str, Any]) -> Response:
    """Let a delivery go for good; the log says who did."""
    here().desk.drop(known_delivery(kept_id), caller().name)
    return make_response(jsonify({"dropped": kept_id}), 202)


@route(
    intake,
    "GET",
    "/api/sources",
    role="viewer",
    answer={200: examples.media("Every one.", "Sources", intake_examples.SOURCES)},
    refuses=(503,),
)
def list_sources() -> Response:
    """List every source: whether it is on, when it spoke, what was refused and why."""
    return jsonify(SourcesSchema().dump({"sources": here().desk.sources()}))


def known_delivery(kept_id: str) -> str:
    """Return *kept_id* if a delivery can have it; NoSuchDeliveryError."""
    try:
        return _kept_id(kept_id)
    except ValidationError as error:
        raise NoSuchDeliveryError from error
