"""How programs speak to this service: the OpenAPI document as a page."""

from flask import render_template

from service.contract import document
from service.pages.api_fields import Ref
from service.pages.api_words import groups_of, objects_of
from service.pages.door import page


@page("GET", "/docs", role="public")
def docs() -> str:
    """Show every route of the API; as open as the document itself is."""
    found = document()
    return render_template(
        "docs.html",
        version=found["info"]["version"],
        groups=groups_of(found),
        objects=objects_of(found),
        is_ref=lambda one: isinstance(one, Ref),
    )
