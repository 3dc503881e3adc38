"""The button that tries the report channels, and what came of it."""

from typing import Final

from flask import g, redirect, render_template
from werkzeug.wrappers import Response

from service.context import here
from service.pages.door import page
from workers.offboarding.errors import NoSuchNoticeError, TooSoonError
from workers.offboarding.model import ReportState
from workers.offboarding.trial_notice import NoticeState

_STATES: Final = {
    ReportState.SENT: ("Sent", "good"),
    ReportState.FAILED: ("Failed", "bad"),
    ReportState.UNKNOWN: ("No answer came", "held"),
    ReportState.PENDING: ("Not sent yet", "calm"),
}


@page("POST", "/settings/test", role="operator")
def try_channels() -> Response:
    """Have every channel told that this is a test."""
    try:
        notice_id = here().desk.test_notice(g.token.person or g.token.name).id
    except TooSoonError as error:
        # Somebody pressed it twice: what came of the first is what they want to see.
        notice_id = error.notice_id
    return redirect(f"/settings?notice={notice_id}", 303)


@page("GET", "/settings/notice/<notice_id>", role="operator")
def trial_progress(notice_id: str) -> str:
    """Show only how a test fares."""
    return render_template("trial.html", trial=here().desk.notice_state(notice_id))


def trial_of(notice_id: str | None) -> NoticeState | None:
    """Return how the test fares that the address names; None where it names none."""
    if not notice_id:
        return None
    try:
        return here().desk.notice_state(notice_id)
    except NoSuchNoticeError:
        return None


def trial_word(state: ReportState) -> tuple[str, str]:
    """Return how a state is said, and its tone as a badge has it."""
    return _STATES[state]
