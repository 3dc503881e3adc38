"""Signing in with the identity provider, and out again: its pages.

The answer to a return is a page that goes on by itself: a redirect from here would
still count as the other site's doing, and come without the session just begun.
"""

import hmac
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from service.context import here
from service.oidc.begun import Begun, begin
from service.oidc.faults import NobodyError, NotProvenError, ProviderAwayError
from service.pages import attempt, session
from service.pages.door import page
from service.pages.ways import comes_from_elsewhere, own_way
from service.people import Person, as_token, without_role

if TYPE_CHECKING:
    from service.oidc.provider import Provider

_AWAY: Final = (
    "{name} cannot be used at the moment: try again in a minute. Events, the API and"
    " what is under way do not need it."
)
_NOT_BEGUN: Final = (
    "This sign-in was not begun in this browser, or more than ten minutes ago, or was"
    " used already. Sign in once more."
)
_NOT_PROVEN: Final = (
    "The answer of {name} does not prove who you are. Sign in once more; the log of"
    " this service says why it was refused."
)
_REFUSED: Final = "{name} did not let you in here."
_RETRY_AFTER: Final = {"Retry-After": "60"}

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@page("GET", "/login/start", role="public")
def start() -> AnyResponse:
    """Send somebody to the provider."""
    provider = _provider()
    begun, way = begin(), own_way(request.args.get("next", ""))
    try:
        answer = redirect(provider.address_for(begun), 303)
    except ProviderAwayError as error:
        return _away(error, way)
    attempt.keep(answer, begun, way)
    return answer


@page("GET", "/login/callback", role="public")
def callback() -> AnyResponse:
    """Begin a session of whom the provider sent back."""
    _provider()
    answer = _answered()
    # Whatever came of it: what was begun is good for one answer.
    attempt.forget(answer)
    # The address has the code in it, and is nobody's business.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def door_to_provider(way: str, fault: str | None = None, title: str = "Sign in") -> str:
    """Return the page with the way to the provider."""
    return render_template(
        "login_provider.html",
        provider=_provider().name,
        public=here().settings.public_url,
        way=way,
        title=title,
        fault=fault,
        comes_again=fault is None and comes_from_elsewhere(),
    )


def leave_provider() -> AnyResponse:
    """End the session here, and go on to end that of the provider."""
    out = _provider().way_out(f"{here().settings.public_url}/login")
    if out is None:
        answer = redirect("/login", 303)
    else:
        # No redirect: to the browser that would be our form sent to another site.
        answer = _going("Signed out", out, f"Sign out of {_provider().name}, too")
    session.end(answer)
    return answer


def _answered() -> AnyResponse:
    begun = attempt.of_browser()
    state = request.args.get("state", "").encode()
    if begun is None or not hmac.compare_digest(state, begun[0].state.encode()):
        return _refused("state", _NOT_BEGUN)
    if "error" in request.args or not request.args.get("code"):
        return _refused("provider", _REFUSED.format(name=_provider().name))
    return _judged(*begun)


def _judged(begun: Begun, way: str) -> AnyResponse:
    provider = _provider()
    try:
        now = here().clock().timestamp()
        person = provider.person_for(request.args, begun, now)
    except ProviderAwayError as error:
        return _away(error, way)
    except NotProvenError as error:
        return _refused(error.cause, _NOT_PROVEN.format(name=provider.name))
    except NobodyError as error:
        return _refused("nobody", str(error), status=403)
    return _signed_in(person, way)


def _signed_in(person: Person, way: str) -> AnyResponse:
    token = as_token(person, here().settings)
    if token is None:
        return _refused("role", without_role(person), status=403)
    log.info("login.accepted", actor=token.name, role=token.role)
    answer = _going("Signed in", own_way(way), "Go on")
    session.begin_for(answer, person)
    return answer


def _going(title: str, way: str, link: str) -> Response:
    shown = render_template("going.html", title=title, way=way, link=link)
    return Response(shown)


def _refused(cause: str, said: str, *, status: int = 401) -> Response:
    log.warning("login.refused", why=cause)
    title = "Not signed in" if status == 401 else "Nothing to see for you yet"
    return Response(door_to_provider("/", said, title), status=status)


def _away(error: ProviderAwayError, way: str) -> Response:
    log.warning("login.provider_away", why=error.cause)
    said = _AWAY.format(name=_provider().name)
    return Response(door_to_provider(way, said), status=503, headers=_RETRY_AFTER)


def _provider() -> "Provider":
    """Return the provider; it is made once a process, and asked nothing before."""
    settings = here().settings
    if settings.auth_mode != "oidc":
        raise NotFound("Nobody signs in with an identity provider here.")
    kept: dict[str, Any] = here().kept
    if "oidc" not in kept:
        # Authlib is an extra: where it is missing, nothing else may miss it.
        from service.oidc.provider import Provider

        kept.setdefault("oidc", Provider(settings))
    found: Provider = kept["oidc"]
    return found
