"""The routes of cases: open one by hand, list, show, retry, cancel."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from flask import Response, g, jsonify, make_response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError

from service import examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here
from service.contract import route
from service.routes.opening import KEY_PATTERN, idempotency_of, open_case
from service.routes.person import USER, read_user
from service.schemas import CaseSchema, CasesQuery, EmptyBody, OffboardBody
from service.words import CASE_ID_PATTERN, Whole, effective_from
from workers.desk import Query
from workers.offboarding.errors import NoSuchCaseError
from workers.offboarding.model import Case, CaseStatus, Departure, Scope

cases = Blueprint("cases", __name__, description="Departures and their cases.")
cases.before_request(refuse_unmeasured)

_case_id = Whole(CASE_ID_PATTERN)
_CASE_ID: Final = {
    "case_id": {
        "type": "string",
        "pattern": CASE_ID_PATTERN,
        "description": "The case's id.",
    }
}


@route(
    cases,
    "POST",
    "/offboard/<anything:user>",
    role="operator",
    path={"user": USER},
    headers={
        "Idempotency-Key": {
            "type": "string",
            "pattern": KEY_PATTERN,
            "description": "The same key again within a day is the same request.",
        }
    },
    takes=OffboardBody(),
    body=examples.optional_body(OffboardBody, examples.OFFBOARD),
    answer={202: examples.opened_case("The case, as it is on disk.")},
    refuses=(409, 503),
)
def offboard(user: str, body: dict[str, Any]) -> Response:
    """Open a case for a person who leaves."""
    leaver = read_user(user)
    departure = Departure(
        source="api",
        leaver=leaver,
        actor=caller().name,
        effective_at=effective_from(
            body.get("effective_at"), here().clock(), "effective_at"
        ),
        reason=body.get("reason"),
        scope=_scope(body),
        dry_run=body["dry_run"],
        request_id=g.request_id,
    )
    opened = open_case(departure, idempotency=idempotency_of(leaver, body))
    answer = make_response(jsonify({"case": _shown(opened.case)}), 202)
    answer.headers["Location"] = f"/api/cases/{opened.case.id}"
    answer.headers["Offboard-Opened-As"] = str(opened.opened_as)
    return answer


@route(
    cases,
    "GET",
    "/api/cases",
    role="viewer",
    filters=CasesQuery(),
    answer={200: examples.case_list("Newest first.")},
    refuses=(503,),
)
def list_cases(query: dict[str, Any]) -> Response:
    """List cases, newest first."""
    user = query.pop("user", None)
    found = here().desk.list(
        Query(
            **query,
            user=None if user is None else str(read_user(user)),
            with_scheduled=caller().role != "viewer",
        )
    )
    shown = [_shown(case) for case in found.cases if _may_see(case)]
    return jsonify({"cases": shown, "next": found.next})


@route(
    cases,
    "GET",
    "/api/cases/<case_id>",
    role="viewer",
    path=_CASE_ID,
    answer={200: examples.bare_case("The case.")},
    refuses=(404, 503),
)
def show_case(case_id: str) -> Response:
    """Show one case."""
    case = here().desk.show(_known_shape(case_id))
    if not _may_see(case):
        raise NoSuchCaseError
    return jsonify(_shown(case))


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/retry",
    role="operator",
    path=_CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, open again.")},
    refuses=(404, 409, 503),
)
def retry_case(case_id: str, body: dict[str, Any]) -> Response:
    """Take a case that ended with attention back to work."""
    known = _known_shape(case_id)
    return _accepted(here().desk.retry(known, actor=caller().name))


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/cancel",
    role="operator",
    path=_CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, cancelled.")},
    refuses=(404, 409, 503),
)
def cancel_case(case_id: str, body: dict[str, Any]) -> Response:
    """Withdraw a case before its first write."""
    known = _known_shape(case_id)
    return _accepted(here().desk.cancel(known, actor=caller().name))


def _scope(body: Mapping[str, Any]) -> Scope | None:
    regions = tuple(dict.fromkeys(body.get("regions", ())))
    groups = tuple(dict.fromkeys(body.get("resource_groups", ())))
    return Scope(regions, groups) if regions or groups else None


def _known_shape(case_id: str) -> str:
    try:
        return _case_id(case_id)
    except ValidationError as error:
        raise NoSuchCaseError from error


def _may_see(case: Case) -> bool:
    """A scheduled departure that never started is not for viewers, cancelled or not."""
    never_started = case.started_at is None and case.starts_at > case.received_at
    is_confidential = case.status is CaseStatus.SCHEDULED or (
        case.status is CaseStatus.CANCELLED and never_started
    )
    return caller().role != "viewer" or not is_confidential


def _accepted(case: Case) -> Response:
    return make_response(jsonify({"case": _shown(case)}), 202)


def _shown(case: Case) -> dict[str, Any]:
    context = here()
    settle = timedelta(minutes=context.settings.settle_minutes)
    shown: dict[str, Any] = CaseSchema(settle=settle, now=context.clock()).dump(case)
    return shown
