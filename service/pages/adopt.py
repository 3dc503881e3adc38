"""Taking keys over before anybody leaves: seen as a dry run first, then done."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from flask import render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from config.accounts import AccountSettings
from service.asked_schemas import AdoptionBody
from service.context import here
from service.pages.asking import body_of, done_or_shown, key_of_form, new_key
from service.pages.door import page
from service.pages.exposure import row_of
from service.routes.adopting import adoption_asked
from service.routes.opening import open_adoption
from workers.offboarding.exposure import Holding
from workers.offboarding.model import KeyOwner, OwnerKind

_NAMES: Final = ("account_id", "from", "functional_id", "reason")
_PEOPLE: Final = (OwnerKind.PERSON, OwnerKind.UNKNOWN)


@page("GET", "/adopt", role="approver")
def adopt_form() -> str:
    """Show the form, with what the person asked about owns there."""
    return _form(request.args)


@page("POST", "/adopt", role="approver")
def open_adopt() -> Response:
    """Open the case that is asked for; what cannot be used is said at its field."""
    return done_or_shown(_open, partial(_form, request.form))


def _open() -> str:
    body = AdoptionBody().load(body_of(*_NAMES))
    key = key_of_form("/adopt", body)
    opened = open_adoption(adoption_asked(body), idempotency=key)
    return f"/cases/{opened.case.id}?did=opened"


def _form(
    given: MultiDict[str, str],
    *,
    faults: Mapping[str, Any] | None = None,
    fault: str | None = None,
) -> str:
    said = {name: given.get(name, "") for name in _NAMES}
    accounts = here().settings.rules
    if not said["account_id"] and len(accounts) == 1:
        said["account_id"] = accounts[0].id
    mine = _owned(said["account_id"], said["from"])
    return render_template(
        "adopt.html",
        given=said,
        chosen={name: given.getlist(name) for name in ("regions", "resource_groups")},
        accounts=accounts,
        takers=_takers(accounts, said["account_id"]),
        targets=[row_of(one) for one in mine],
        regions=[(one, one) for one in sorted({each.target.region for each in mine})],
        groups=sorted({_group(one) for one in mine}, key=lambda one: one[1]),
        faults=faults or {},
        fault=fault,
        once=new_key(),
    )


def _group(one: Holding) -> tuple[str, str]:
    return one.target.resource_group.id, one.target.resource_group.name


def _owned(account_id: str, owner: str) -> list[Holding]:
    """Return what the one named owns in the account; without one, what people own."""
    return [
        one
        for one in here().desk.exposure().holdings
        if one.target.account_id == account_id and _is_meant(one.owner_now, owner)
    ]


def _is_meant(owner: KeyOwner | None, named: str) -> bool:
    if owner is None:
        return False
    if not named:
        return owner.kind in _PEOPLE
    return named == owner.id or named.lower() == (owner.email or "").lower()


def _takers(accounts: Sequence[AccountSettings], account_id: str) -> list[str]:
    return [rule.name for one in accounts if one.id == account_id for rule in one.rules]
