"""The routes that try the report channels, and tell how a notice fares on each."""

from typing import Any, Final

from flask import Response, jsonify, make_response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here
from service.contract import route
from service.notice_schemas import NOTICE, NOTICE_ID, NoticeSchema, TestBody

trying = Blueprint("trying", __name__, description="Whether the channels work.")
trying.before_request(refuse_unmeasured)

_TOLD: Final[dict[str, Any]] = examples.media(
    "The test is in every channel's outbox.",
    {
        "type": "object",
        "required": ["notice"],
        "properties": {"notice": {"$ref": "#/components/schemas/Notice"}},
    },
    {"notice": NOTICE},
) | {
    "headers": {
        "Location": {
            "description": "Where it is told how it fares.",
            "schema": {"type": "string"},
        }
    }
}


@route(
    trying,
    "POST",
    "/api/notices/test",
    role="operator",
    takes=TestBody(),
    body=examples.optional_body(TestBody, {"account_id": None}),
    answer={202: _TOLD},
    refuses=(409, 429, 503),
)
def try_channels(body: dict[str, Any]) -> Response:
    """Have every report channel told that this is a test: nothing happened.

    The rooms of accounts too, or that of one account alone. At most one in ten seconds.
    """
    who = caller().person or caller().name
    told = here().desk.test_notice(who, body["account_id"])
    answer = make_response(jsonify({"notice": NoticeSchema().dump(told)}), 202)
    answer.headers["Location"] = f"/api/notices/{told.id}"
    return answer


@route(
    trying,
    "GET",
    "/api/notices/<notice_id>",
    role="viewer",
    path=NOTICE_ID,
    answer={
        200: examples.media("How it fares on each channel.", "Notice", NOTICE),
    },
    refuses=(404, 503),
)
def show_notice(notice_id: str) -> Response:
    """Show how a notice fares on each channel; a test is kept for a day."""
    return jsonify(NoticeSchema().dump(here().desk.notice_state(notice_id)))
