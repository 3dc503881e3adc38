"""What an answer of IBM Cloud says of itself: status, code, request id, the wait.

Reads the HTTP answer itself and leniently: the SDK's exception knows neither the
Kubernetes Service's codes nor its incident ids. Never repeats a body, which may echo
what was sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ibm_cloud_sdk_core import ApiException
from requests import Response

from workers.offboarding.times import asked_seconds

_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,24}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:,/=-]{1,96}")
_REQUEST_ID_HEADERS: Final = (
    "Transaction-Id",
    "X-Global-Transaction-ID",
    "X-Request-Id",
    "X-Correlation-Id",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says of itself; code and request id only if plainly written."""

    status: int
    code: str = ""
    request_id: str | None = None
    retry_after_seconds: float | None = None

    def __str__(self) -> str:
        code = f" {self.code}" if self.code else ""
        number = f" (request {self.request_id})" if self.request_id else ""
        return f"IBM Cloud answered {self.status}{code}{number}"


def answer_of(error: ApiException) -> Answer:
    """Read what an error answer says of itself, whatever its body is."""
    response = error.http_response
    if response is None:
        return Answer(error.status_code)
    body = _body(response)
    return Answer(
        error.status_code,
        _code(body),
        request_id(response.headers, body),
        asked_wait(response.headers),
    )


def request_id(
    headers: Mapping[str, str], body: Mapping[str, object] | None = None
) -> str | None:
    """Find the number under which IBM Cloud knows the call; None if it gave none."""
    body = body or {}
    context = body.get("context")
    inner = context if isinstance(context, dict) else {}
    given = [
        body.get("incidentID"),
        inner.get("requestId"),
        inner.get("transaction_id"),
        body.get("global_transaction_id"),
        body.get("trace"),
        *(headers.get(name) for name in _REQUEST_ID_HEADERS),
    ]
    plain = (one for one in given if isinstance(one, str))
    return next((one for one in plain if _REQUEST_ID.fullmatch(one)), None)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` in seconds; None where it is not there or says nothing."""
    return asked_seconds(headers.get("Retry-After", ""))


def _body(response: Response) -> dict[str, object]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _code(body: Mapping[str, object]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    inner = first.get("code") if isinstance(first, dict) else None
    given = (body.get("code"), body.get("errorCode"), inner)
    plain = (one for one in given if isinstance(one, str))
    return next((one for one in plain if _CODE.fullmatch(one)), "")
