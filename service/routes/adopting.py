"""The route that takes targets over before anybody leaves; shown with the cases."""

from typing import Any

from flask import Response, g
from marshmallow import ValidationError

from service import examples
from service.asked_schemas import AdoptionBody
from service.auth import caller
from service.contract import route
from service.routes.cases import cases
from service.routes.casework import accepted_as, scope_of
from service.routes.opening import IDEMPOTENCY_KEY, idempotency_of, open_adoption
from service.words import owner_of
from workers.offboarding.model import Adoption, AdoptionAsked, Leaver


@route(
    cases,
    "POST",
    "/api/adoptions",
    role="approver",
    headers=IDEMPOTENCY_KEY,
    takes=AdoptionBody(),
    body=examples.required_body(AdoptionBody, examples.ADOPTION),
    answer={202: examples.opened_case("The case, as it is on disk.")},
    refuses=(409, 503),
)
def adopt(body: dict[str, Any]) -> Response:
    """Open a case that moves keys to a functional ID, though nobody leaves."""
    key = idempotency_of("/api/adoptions", body)
    return accepted_as(open_adoption(_asked(body), idempotency=key))


def _asked(body: dict[str, Any]) -> AdoptionAsked:
    owner = body.get("owner")
    adoption = Adoption(
        body["account_id"], body.get("functional_id"), has_from=owner is not None
    )
    return AdoptionAsked(
        adoption,
        leaver=Leaver() if owner is None else _owner(owner),
        scope=scope_of(body),
        dry_run=body["dry_run"],
        reason=body.get("reason"),
        actor=caller().name,
        person=caller().person,
        request_id=g.request_id,
    )


def _owner(text: str) -> Leaver:
    try:
        return owner_of(text)
    except ValidationError as error:
        raise ValidationError({"from": error.messages}) from error
