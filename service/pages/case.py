"""One case: how it stands, what to press, what was found, what was done."""

from collections.abc import Callable
from typing import Any, Final

from flask import g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from service.context import here
from service.pages.blast import blast_of
from service.pages.buttons import again_of, buttons_of, deciders_of
from service.pages.door import page
from service.pages.history import history_of
from service.pages.left_to_do import folds_of, is_still, marks_of, parts_of
from service.pages.standing import badge_of, headline_of, report_on
from service.pages.target_rows import rows_of
from service.routes.casework import known_shape, may_see
from workers.offboarding.errors import ConflictError, NoSuchCaseError
from workers.offboarding.model import Case, CaseStatus

# What was done a moment ago, by the word in the address.
_DONE: Final = {
    "retry": "Taken back to work: the service looks at what is left.",
    "cancel": "Cancelled.",
    "approve": "Approved.",
    "refuse": "Refused: nothing more is written in this case.",
    "done": "Ticked off.",
    "opened": "Opened. This page shows how it goes.",
    "joined": "A case of this person was open already; this is it.",
}


@page("GET", "/cases/<case_id>", role="viewer")
def case_page(case_id: str) -> str:
    """Show a case."""
    return _page(_seen(case_id), said=_DONE.get(request.args.get("did", "")))


@page("GET", "/cases/<case_id>/progress", role="viewer")
def case_progress(case_id: str) -> Response:
    """Show only what changes while a case is under way; then have all shown anew."""
    case = _seen(case_id)
    answer = make_response(render_template("progress.html", **_facts(case)))
    if case.status is not CaseStatus.OPEN:
        # What can be pressed, what is left and who was told stand around it.
        answer.headers["HX-Refresh"] = "true"
    return answer


@page("POST", "/cases/<case_id>/retry", role="operator")
def retry(case_id: str) -> Response:
    """Take a case back to work."""
    desk = here().desk
    return _pressed(case_id, "retry", lambda id: desk.retry(id, actor=g.token.name))


@page("POST", "/cases/<case_id>/cancel", role="operator")
def cancel(case_id: str) -> Response:
    """Withdraw a case before its first write."""
    desk = here().desk
    return _pressed(case_id, "cancel", lambda id: desk.cancel(id, actor=g.token.name))


@page("POST", "/cases/<case_id>/approve", role="approver")
def approve(case_id: str) -> Response:
    """Let a case go on by the plan that was looked at."""
    return _pressed(case_id, "approve", _deciding(here().desk.approve))


@page("POST", "/cases/<case_id>/refuse", role="approver")
def refuse(case_id: str) -> Response:
    """Have nothing more written."""
    return _pressed(case_id, "refuse", _deciding(here().desk.refuse))


@page("POST", "/cases/<case_id>/follow-ups/done", role="operator")
def tick(case_id: str) -> Response:
    """Say that follow-ups are done: all those that the form names."""
    return _pressed(case_id, "done", _tick_all)


def _tick_all(case_id: str) -> None:
    """Tick off what was looked at, and nothing if a number means another by now."""
    case = here().desk.show(case_id)
    asked = [_named(one) for one in request.form.getlist("follow_up")]
    if not asked or not all(is_still(case, *one) for one in asked):
        text = "The follow-ups are numbered anew since; see which you mean."
        raise ConflictError(text, reason="other_follow_up")
    for number, _ in asked:
        here().desk.tick(case_id, number, actor=g.token.name)


def _named(follow_up: str) -> tuple[int, str]:
    """Take the number and the mark of a follow-up apart; 0 is the number of none."""
    number, _, mark = follow_up.partition(":")
    is_one = number.isascii() and number.isdecimal() and len(number) < 7
    return (int(number) if is_one else 0), mark


def _deciding(decision: Callable[..., Case]) -> Callable[[str], object]:
    plan_hash = request.form.get("plan_hash") or None
    by = {"actor": g.token.name, "person": g.token.person}
    return lambda case_id: decision(case_id, plan_hash, **by)


def _pressed(case_id: str, did: str, act: Callable[[str], object]) -> Response:
    """Do what was asked; what does not fit any more is answered with the case as is."""
    case = _seen(case_id)
    try:
        act(case.id)
    except ConflictError as error:
        shown = _page(_seen(case_id), fault=str(error))
        return make_response(shown, 409)
    return redirect(f"/cases/{case_id}?did={did}", 303)


def _seen(case_id: str) -> Case:
    case = here().desk.show(known_shape(case_id))
    if not may_see(case):
        raise NoSuchCaseError
    return case


def _page(case: Case, *, said: str | None = None, fault: str | None = None) -> str:
    history = history_of(case, here().desk.ledger_of(case.id))
    folds = folds_of(case)
    facts, buttons = _facts(case), buttons_of(case)
    return render_template(
        "case.html",
        **facts,
        buttons=buttons,
        deciders=deciders_of(case),
        again=again_of(case),
        blast=blast_of(facts["case"]),
        history=history,
        since=history[: max(0, len(history) - _looked_at(len(history)))],
        parts=parts_of(facts["report"], folds, [one.path for one in buttons]),
        marks=marks_of(case),
        said=said,
        fault=fault,
    )


def _looked_at(many: int) -> int:
    """Return how long the history was on the page from which something was pressed."""
    given = request.form.get("looked_at", "")
    return (
        int(given)
        if given.isascii() and given.isdecimal() and len(given) < 10
        else many
    )


def _facts(case: Case) -> dict[str, Any]:
    now = here().clock()
    report = report_on(case)
    headline = headline_of(case, report, now)
    # What a scheduled case would do, by what surveys have read.
    shown = case.as_foreseen
    return {
        "case": shown,
        "state": badge_of(case),
        "report": report,
        "headline": headline,
        "targets": rows_of(shown),
        "done": sum(one.outcome is not None for one in case.targets),
        "goes_on": case.status is CaseStatus.OPEN,
        "is_foreseen": case.status is CaseStatus.SCHEDULED,
        "foreseen_at": case.ahead.at if case.ahead else None,
        "now": now,
    }
