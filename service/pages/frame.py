"""What every page has: its files, its headers, its errors, its words."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from flask import (
    Response,
    render_template,
    request,
    send_from_directory,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from service.auth import Role
from service.context import here
from service.pages.door import may, page, pages, visitor
from service.pages.notices import notices
from service.pages.session import form_key_of, renew
from service.pages.spans import ago
from service.pages.trying import trial_word
from workers.offboarding.channel_mending import mend_of
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.shell import made_visible

STATIC: Final = Path(__file__).parent / "static"
_A_YEAR: Final = 365 * 24 * 3600
_PROBLEM: Final = "application/problem+json"
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


LINKS: Final[tuple[tuple[str, str, Role], ...]] = (
    ("/", "Cases", "viewer"),
    ("/exposure", "Exposure", "viewer"),
    ("/gate", "Gate", "viewer"),
    ("/sources", "Sources", "viewer"),
    ("/quarantine", "Quarantine", "viewer"),
    ("/evidence", "Evidence", "viewer"),
    ("/settings", "Settings", "operator"),
    ("/docs", "API", "viewer"),
)


@page("GET", "/static/<path:name>", role="public")
def static(name: str) -> AnyResponse:
    """Send a style or script file; its address changes with what is in it."""
    answer = send_from_directory(STATIC, name, max_age=_A_YEAR)
    answer.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return answer


@pages.after_request
def as_page(response: Response) -> Response:
    """Turn an error of a page into a page; have who is not signed in do so."""
    renew(response)
    if not _is_problem(response):
        return _kept(response)
    # Whom the proxy does not name cannot do anything about it on a page of ours.
    if response.status_code == 401 and here().settings.auth_mode != "proxy":
        way = request.full_path.rstrip("?") if request.method == "GET" else "/"
        to_login = {"Location": f"/login?next={quote(way)}"}
        return _kept(Response(status=303, headers=to_login))
    return error_page(response)


@pages.after_app_request
def nowhere(response: Response) -> Response:
    """Turn the error of a path that nothing has into a page, for who reads pages."""
    if request.url_rule is not None or not _is_problem(response):
        return response
    response.vary.add("Accept")
    return error_page(response) if _reads_pages() else response


def _reads_pages() -> bool:
    # Who takes anything at all is a program, and gets what programs get.
    kinds = (_PROBLEM, "application/json", "text/html")
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def _is_problem(response: Response) -> bool:
    return response.mimetype == _PROBLEM


def error_page(response: Response) -> Response:
    """Turn a problem into a page."""
    problem, status = response.get_json(), response.status_code
    kept = ("Retry-After", "Allow", "Vary")
    headers = [one for one in response.headers if one[0] in kept]
    return _kept(Response(_said(problem, status), status=status, headers=headers))


def _said(problem: Any, status: int) -> str:  # noqa: ANN401 - a problem, as JSON
    try:
        plain = status >= 500
        return render_template("error.html", problem=problem, plain=plain)
    except StoreAwayError:
        # Who looks, and what stands over every page, only the store can tell.
        return render_template("error.html", problem=problem, plain=True)


def _kept(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def fit(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
    """Make what cannot be seen visible in every text that a page shows.

    A name with a character that turns writing round would else look like another.
    """
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return made_visible(value) if is_text else value


@cache
def address_of(name: str) -> str:
    """Return the address of a static file, with a mark of what is in it."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{mark}"


def moment(at: datetime | None) -> Markup:
    """Show a moment to the minute, in UTC; a dash where there is none."""
    if at is None:
        return Markup("-")
    return _time(at, "%Y-%m-%d %H:%M UTC")


def second(at: datetime) -> Markup:
    """Show a moment to the second, in UTC."""
    return _time(at, "%Y-%m-%d %H:%M:%S UTC")


def _time(at: datetime, form: str) -> Markup:
    exact = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(exact, at.strftime(form))


def in_account(names: Mapping[str, str], account_id: str) -> Markup:
    """Say below a target in which account it is, where there is more than one."""
    if list(names) == [account_id]:
        return Markup()
    shown = made_visible(names.get(account_id) or account_id)
    return Markup('<br><small class="name">account {}</small>').format(shown)


@pages.app_context_processor
def _words() -> dict[str, Any]:
    # Called where they are needed: a page that tells of a store that is away must not
    # ask it.
    # Once a page, and not once a row.
    accounts = {one.id: one.name for one in here().settings.rules}
    return {
        "plain": False,
        "visitor": visitor,
        "page_links": LINKS,
        "standing": notices,
        "form_key": form_key_of,
        "may": may,
        "signs_out": here().settings.auth_mode != "proxy",
        "static_file": address_of,
        "moment": moment,
        "second": second,
        "ago": ago,
        "in_account": partial(in_account, accounts),
        "trial_word": trial_word,
        "mend_of_report": lambda line: mend_of(
            line.channel, line.detail, is_room=bool(line.room)
        ),
        "account_name": lambda account_id: accounts.get(account_id) or account_id,
    }
