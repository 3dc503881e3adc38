"""Offboarding somebody by hand: seen as a dry run first, then done."""

from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from service.pages.asking import body_of, faults_of, key_of_form, new_key
from service.pages.door import page
from service.routes.cases import departure_of
from service.routes.opening import open_case
from service.routes.person import read_user
from service.schemas import OffboardBody
from workers.desk import Opened, OpenedAs
from workers.offboarding.errors import ConflictError

_NAMES = ("reason", "effective_at")


@page("GET", "/new", role="operator")
def new() -> str:
    """Show the form."""
    return _form({"user": request.args.get("user", "")}, {})


@page("POST", "/new", role="operator")
def open_new() -> Response:
    """Open the case that is asked for; what cannot be used is said at its field."""
    try:
        opened = _opened()
    except ValidationError as error:
        shown = _form(request.form, faults_of(error))
        return make_response(shown, 422)
    except ConflictError as error:
        return make_response(_form(request.form, {}, fault=str(error)), 409)
    did = "joined" if opened.opened_as is OpenedAs.JOINED else "opened"
    return redirect(f"/cases/{opened.case.id}?did={did}", 303)


def _opened() -> Opened:
    leaver = read_user(request.form.get("user", "").strip())
    body = OffboardBody().load(body_of(*_NAMES))
    key = key_of_form(f"/new/{leaver}", body)
    return open_case(departure_of(leaver, body), idempotency=key)


def _form(
    given: Mapping[str, str], faults: Mapping[str, Any], fault: str | None = None
) -> str:
    names = ("user", *_NAMES, "regions", "resource_groups")
    return render_template(
        "new.html",
        given={name: given.get(name, "") for name in names},
        faults=faults,
        fault=fault,
        once=new_key(),
    )
