"""The routes of cases: open one by hand, list, show, retry, cancel."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from flask import Response, g, jsonify
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here
from service.contract import route
from service.routes.casework import (
    CASE_ID,
    accepted,
    accepted_as,
    known_shape,
    may_see,
    scope_of,
    shown,
    shown_all,
)
from service.routes.opening import (
    IDEMPOTENCY_KEY,
    asked_by,
    idempotency_of,
    open_case,
)
from service.routes.person import USER, read_user
from service.schemas import CasesQuery, EmptyBody, OffboardBody
from service.words import Moment, effective_from
from workers.desk import Query
from workers.offboarding.clocks import settles_at
from workers.offboarding.errors import NoSuchCaseError
from workers.offboarding.model import Departure, Leaver

cases = Blueprint("cases", __name__, description="Departures and their cases.")
cases.before_request(refuse_unmeasured)

_DAMAGED: Final[dict[str, Any]] = {
    "Offboard-Damaged": {
        "description": "The ids of cases that belong here and cannot be read.",
        "schema": {"type": "string"},
    }
}
_SETTLES: Final[dict[str, Any]] = {
    "Offboard-Settles-At": {
        "description": "When clusters have picked the new keys up; fully safe is not"
        " before then. Only where every target is owner-safe.",
        "schema": {"type": "string", "format": "date-time"},
    }
}


@route(
    cases,
    "POST",
    "/offboard/<anything:user>",
    role="operator",
    path={"user": USER},
    headers=IDEMPOTENCY_KEY,
    takes=OffboardBody(),
    body=examples.optional_body(OffboardBody, examples.OFFBOARD),
    answer={202: examples.opened_case("The case, as it is on disk.")},
    refuses=(409, 503),
)
def offboard(user: str, body: dict[str, Any]) -> Response:
    """Open a case for a person who leaves."""
    leaver = read_user(user)
    departure = departure_of(leaver, body)
    key = idempotency_of(f"/offboard/{leaver}", body)
    return accepted_as(open_case(departure, idempotency=key))


def departure_of(leaver: Leaver, body: Mapping[str, Any]) -> Departure:
    """Return the departure that the caller asks for, by the loaded *body*."""
    return Departure(
        source=asked_by(),
        leaver=leaver,
        actor=caller().name,
        person=caller().person,
        effective_at=effective_from(
            body.get("effective_at"), here().clock(), "effective_at"
        ),
        reason=body.get("reason"),
        scope=scope_of(body),
        dry_run=body["dry_run"],
        request_id=g.request_id,
    )


@route(
    cases,
    "GET",
    "/api/cases",
    role="viewer",
    filters=CasesQuery(),
    answer={200: examples.case_list("Newest first.") | {"headers": _DAMAGED}},
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
    cases_shown = shown_all(case for case in found.cases if may_see(case))
    answer = jsonify({"cases": cases_shown, "next": found.next})
    # The body is fixed; what cannot be read must not look as if it were not there.
    if found.damaged:
        answer.headers["Offboard-Damaged"] = ", ".join(found.damaged)
    return answer


@route(
    cases,
    "GET",
    "/api/cases/<case_id>",
    role="viewer",
    path=CASE_ID,
    answer={200: examples.bare_case("The case.") | {"headers": _SETTLES}},
    refuses=(404, 503),
)
def show_case(case_id: str) -> Response:
    """Show one case."""
    case = here().desk.show(known_shape(case_id))
    if not may_see(case):
        raise NoSuchCaseError
    answer = jsonify(shown(case))
    # The body is fixed; whoever waits for "fully safe" wants to know how long.
    at = settles_at(case, timedelta(minutes=here().settings.settle_minutes))
    if at is not None:
        answer.headers["Offboard-Settles-At"] = Moment().serialize("at", {"at": at})
    return answer


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/retry",
    role="operator",
    path=CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, open again.")},
    refuses=(404, 409, 503),
)
def retry_case(case_id: str, body: dict[str, Any]) -> Response:
    """Take a case that ended with attention back to work."""
    known = known_shape(case_id)
    return accepted(here().desk.retry(known, actor=caller().name))


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/cancel",
    role="operator",
    path=CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, cancelled.")},
    refuses=(404, 409, 503),
)
def cancel_case(case_id: str, body: dict[str, Any]) -> Response:
    """Withdraw a case before its first write."""
    known = known_shape(case_id)
    return accepted(here().desk.cancel(known, actor=caller().name))
