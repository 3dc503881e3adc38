"""The routes by which people decide on a case; documented with the cases."""

from typing import Any, Final

from flask import Response
from marshmallow import ValidationError

from service import examples
from service.asked_schemas import DecisionBody
from service.auth import caller
from service.context import here
from service.contract import route
from service.routes.cases import cases
from service.routes.casework import CASE_ID, accepted, known_shape
from service.schemas import EmptyBody
from service.words import Whole
from workers.offboarding.errors import NoSuchFollowUpError

_number = Whole("^[1-9][0-9]{0,5}$")
_FOLLOW_UP: Final = {
    "number": {
        "type": "integer",
        "minimum": 1,
        "maximum": 999999,
        "description": "Counted from 1 over the targets and the follow-ups of each.",
    }
}


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/approve",
    role="approver",
    path=CASE_ID,
    takes=DecisionBody(),
    body=examples.required_body(DecisionBody, examples.DECISION),
    answer={202: examples.case_in_envelope("The case, released.")},
    refuses=(404, 409, 503),
)
def approve_case(case_id: str, body: dict[str, Any]) -> Response:
    """Let a waiting case go on with exactly this plan."""
    case = here().desk.approve(
        known_shape(case_id),
        body["plan_hash"],
        actor=caller().name,
        person=caller().person,
    )
    return accepted(case)


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/refuse",
    role="approver",
    path=CASE_ID,
    takes=DecisionBody(),
    body=examples.required_body(DecisionBody, examples.DECISION),
    answer={202: examples.case_in_envelope("The case, ended or to be ended.")},
    refuses=(404, 409, 503),
)
def refuse_case(case_id: str, body: dict[str, Any]) -> Response:
    """Have nothing more written for a waiting case."""
    case = here().desk.refuse(
        known_shape(case_id),
        body["plan_hash"],
        actor=caller().name,
        person=caller().person,
    )
    return accepted(case)


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/follow-ups/<number>/done",
    role="operator",
    path=CASE_ID | _FOLLOW_UP,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, with the follow-up done.")},
    refuses=(404, 409, 503),
)
def tick_follow_up(case_id: str, number: str, body: dict[str, Any]) -> Response:
    """Say that a follow-up is done; saying it again changes nothing."""
    known = known_shape(case_id)
    return accepted(here().desk.tick(known, _read(number), actor=caller().name))


def _read(number: str) -> int:
    try:
        return int(_number(number))
    except ValidationError as error:
        raise NoSuchFollowUpError from error
