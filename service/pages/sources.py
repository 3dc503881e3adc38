"""The systems that tell us who leaves: which speak, which do not, what was refused."""

from flask import render_template

from service.context import here
from service.intake_schemas import path_of
from service.pages.door import page
from service.pages.standing import Badge
from workers.offboarding.intake import SourceStats


@page("GET", "/sources", role="viewer")
def sources() -> str:
    """Show every source, those that are on first."""
    found = here().desk.sources()
    return render_template(
        "sources.html",
        on=[(one, _badge(one), path_of(one)) for one in found if one.is_on],
        off=[one.name for one in found if not one.is_on],
        now=here().clock(),
    )


def _badge(one: SourceStats) -> Badge:
    if one.is_silent:
        return Badge("Silent", "bad")
    if one.note.last_delivered_at is None:
        return Badge("Never heard", "held")
    return Badge("On", "good")
