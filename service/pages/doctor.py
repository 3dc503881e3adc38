"""What is wrong with the set-up, and how to mend each: asked of a worker, live."""

from flask import render_template

from service.checkup import checked
from service.context import here
from service.pages.door import page
from workers.offboarding.health import Verdict

_TONES = {Verdict.OK: "good", Verdict.FAILED: "bad"}
_WORDS = {
    Verdict.OK: "ok",
    Verdict.WARNING: "warning",
    Verdict.UNPROVEN: "could not see",
    Verdict.FAILED: "fault",
}
_BUSY = "Others wait for the workers' answers; ask again in some seconds."


@page("GET", "/doctor", role="operator")
def doctor() -> str:
    """Show every check, what failed first."""
    checks = checked()
    fault = _BUSY if checks is None else None
    order = ("bad", "held", "good")
    rows = sorted(
        (
            (one, _TONES.get(one.verdict, "held"), _WORDS[one.verdict])
            for one in checks or ()
        ),
        key=lambda row: order.index(row[1]),
    )
    return render_template(
        "doctor.html",
        wrong=[row for row in rows if row[1] != "good"],
        fine=[row for row in rows if row[1] == "good"],
        fault=fault,
        now=here().clock(),
    )
