"""The routes of the brake: see what it holds, let go of it, cancel it."""

from typing import Any

from flask import Response, jsonify, make_response

from service import examples
from service.auth import caller
from service.brake_schemas import BRAKE, BrakeSchema
from service.context import here
from service.contract import route
from service.routes.cases import cases
from service.schemas import EmptyBody


@route(
    cases,
    "GET",
    "/api/brake",
    role="viewer",
    answer={200: examples.media("How the brake stands.", "Brake", BRAKE)},
    refuses=(503,),
)
def show_brake() -> Response:
    """Show how the brake stands and who waits, those who own something first."""
    found = here().desk.brake(with_scheduled=caller().role != "viewer")
    return jsonify(BrakeSchema().dump(found))


@route(
    cases,
    "POST",
    "/api/brake/release",
    role="approver",
    takes=EmptyBody(),
    answer={202: examples.plain("How many go on.", {"released": 17})},
    refuses=(503,),
)
def release_brake(body: dict[str, Any]) -> Response:
    """Let all that waits go on to its plan, and to its own guards."""
    many = here().desk.release_brake(actor=caller().name, person=caller().person)
    return make_response(jsonify({"released": many}), 202)


@route(
    cases,
    "POST",
    "/api/brake/refuse",
    role="approver",
    takes=EmptyBody(),
    answer={202: examples.plain("How many are cancelled.", {"refused": 17})},
    refuses=(503,),
)
def refuse_brake(body: dict[str, Any]) -> Response:
    """Cancel all that waits; nothing was written for it."""
    many = here().desk.refuse_brake(actor=caller().name, person=caller().person)
    return make_response(jsonify({"refused": many}), 202)
