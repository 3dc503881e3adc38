"""One case: how it stands, what to press, what was found, what was done."""

from dataclasses import dataclass
from typing import Any, Final

from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.context import here
from service.pages.door import may, page
from service.pages.history import history_of
from service.pages.standing import badge_of, headline_of, report_on
from service.pages.target_rows import rows_of
from service.routes.casework import known_shape, may_see
from workers.offboarding.errors import NoSuchCaseError, Reason
from workers.offboarding.model import Case, CaseResult, CaseStatus

# What was done a moment ago, by the word in the address.
_DONE: Final = {
    "retry": "The case is open again: the service looks at what is left.",
    "cancel": "The case is cancelled.",
    "approve": "The case goes on.",
    "refuse": "Nothing more is written in this case.",
    "done": "The follow-up is ticked off.",
}
# What no approval lets go on.
_NEVER: Final = {Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON}


@dataclass(frozen=True, slots=True)
class Button:
    """Something that may be pressed: where it goes, and what it asks first."""

    path: str
    label: str
    asks: str
    is_calm: bool = True
    plan_hash: str | None = None


@page("GET", "/cases/<case_id>", role="viewer")
def case_page(case_id: str) -> str:
    """Show a case."""
    case = _seen(case_id)
    return render_template(
        "case.html",
        **_facts(case),
        buttons=_buttons(case),
        history=history_of(case, here().desk.ledger_of(case.id)),
        said=_DONE.get(request.args.get("did", "")),
    )


@page("GET", "/cases/<case_id>/progress", role="viewer")
def case_progress(case_id: str) -> str:
    """Show only what changes while a case is under way."""
    return render_template("progress.html", **_facts(_seen(case_id)))


@page("POST", "/cases/<case_id>/retry", role="operator")
def retry(case_id: str) -> Response:
    """Take a case back to work."""
    here().desk.retry(_seen(case_id).id, actor=g.token.name)
    return _back(case_id, "retry")


@page("POST", "/cases/<case_id>/cancel", role="operator")
def cancel(case_id: str) -> Response:
    """Withdraw a case before its first write."""
    here().desk.cancel(_seen(case_id).id, actor=g.token.name)
    return _back(case_id, "cancel")


@page("POST", "/cases/<case_id>/approve", role="approver")
def approve(case_id: str) -> Response:
    """Let a case go on by the plan that was looked at."""
    _decide(here().desk.approve, case_id)
    return _back(case_id, "approve")


@page("POST", "/cases/<case_id>/refuse", role="approver")
def refuse(case_id: str) -> Response:
    """Have nothing more written."""
    _decide(here().desk.refuse, case_id)
    return _back(case_id, "refuse")


@page("POST", "/cases/<case_id>/follow-ups/<int:number>/done", role="operator")
def tick(case_id: str, number: int) -> Response:
    """Say that a follow-up is done."""
    here().desk.tick(_seen(case_id).id, number, actor=g.token.name)
    return _back(case_id, "done")


def _decide(decision: Any, case_id: str) -> None:  # noqa: ANN401 - approve or refuse
    plan_hash = request.form.get("plan_hash") or None
    decision(_seen(case_id).id, plan_hash, actor=g.token.name, person=g.token.person)


def _seen(case_id: str) -> Case:
    case = here().desk.show(known_shape(case_id))
    if not may_see(case):
        raise NoSuchCaseError
    return case


def _back(case_id: str, did: str) -> Response:
    return redirect(f"/cases/{case_id}?did={did}", 303)


def _facts(case: Case) -> dict[str, Any]:
    now = here().clock()
    report = report_on(case)
    done = sum(one.outcome is not None for one in case.targets)
    return {
        "case": case,
        "state": badge_of(case),
        "report": report,
        "headline": headline_of(case, report, now),
        "targets": rows_of(case),
        "done": done,
        "goes_on": case.status is CaseStatus.OPEN,
        "now": now,
    }


def _buttons(case: Case) -> list[Button]:
    """Return what this person may press now."""
    found = [*_to_decide(case)] if may("approver") else []
    if may("operator"):
        found += _to_operate(case)
    return found


def _to_decide(case: Case) -> list[Button]:
    if case.status is not CaseStatus.WAITING:
        return []
    plan = case.plan
    plan_hash = plan.hash if plan else None
    reasons = {one.reason for one in plan.refused} if plan else set()
    refuse = Button(
        "refuse",
        "Refuse",
        "Have nothing more written in this case?",
        plan_hash=plan_hash,
    )
    if reasons & _NEVER:
        return [refuse]
    asks = "Let this case go on by the plan shown here?"
    approve = Button("approve", "Approve", asks, is_calm=False, plan_hash=plan_hash)
    return [approve, refuse]


def _to_operate(case: Case) -> list[Button]:
    if case.result is CaseResult.ATTENTION and case.status is CaseStatus.SETTLED:
        asks = "Have the service look at everything that is left, and reset it?"
        return [Button("retry", "Retry what is left", asks, is_calm=False)]
    live = (CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING)
    is_written = any(one.resets or one.intent_at for one in case.targets)
    if case.status in live and not is_written:
        return [Button("cancel", "Cancel", "Withdraw this case? Nothing was written.")]
    return []
