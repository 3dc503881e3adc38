"""What waits where too many departures came at once, and the one decision on it."""

from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from service.context import here
from service.pages.door import may, page
from workers.offboarding.words import counted


@page("GET", "/brake", role="viewer")
def brake() -> str:
    """Show who waits, those who own something first."""
    found = here().desk.brake(with_scheduled=may("operator"))
    return render_template(
        "brake.html",
        found=found,
        many=len(found.waiting) + found.more,
        said=_said(),
        now=here().clock(),
    )


@page("POST", "/brake/release", role="approver")
def release() -> Response:
    """Let all that waits go on to its plan, and to its own guards."""
    many = here().desk.release_brake(actor=g.token.name, person=g.token.person)
    return redirect(f"/brake?did=release&many={many}", 303)


@page("POST", "/brake/refuse", role="approver")
def refuse_all() -> Response:
    """Cancel all that waits; nothing was written for it."""
    many = here().desk.refuse_brake(actor=g.token.name, person=g.token.person)
    return redirect(f"/brake?did=refuse&many={many}", 303)


def _said() -> str | None:
    many = request.args.get("many", "")
    done = {"release": "let go on", "refuse": "cancelled"}
    did = done.get(request.args.get("did", ""))
    if did is None or not many.isdecimal() or len(many) > 7:
        return None
    return f"{counted(int(many), 'case')} {did}."
