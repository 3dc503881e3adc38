"""The list of cases: what is going on, what ended how, what needs somebody."""

from typing import Any, Final
from urllib.parse import urlencode

from flask import g, render_template, request
from marshmallow import ValidationError

from service.context import here
from service.pages.door import may, page
from service.pages.standing import badge_of, headline_of, left_of, report_on
from service.routes.casework import may_see
from service.routes.person import read_user
from service.schemas import CasesQuery
from workers.desk import Query
from workers.offboarding.model import Case, CaseResult, CaseStatus

# What a person asks for in one word → what the list is asked.
VIEWS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "": ("All", {}),
    "attention": ("Attention needed", {"result": CaseResult.ATTENTION}),
    "waiting": ("Waiting", {"status": CaseStatus.WAITING}),
    "open": ("Under way", {"status": CaseStatus.OPEN}),
    "scheduled": ("Scheduled", {"status": CaseStatus.SCHEDULED}),
    "safe": ("Safe", {"result": CaseResult.SAFE}),
    "clean": ("Nothing to do", {"result": CaseResult.CLEAN}),
    "planned": ("Dry runs", {"result": CaseResult.PLANNED}),
    "cancelled": ("Cancelled", {"status": CaseStatus.CANCELLED}),
}
_ROWS: Final = 25
_FAULTS: Final = {
    "user": "Give a whole e-mail address, or an IAM ID.",
    "cursor": "This page of the list does not exist.",
}


@page("GET", "/", role="viewer")
def case_list() -> str:
    """Show the cases, newest first, a page at a time."""
    asked = {name: request.args.get(name, "").strip() for name in ("show", "user")}
    view = asked["show"] if asked["show"] in VIEWS else ""
    fault = None
    rows: list[dict[str, Any]] = []
    older = None
    damaged: tuple[str, ...] = ()
    try:
        found = here().desk.list(_query(view, asked["user"]))
    except ValidationError as error:
        fault = "user" if "user" in error.messages else "cursor"
    else:
        rows = [_row(case) for case in found.cases if may_see(case)]
        # What cannot be read must not look as if it were not there.
        damaged = found.damaged if may("operator") else ()
        if found.next:
            older = "/?" + urlencode({**asked, "cursor": found.next})
    return render_template(
        "cases.html",
        rows=rows,
        views=_links(asked),
        view=view,
        user=asked["user"],
        fault=_FAULTS.get(fault or ""),
        is_about_user=fault == "user",
        older=older,
        damaged=damaged,
        is_first="cursor" not in request.args,
        now=here().clock(),
    )


def _query(view: str, user: str) -> Query:
    cursor = request.args.get("cursor")
    loaded = CasesQuery().load({"cursor": cursor} if cursor else {})
    return Query(
        **VIEWS[view][1],
        user=str(read_user(user)) if user else None,
        cursor=loaded.get("cursor"),
        limit=_ROWS,
        with_scheduled=g.token.role != "viewer",
    )


def _links(asked: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (name, label, "/?" + urlencode({**asked, "show": name}))
        for name, (label, _) in VIEWS.items()
    ]


def _row(case: Case) -> dict[str, Any]:
    return {
        "case": case,
        "badge": badge_of(case),
        "headline": headline_of(case, report_on(case), here().clock()),
        "left": left_of(case),
    }
