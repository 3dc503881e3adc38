"""What is counted of requests, in the process's tally: no request waits for it.

Only templates, names of sources that are on and words of ours are labels: whoever sends
requests can make no new ones.
"""

import time
from typing import Final

from flask import Response, g, request

from service.context import here
from service.errors import KeysAwayError, NotAuthenticError
from workers.offboarding.metrics import HTTP_REQUESTS, HTTP_SECONDS, WEBHOOKS

_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
)
UNMATCHED: Final = "unmatched"
ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
IGNORED: Final = "ignored"
QUARANTINED: Final = "quarantined"
# Of the parts of one delivery the first of these that there is names it.
_FIRST: Final = (ACCEPTED, QUARANTINED, DUPLICATE, IGNORED)
# Where no error of ours tells more. A route that is not there is nobody's request.
_BY_STATUS: Final = {404: None, 405: None, 401: "bad_signature", 413: "too_large"}


def count_request(response: Response) -> None:
    """Count the request that is answered with *response*."""
    tally, route = here().desk.tally, g.route or UNMATCHED
    method = request.method if request.method in _METHODS else "other"
    tally.add(HTTP_REQUESTS, route, method, str(response.status_code))
    tally.observe(HTTP_SECONDS, time.perf_counter() - g.began, route)


def heard_as(outcome: str) -> None:
    """Note what became of one part of a delivery."""
    g.setdefault("heard_as", set()).add(outcome)


def refused_for(error: Exception) -> None:
    """Note why a delivery is refused."""
    match error:
        case NotAuthenticError(cause="timestamp"):
            g.refused_for = "stale"
        case NotAuthenticError():
            g.refused_for = "bad_signature"
        case KeysAwayError():
            g.refused_for = "unavailable"
        case _:
            g.refused_for = "invalid"


def count_delivery(source: str, response: Response) -> None:
    """Count a request of a source that is on; a handshake is none."""
    outcome = _refused(response.status_code)
    if outcome is None and response.status_code < 400:
        heard = g.get("heard_as", ())
        outcome = next((one for one in _FIRST if one in heard), None)
    if outcome is not None:
        here().desk.tally.add(WEBHOOKS, source, outcome)


def _refused(status: int) -> str | None:
    if why := g.get("refused_for"):
        return str(why)
    if status < 400:
        return None
    return _BY_STATUS.get(status, "unavailable" if status >= 500 else "invalid")
