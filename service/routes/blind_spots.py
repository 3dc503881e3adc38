"""The routes of blind spots: targets accepted as not readable, for a while."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, jsonify, make_response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.asked_schemas import (
    AcceptBody,
    BlindSpotSchema,
    BlindSpotsSchema,
    PlaceBody,
)
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here
from service.contract import route
from workers.offboarding.model import BlindSpot

blind_spots = Blueprint(
    "blind spots", __name__, description="What may stay unread, and until when."
)
blind_spots.before_request(refuse_unmeasured)


@route(
    blind_spots,
    "GET",
    "/api/blind-spots",
    role="viewer",
    answer={
        200: examples.media(
            "By target.", "BlindSpots", {"blind_spots": [examples.BLIND_SPOT]}
        )
    },
    refuses=(503,),
)
def list_blind_spots() -> Response:
    """List the targets that are accepted as not readable now."""
    found = {"blind_spots": here().desk.blind_spots()}
    return jsonify(BlindSpotsSchema().dump(found))


@route(
    blind_spots,
    "POST",
    "/api/blind-spots",
    role="approver",
    takes=AcceptBody(),
    body=examples.required_body(AcceptBody, examples.ACCEPT),
    answer={202: examples.accepted_blind_spot("What is accepted.")},
    refuses=(409, 503),
)
def accept_blind_spot(body: dict[str, Any]) -> Response:
    """Accept for some days that a target cannot be read; the gate stays as it is."""
    spot = accepted_by_caller(body)
    return make_response(jsonify({"blind_spot": BlindSpotSchema().dump(spot)}), 202)


@route(
    blind_spots,
    "POST",
    "/api/blind-spots/withdraw",
    role="approver",
    takes=PlaceBody(),
    body=examples.required_body(PlaceBody, examples.BLIND_SPOT_PLACE),
    answer={202: examples.plain("Whether there was one.", {"withdrawn": True})},
    refuses=(503,),
)
def withdraw_blind_spot(body: dict[str, Any]) -> Response:
    """Take an acceptance back."""
    was_there = withdrawn_by_caller(body)
    return make_response(jsonify({"withdrawn": was_there}), 202)


def accepted_by_caller(body: Mapping[str, Any]) -> BlindSpot:
    """Accept the target of the loaded *body*; ConflictError where that cannot be."""
    return here().desk.accept_blind_spot(
        _target_id(body),
        reason=body["reason"],
        until=here().clock() + timedelta(days=body["days"]),
        actor=caller().name,
        person=caller().person,
    )


def withdrawn_by_caller(body: Mapping[str, Any]) -> bool:
    """Take the acceptance of a target back; tell whether there was one."""
    return here().desk.withdraw_blind_spot(_target_id(body), actor=caller().name)


def _target_id(body: Mapping[str, Any]) -> str:
    """Name the target as ``Target.id`` does."""
    return f"{body['account_id']}/{body['region']}/{body['resource_group']}"
