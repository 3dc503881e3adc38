"""What is wrong with the set-up, and how to mend each: asked of a worker, live."""

from flask import render_template

from service.context import here, place_to_wait
from service.pages.door import page
from workers.offboarding.health import Check, Verdict

_TONES = {Verdict.OK: "good", Verdict.FAILED: "bad"}
_BUSY = "Others wait for the workers' answers; ask again in some seconds."
_NOBODY = "No worker answered in time: see that one runs, and ask again."


@page("GET", "/doctor", role="operator")
def doctor() -> str:
    """Show every check, what failed first."""
    checks, fault = _asked()
    order = ("bad", "held", "good")
    rows = sorted(
        ((one, _TONES.get(one.verdict, "held")) for one in checks),
        key=lambda row: order.index(row[1]),
    )
    return render_template("doctor.html", rows=rows, fault=fault, now=here().clock())


def _asked() -> tuple[tuple[Check, ...], str | None]:
    with place_to_wait() as is_free:
        if not is_free:
            return (), _BUSY
        checks = here().desk.doctor()
    return (checks, None) if checks is not None else ((), _NOBODY)
