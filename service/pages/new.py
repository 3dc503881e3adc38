"""Offboarding somebody by hand: seen as a dry run first, then done."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from service.pages.asking import body_of, done_or_shown, key_of_form, new_key
from service.pages.door import page
from service.routes.cases import departure_of
from service.routes.opening import open_case
from service.routes.person import read_user
from service.schemas import OffboardBody
from workers.desk import OpenedAs

_NAMES = ("reason", "effective_at")


@page("GET", "/new", role="operator")
def new() -> str:
    """Show the form."""
    return _form({"user": request.args.get("user", "")})


@page("POST", "/new", role="operator")
def open_new() -> Response:
    """Open the case that is asked for; what cannot be used is said at its field."""
    return done_or_shown(_open, partial(_form, request.form))


def _open() -> str:
    leaver = read_user(request.form.get("user", "").strip())
    body = OffboardBody().load(body_of(*_NAMES))
    key = key_of_form(f"/new/{leaver}", body)
    opened = open_case(departure_of(leaver, body), idempotency=key)
    did = "joined" if opened.opened_as is OpenedAs.JOINED else "opened"
    return f"/cases/{opened.case.id}?did={did}"


def _form(
    given: Mapping[str, str],
    *,
    faults: Mapping[str, Any] | None = None,
    fault: str | None = None,
) -> str:
    names = ("user", *_NAMES, "regions", "resource_groups")
    return render_template(
        "new.html",
        given={name: given.get(name, "") for name in names},
        faults=faults or {},
        fault=fault,
        once=new_key(),
    )
