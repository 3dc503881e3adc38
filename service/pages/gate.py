"""May this person be removed yet? Asked live, answered in one word and its reasons."""

from flask import render_template, request
from marshmallow import ValidationError

from service.context import here
from service.pages.door import page
from service.pages.exposure import row_of
from service.routes.person import read_user
from service.routes.seen import gate_answer
from workers.offboarding.errors import Reason
from workers.offboarding.model import Leaver


@page("GET", "/gate", role="viewer")
def gate() -> str:
    """Show the answer for the person asked about; without one, the question."""
    user = request.args.get("user", "").strip()
    leaver = _read(user)
    answer = gate_answer(leaver) if leaver else None
    busy = answer is not None and any(
        one.reason is Reason.READING_UNDER_WAY for one in answer.reasons
    )
    return render_template(
        "gate.html",
        user=user,
        fault=bool(user) and leaver is None,
        answer=answer,
        busy=busy,
        targets=[row_of(one) for one in answer.holdings] if answer else [],
        now=here().clock(),
    )


def _read(user: str) -> Leaver | None:
    try:
        return read_user(user) if user else None
    except ValidationError:
        return None
