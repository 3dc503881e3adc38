"""The route that takes targets over before anybody leaves; shown with the cases."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, g
from marshmallow import ValidationError

from service import examples
from service.asked_schemas import AdoptionBody
from service.auth import caller
from service.context import here
from service.contract import route
from service.routes.cases import cases
from service.routes.casework import accepted_as, scope_of
from service.routes.opening import (
    IDEMPOTENCY_KEY,
    asked_by,
    idempotency_of,
    open_adoption,
)
from service.words import owner_of
from workers.offboarding.model import Adoption, AdoptionAsked, Leaver

_A_NAME: Final = (
    "That is a functional ID's name; give its IAM ID, which "
    "`offboard exposure -o json` shows."
)


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
    return accepted_as(open_adoption(adoption_asked(body), idempotency=key))


def adoption_asked(body: Mapping[str, Any]) -> AdoptionAsked:
    """Return the adoption that the caller asks for, by the loaded *body*.

    Raises:
        ValidationError: A name in it is not one of the account's.
    """
    owner = body.get("owner")
    functional_id = body.get("functional_id")
    _check_names(body["account_id"], owner, functional_id)
    adoption = Adoption(body["account_id"], functional_id, has_from=owner is not None)
    return AdoptionAsked(
        adoption,
        leaver=Leaver() if owner is None else _owner(owner),
        scope=scope_of(body),
        dry_run=body["dry_run"],
        reason=body.get("reason"),
        actor=caller().name,
        person=caller().person,
        request_id=g.request_id,
        source=asked_by(),
    )


def _check_names(account_id: str, owner: str | None, taker: str | None) -> None:
    """Check names against the accounts file; an account not known here is skipped."""
    accounts = here().settings.rules
    rules = next((one.rules for one in accounts if one.id == account_id), None)
    if rules is None:
        return
    names = [one.name for one in rules]
    if owner is not None and owner.strip() in names:
        raise ValidationError({"from": [_A_NAME]})
    if taker is not None and taker not in names and not _is_identity(taker):
        said = f"No functional ID of this account is called {taker}"
        there = f"there are: {', '.join(names)}" if names else "it has none"
        raise ValidationError({"functional_id": [f"{said}; {there}."]})


def _is_identity(text: str) -> bool:
    """Tell an IAM ID or an e-mail: only a worker can see whose functional ID it is."""
    return "@" in text or text.lower().startswith(("ibmid-", "iam-"))


def _owner(text: str) -> Leaver:
    try:
        return owner_of(text)
    except ValidationError as error:
        raise ValidationError({"from": error.messages}) from error
