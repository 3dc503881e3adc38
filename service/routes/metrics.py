"""The route that Prometheus scrapes: what is counted, and how all of it stands."""

import hmac
from importlib.metadata import version
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from service.context import here
from service.contract import route
from service.routes.health import health
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.metrics import BUILD, STORE_UP
from workers.offboarding.samples import Sample

_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
_SCRAPED: Final[dict[str, Any]] = {
    "description": "The metrics, in the form that Accept asks for.",
    "content": {"text/plain": _TEXT, "application/openmetrics-text": _TEXT},
}


@route(
    health,
    "GET",
    "/metrics",
    role="public",
    answer={200: _SCRAPED},
    refuses=(401, 429),
)
def metrics() -> Response:
    """Tell Prometheus what is counted; where METRICS_TOKEN is set, only with it.

    Without the store it tells that, and what needs none, so that an alert can fire.
    """
    _demand_token()
    # Here and not above: only a scrape needs the library.
    from service.exposition import exposed

    text, content_type = exposed(_samples(), request.headers.get("Accept", ""))
    return Response(text, content_type=content_type)


def _demand_token() -> None:
    """Let the request go on with the token, or where none is set.

    Every value is compared, in constant time, so that the time taken tells nothing.
    """
    tokens = here().settings.metrics_token
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    given = text.strip().encode("utf-8", "replace")
    fits = [hmac.compare_digest(one.reveal().encode(), given) for one in tokens]
    if tokens and not (any(fits) and scheme.lower() == "bearer"):
        raise Unauthorized(
            "Send the token of the metrics as Authorization: Bearer.",
            www_authenticate=WWWAuthenticate("bearer"),
        )


def _samples() -> list[Sample]:
    desk, build = here().desk, Sample(BUILD, (version("offboard"),), 1)
    try:
        return [build, *desk.scrape()]
    except StoreAwayError:
        return [build, Sample(STORE_UP, (), 0), *desk.known_accounts()]
