"""Signing in and out: by token here; the other ways have a file of their own each."""

import hashlib
import hmac
from typing import Final

import structlog
from flask import Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from config.settings import Token
from service.context import here
from service.pages import session
from service.pages.door import page, refuse_who_cannot, visitor
from service.pages.provider_in import door_to_provider, leave_provider
from service.pages.ways import comes_from_elsewhere, own_way

_UNKNOWN: Final = "This token is not known here. Check that you copied all of it."

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@page("GET", "/login", role="public")
def login() -> str | AnyResponse:
    """Show how one signs in; who is signed in already goes on."""
    way = own_way(request.args.get("next", ""))
    if visitor() is not None:
        return redirect(way, 303)
    refuse_who_cannot()
    return door_to_provider(way) if _mode() == "oidc" else _form(way)


@page("POST", "/login", role="public")
def sign_in() -> str | AnyResponse:
    """Begin a session of whoever shows a token that is known here."""
    if _mode() != "token":
        raise NotFound("Nobody signs in with a token here.")
    refuse_who_cannot()
    way = own_way(request.form.get("next", ""))
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
    if _mode() == "proxy":
        raise NotFound("Sign out at the proxy: there is no session here.")
    if _mode() == "oidc":
        return leave_provider()
    answer = redirect("/login", 303)
    session.end(answer)
    return answer


def _mode() -> str:
    return here().settings.auth_mode


def _form(way: str, fault: str | None = None) -> str:
    return render_template(
        "login.html",
        way=way,
        fault=fault,
        comes_again=fault is None and comes_from_elsewhere(),
    )


def _known(text: str) -> Token | None:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    tokens = here().settings.api_tokens
    known = [one for one in tokens if hmac.compare_digest(one.sha256, digest)]
    return known[0] if text and known else None
