"""How a page is declared: its path, its method, and who may see it.

People sign in once; a program's token in a header opens no page, and a session opens no
route of the API, so that neither can be used for the other.
"""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, g, request
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from config.settings import ROLES, Token
from service.auth import PUBLIC, Role
from service.bodies import refuse_unmeasured
from service.pages.session import form_key_of
from service.pages.visits import Visit, who_looks

View = TypeVar("View", bound=Callable[..., Response | str])

FORM_KEY = "form_key"

pages: Final = Blueprint(
    "pages", __name__, template_folder="templates", static_folder=None
)
pages.before_request(refuse_unmeasured)


def page(method: str, rule: str, *, role: Role) -> Callable[[View], View]:
    """Register a view under *rule*, for people with *role* or one above it.

    A form is taken only from a page of ours: it carries the key of its person, and the
    browser says that it comes from here.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**given: Any) -> Response | str:  # noqa: ANN401 - the route's own parameters
            if method == "POST":
                refuse_other_sites()
            if role != PUBLIC:
                _let_in(role)
            return view(**given)

        guarded.__dict__["needs_role"] = role
        pages.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return view

    return declare


def visitor() -> Token | None:
    """Return who looks at the page, or None where nobody signed in."""
    return _visit().token


def may(role: Role) -> bool:
    """Tell whether who looks at the page may do what needs *role*."""
    token = visitor()
    return token is not None and ROLES.index(token.role) >= ROLES.index(role)


def refuse_who_cannot() -> None:
    """Answer where signing in would not help: nobody is known, or not by the proxy."""
    if fault := _visit().fault:
        raise fault


def refuse_other_sites() -> None:
    """Turn a form away that was not sent from a page of ours; Forbidden."""
    came_from = request.headers.get("Sec-Fetch-Site")
    if came_from is None:
        # Only browsers older than three years say nothing of the kind.
        origin = urlsplit(request.headers.get("Origin", "")).netloc
        came_from = "same-origin" if origin == request.host else "nowhere"
    if came_from not in ("same-origin", "none"):
        raise Forbidden("Send this form from a page of this service.")


def _visit() -> Visit:
    if "visit" not in g:
        g.visit = who_looks()
    found: Visit = g.visit
    return found


def _let_in(role: Role) -> None:
    token = visitor()
    if token is None:
        raise _visit().fault or Unauthorized("Sign in first.")
    if request.method == "POST":
        shown = request.form.get(FORM_KEY, "").encode("utf-8", "replace")
        if not hmac.compare_digest(shown, form_key_of(token).encode()):
            raise Forbidden("This form is out of date: open the page again.")
    if not may(role):
        raise Forbidden(f"This needs the role {role}; you have {token.role}.")
    g.token = token
