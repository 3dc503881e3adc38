"""What SCIM clients are answered while this source is off: nothing is here.

It loads nothing of SCIM's library, which takes half a second and 25 MB.
"""

from typing import Final

from flask import Blueprint, Response, current_app

from service.auth import PUBLIC

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# As ``errors`` makes it, which a test holds against this.
_NOTHING: Final = {
    "detail": "There is nothing here.",
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
    "status": "404",
}

scim_off = Blueprint("scim", __name__, url_prefix="/scim/v2")


def nothing(rest: str = "") -> Response:
    """Answer 404 in SCIM's own form, whatever is asked for."""
    del rest
    return Response(
        current_app.json.dumps(_NOTHING), status=404, mimetype="application/scim+json"
    )


nothing.__dict__["needs_role"] = PUBLIC
for _rule in ("/", "/<anything:rest>"):
    scim_off.add_url_rule(_rule, view_func=nothing, methods=_METHODS)
