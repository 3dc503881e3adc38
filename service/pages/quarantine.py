"""Deliveries that were authentic and could not be acted on: read again, or let go."""

from typing import Final

from flask import g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from service.context import here
from service.pages.door import page
from service.routes.intake import known_delivery, replayed
from workers.offboarding.errors import ConflictError, NoSuchDeliveryError

_ROWS: Final = 50
_DONE: Final = {
    "read": "It was read and acted on.",
    "drop": "It is gone.",
}


@page("GET", "/quarantine", role="viewer")
def quarantine() -> str:
    """Show what waits, oldest first."""
    return _shown(said=_DONE.get(request.args.get("did", "")))


@page("POST", "/quarantine/<kept_id>/replay", role="operator")
def replay_kept(kept_id: str) -> Response:
    """Read a delivery again; what still cannot be acted on says why."""
    try:
        case_id = replayed(kept_id)
    except ConflictError as error:
        return make_response(_shown(fault=str(error)), 409)
    return redirect(f"/cases/{case_id}" if case_id else "/quarantine?did=read", 303)


@page("POST", "/quarantine/<kept_id>/drop", role="operator")
def drop_kept(kept_id: str) -> Response:
    """Let a delivery go for good."""
    here().desk.drop(known_delivery(kept_id), g.token.name)
    return redirect("/quarantine?did=drop", 303)


def _shown(said: str | None = None, fault: str | None = None) -> str:
    after = request.args.get("cursor")
    after = _after(after) if after else None
    found = here().desk.quarantined(after=after, limit=_ROWS + 1)
    rows = found[:_ROWS]
    return render_template(
        "quarantine.html",
        rows=rows,
        newer=rows[-1].id if len(found) > _ROWS else None,
        said=said,
        fault=fault,
        now=here().clock(),
    )


def _after(cursor: str) -> str | None:
    try:
        return known_delivery(cursor)
    except NoSuchDeliveryError:
        return None
