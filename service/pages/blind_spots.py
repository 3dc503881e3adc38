"""Targets that nobody can read: which are accepted as such, until when, and by whom."""

from collections.abc import Mapping
from typing import Any, Final

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from service.asked_schemas import LONGEST_DAYS, AcceptBody, PlaceBody
from service.context import here
from service.pages.asking import done_or_shown
from service.pages.door import page
from service.pages.exposure import row_of
from service.routes.blind_spots import accepted_by_caller, withdrawn_by_caller
from workers.offboarding.exposure import Holding, ReadingKind

_PLACE: Final = ("account_id", "region", "resource_group")
_DONE: Final = {
    "accept": "Accepted. Reports go on saying that it was not seen.",
    "withdraw": "Withdrawn.",
    "none": "It was not accepted any more; nothing had to be withdrawn.",
}


@page("GET", "/blind-spots", role="viewer")
def blind_spots() -> str:
    """Show what is accepted, and what nobody could read."""
    return _shown(said=_DONE.get(request.args.get("did", "")))


@page("POST", "/blind-spots", role="approver")
def accept() -> Response:
    """Accept a target for some days; what cannot be used is said at its field."""
    return done_or_shown(_accept, _shown)


def _accept() -> str:
    days = request.form.get("days", "").strip()
    is_number = days.isascii() and days.isdecimal() and len(days) < 5
    body = _place() | {"reason": request.form.get("reason", "")}
    accepted_by_caller(
        AcceptBody().load(body | {"days": int(days) if is_number else days})
    )
    return "/blind-spots?did=accept"


@page("POST", "/blind-spots/withdraw", role="approver")
def withdraw() -> Response:
    """Take an acceptance back."""
    was_there = withdrawn_by_caller(PlaceBody().load(_place()))
    return redirect(f"/blind-spots?did={'withdraw' if was_there else 'none'}", 303)


def _place() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _PLACE}


def _shown(
    *,
    said: str | None = None,
    fault: str | None = None,
    faults: Mapping[str, Any] | None = None,
) -> str:
    spots = here().desk.blind_spots()
    accepted = {one.target_id for one in spots}
    unread = [one for one in here().desk.exposure().holdings if _is_unread(one)]
    names = {one.target.id: row_of(one) for one in unread}
    return render_template(
        "blind_spots.html",
        spots=[
            (one, one.target_id.split("/", 2), names.get(one.target_id))
            for one in spots
        ],
        unread=[row_of(one) for one in unread if one.target.id not in accepted],
        given={
            name: request.form.get(name, "") for name in (*_PLACE, "reason", "days")
        },
        longest=LONGEST_DAYS,
        said=said,
        fault=fault,
        faults=faults or {},
        now=here().clock(),
    )


def _is_unread(one: Holding) -> bool:
    return one.reading is ReadingKind.UNREAD
