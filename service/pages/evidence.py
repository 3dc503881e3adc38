"""Evidence to download: of one case, and of every case received in some days."""

from datetime import date, timedelta

from flask import render_template, request
from werkzeug.wrappers import Response

from service.context import here
from service.pages.door import page
from service.routes.casework import known_shape
from service.routes.evidence import as_download, case_lines, case_zip
from service.routes.periods import pack_of
from workers.offboarding.errors import NotSealedError
from workers.offboarding.pack.members import About
from workers.offboarding.pack.period import Period

_NO_DAYS = "Give two days, the second after the first."
_NOTHING = "Nothing is sealed yet: ask again in some seconds."


@page("GET", "/evidence", role="viewer")
def evidence() -> str:
    """Show the form for a period; it proposes the last whole quarter."""
    first, end = _last_quarter(here().clock().date())
    return _form(first, end)


@page("GET", "/evidence/period.zip", role="viewer")
def evidence_of_period() -> Response | str:
    """Give the pack of the days asked for, or the form with what is amiss."""
    first, end = _day("from"), _day("to")
    if first is None or end is None or first >= end:
        return _form(first, end, _NO_DAYS)
    period = Period(first, end)
    try:
        return as_download(pack_of(period), About(period=period))
    except NotSealedError:
        return _form(first, end, _NOTHING)


@page("GET", "/cases/<case_id>/evidence.zip", role="viewer")
def evidence_of_case(case_id: str) -> Response:
    """Give the pack of a case."""
    return case_zip(known_shape(case_id))


@page("GET", "/cases/<case_id>/evidence.jsonl", role="viewer")
def evidence_lines_of_case(case_id: str) -> Response:
    """Give the bare signed lines of a case."""
    known = known_shape(case_id)
    answer = case_lines(known)
    name = f"offboard-evidence-{known}.jsonl"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _form(first: date | None, end: date | None, fault: str | None = None) -> str:
    return render_template("evidence.html", first=first, end=end, fault=fault)


def _last_quarter(today: date) -> tuple[date, date]:
    """Return the quarter before this one: its first day, and the day after its last."""
    end = date(today.year, today.month - (today.month - 1) % 3, 1)
    before = end - timedelta(days=1)
    return date(before.year, before.month - (before.month - 1) % 3, 1), end
