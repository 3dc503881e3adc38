"""The application: what every request and every answer has, whatever its route.

It builds from settings and a desk, and reads no environment.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import structlog
from flask import Blueprint, Flask, Response, g, request
from jinja2 import StrictUndefined
from werkzeug.routing import BaseConverter

from config.settings import Settings
from service.bodies import LIMIT_BYTES
from service.context import Context, give_context
from service.contract import open_api
from service.counting import count_request
from service.errors import answer_errors
from service.failed_auth import limit_failures
from service.pages import pages
from service.pages.frame import fit
from service.pages.session import is_secure
from service.routes import (
    blind_spots,
    cases,
    events,
    evidence,
    health,
    intake,
    seen,
    trying,
)
from service.scim.off import scim_off
from service.slack import slack
from workers.desk import Desk

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# For this host alone: others of its domain may be plain.
_ONLY_TLS: Final = ("Strict-Transport-Security", "max-age=31536000")
_SECURITY_HEADERS: Final = [
    (name.lower(), (name, value)) for name, value in SECURITY_HEADERS.items()
]
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


class _Application(Flask):
    """Flask, without asking of each function at each request whether it is async."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func* as it is: no view and no hook here is async."""
        return func


class _Anything(BaseConverter):
    """The whole rest of the path, line breaks too: a fault in it is the view's."""

    regex = r"[\s\S]+"
    part_isolating = False


log: structlog.stdlib.BoundLogger = structlog.get_logger()


def now_utc() -> datetime:
    """Return now, aware, in UTC."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, desk: Desk, *, clock: Callable[[], datetime] = now_utc
) -> Flask:
    """Build the web application around *desk*; it opens no connection of its own."""
    app = _Application(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT_BYTES
    # OPTIONS without a declared role would be a way in that no test counts.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # Else two slashes answer with a redirect, which no route has declared either.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its base class has not
    app.url_map.converters["anything"] = _Anything
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.finalize = fit
    give_context(app, Context(settings, desk, clock))
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)
    api = open_api(app)
    described = (
        cases,
        blind_spots,
        seen,
        evidence,
        intake,
        trying,
        events,
        slack,
        health,
    )
    for blueprint in described:
        api.register_blueprint(blueprint)
    # Not in the document: SCIM describes itself, at /scim/v2/Schemas.
    app.register_blueprint(_scim(settings))
    app.register_blueprint(pages)
    answer_errors(app)
    limit_failures(app)
    return app


def _scim(settings: Settings) -> Blueprint:
    if not settings.sources.scim.is_on:
        return scim_off
    # Here and not above: it brings a library along that nobody else needs.
    from service.scim.discovery import scim

    return scim


def _begin() -> None:
    # Each look at ``request`` or ``g`` is a look-up of its own.
    asked, kept = request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]  # of the proxies, whose types hide it
    given = asked.headers.get("X-Request-ID", "")
    kept.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    kept.began = time.perf_counter()
    kept.route = asked.url_rule.rule if asked.url_rule else None
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=kept.request_id, route=kept.route)


def _finish(response: Response) -> Response:
    kept = g._get_current_object()
    response.headers["X-Request-ID"] = kept.request_id
    # A page says what it may load; whatever says nothing may load nothing.
    said = {name.lower() for name, _ in response.headers}
    response.headers.extend(
        [one for name, one in _SECURITY_HEADERS if name not in said]
    )
    if is_secure():
        response.headers.add(*_ONLY_TLS)
    if "token" in kept:
        # So that a caller can tell what its own token is good for.
        response.headers["Offboard-Role"] = kept.token.role
    count_request(response)
    # The template, never the path: the path names the person.
    log.info(
        "request.answered",
        method=request.method,
        route=kept.route,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - kept.began) * 1000, 1),
    )
    return response


def _forget(_: BaseException | None) -> None:
    # Else what the server says next in this thread would bear this request's names.
    structlog.contextvars.clear_contextvars()
