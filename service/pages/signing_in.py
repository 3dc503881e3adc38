"""Signing in with a token, once, and out again."""

import hashlib
import hmac
from typing import Final

import structlog
from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from config.settings import Token
from service.context import here
from service.pages import session
from service.pages.door import page, visitor

_UNKNOWN: Final = "This token is not known here. Check that you copied all of it."
_LONGEST_WAY: Final = 500

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@page("GET", "/login", role="public")
def login() -> str | AnyResponse:
    """Show the form; who is signed in already goes on."""
    way = _way(request.args.get("next", ""))
    if visitor() is not None:
        return redirect(way, 303)
    return _form(way)


@page("POST", "/login", role="public")
def sign_in() -> str | AnyResponse:
    """Begin a session of whoever shows a token that is known here."""
    way = _way(request.form.get("next", ""))
    token = _known(request.form.get("token", "").strip())
    if token is None:
        log.warning("login.refused")
        return Response(_form(way, _UNKNOWN), status=401)
    log.info("login.accepted", actor=token.name, role=token.role)
    answer = redirect(way, 303)
    session.begin(answer, token)
    return answer


@page("POST", "/logout", role="viewer")
def sign_out() -> AnyResponse:
    """End the session."""
    answer = redirect("/login", 303)
    session.end(answer)
    return answer


def _form(way: str, fault: str | None = None) -> str:
    # A link from elsewhere comes without the cookie, since that is for our own pages
    # only; looked at once more from here it comes with it.
    comes_again = (
        fault is None
        and request.headers.get("Sec-Fetch-Site") == "cross-site"
        and bool(request.cookies) is False
    )
    return render_template(
        "login.html",
        way=way,
        fault=fault,
        comes_again=comes_again,
        has_tokens=bool(here().settings.api_tokens),
    )


def _known(text: str) -> Token | None:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    tokens = here().settings.api_tokens
    known = [one for one in tokens if hmac.compare_digest(one.sha256, digest)]
    return known[0] if text and known else None


def _way(given: str) -> str:
    """Return a path of ours to go on to: never another site, whatever was asked."""
    is_ours = given.startswith("/") and given[1:2] not in ("/", "\\")
    is_plain = given.isascii() and given.isprintable() and len(given) <= _LONGEST_WAY
    return given if is_ours and is_plain else "/"
