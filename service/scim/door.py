"""The way in: the token is asked for first, then the path, the method, the body.

A path takes every method, and those it does not serve are refused here: so a wrong
method and an unknown path are answered in SCIM's own form, and only to who has the
token.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import MethodNotAllowed

from service.auth import PUBLIC
from service.bodies import refuse_unmeasured
from service.context import here
from service.counting import ACCEPTED, count_delivery, heard_as
from service.limiting import is_worth_a_note
from service.scim.errors import MEDIA_TYPE, answer_to
from service.sources.proof import demand_bearer
from service.sources.source import LARGE_BYTES, Delivery
from workers.desk.scim_users import SOURCE

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What a client is to know of, and what no client needs: in the source's own records.
_REFUSALS: Final = frozenset({400, 401, 409, 411, 413, 415})

# What may be an event; the others only look.
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

View = Callable[..., Response]

scim = Blueprint("scim", __name__, url_prefix="/scim/v2")


def serve(rule: str, **by_method: View) -> None:
    """Serve *rule*: a view for each method it takes, by the method's name."""

    def view(**given: Any) -> Response:  # noqa: ANN401 - the route's own parameters
        method = "GET" if request.method == "HEAD" else request.method
        if not by_method:
            abort(404)
        if method not in by_method:
            raise MethodNotAllowed(sorted(by_method))
        return by_method[method](**given)

    # Its own check is `let_in`, before any view.
    view.__dict__["needs_role"] = PUBLIC
    name = rule.replace("/", "_").replace(".", "_").replace("<", "").replace(">", "")
    scim.add_url_rule(rule, endpoint=name, view_func=view, methods=_METHODS)


@scim.before_request
def let_in() -> None:
    """Answer 404 while the source is off; let nobody in without its token."""
    source = here().settings.sources.scim
    if not source.is_on:
        abort(404)
    structlog.contextvars.bind_contextvars(source=SOURCE)
    refuse_unmeasured(LARGE_BYTES)
    delivery = Delivery(
        method=request.method,
        headers={name.lower(): value for name, value in request.headers},
        query={},
        raw=b"",
        at=here().clock(),
    )
    demand_bearer(delivery, source.secret)


@scim.after_request
def note(response: Response) -> Response:
    """Write down that the client spoke and was understood, and count what it sent."""
    if request.method in _WRITES and here().settings.sources.scim.is_on:
        heard_as(ACCEPTED)
        count_delivery(SOURCE, response)
    if response.status_code < 400:
        here().desk.note_delivery(SOURCE, here().clock())
    return response


@scim.errorhandler(Exception)
def refuse(error: Exception) -> Response:
    """Answer an error in SCIM's form, and write down those a person should see."""
    response, cause = answer_to(error)
    if here().settings.sources.scim.is_on and response.status_code in _REFUSALS:
        log.warning("event.refused", reason=type(error).__name__, cause=cause)
        if is_worth_a_note(error):
            here().desk.note_refusal(SOURCE, cause, here().clock())
    return response


def answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Make an answer of a resource or a message."""
    return Response(
        current_app.json.dumps(body),
        status=status,
        headers=dict(headers or {}),
        mimetype=MEDIA_TYPE,
    )


def base_url() -> str:
    """Return the address of this service provider, for the places it names."""
    given = here().settings.public_url
    root = given.rstrip("/") if given else request.url_root.rstrip("/")
    return f"{root}{scim.url_prefix}"
