"""What the routes of cases share: how a case is named, found, shown and answered."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from flask import Response, jsonify, make_response
from marshmallow import ValidationError

from service.auth import caller
from service.context import here
from service.schemas import CaseSchema
from service.words import CASE_ID_PATTERN, Whole
from workers.desk import Opened
from workers.offboarding.errors import NoSuchCaseError
from workers.offboarding.model import Case, Scope

CASE_ID: Final = {
    "case_id": {
        "type": "string",
        "pattern": CASE_ID_PATTERN,
        "description": "The case's id.",
    }
}
_case_id = Whole(CASE_ID_PATTERN)


def known_shape(case_id: str) -> str:
    """Return *case_id* if it can be one; NoSuchCaseError."""
    try:
        return _case_id(case_id)
    except ValidationError as error:
        raise NoSuchCaseError from error


def scope_of(body: Mapping[str, Any]) -> Scope | None:
    """Return the part of the account that was asked for; None for all of it."""
    regions = tuple(dict.fromkeys(body.get("regions", ())))
    groups = tuple(dict.fromkeys(body.get("resource_groups", ())))
    return Scope(regions, groups) if regions or groups else None


def may_see(case: Case) -> bool:
    """Tell whether the caller may see *case*.

    A scheduled departure that never started is not for viewers, cancelled or held by
    the brake or not.
    """
    return caller().role != "viewer" or not case.is_confidential


def shown(case: Case) -> dict[str, Any]:
    """Return a case as other programs see it."""
    return shown_all([case])[0]


def shown_all(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Return cases as other programs see them.

    By one schema: to make one takes longer than to use it for a case.
    """
    context = here()
    settle = timedelta(minutes=context.settings.settle_minutes)
    schema = CaseSchema(settle=settle, now=context.clock())
    return [schema.dump(one) for one in cases]


def accepted(case: Case) -> Response:
    """Answer 202 with a case."""
    return make_response(jsonify({"case": shown(case)}), 202)


def accepted_as(opened: Opened) -> Response:
    """Answer 202 with an opened case, where it is, and what became of the asking."""
    answer = accepted(opened.case)
    answer.headers["Location"] = f"/api/cases/{opened.case.id}"
    answer.headers["Offboard-Opened-As"] = str(opened.opened_as)
    return answer
