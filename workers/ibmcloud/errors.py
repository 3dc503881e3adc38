"""What IBM Cloud answers, turned into the domain's errors.

Reads the HTTP answer itself and leniently: the SDK's exception knows neither the
Kubernetes Service's codes nor its incident ids. Never repeats a body, which may echo
what was sent.
"""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import urllib3.exceptions as wire
from ibm_cloud_sdk_core import ApiException
from requests import Response
from requests import exceptions as http

from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)

_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,24}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:,/=-]{1,96}")
_REQUEST_ID_HEADERS: Final = (
    "Transaction-Id",
    "X-Global-Transaction-ID",
    "X-Request-Id",
    "X-Correlation-Id",
)
_NEVER: Final = {
    (400, "A03e9b"): Reason.KEY_LIMIT,
    (401, ""): Reason.BAD_KEY,
    (403, ""): Reason.NO_ROLE,
}
_AGAIN: Final = {
    # The key the cluster's target has stored is unusable, or not replicated yet. The
    # caller's own token may be fine, so this is no reason to get another one.
    (401, "P0005"): Reason.KEY_NOT_USABLE,
    # Seen now and then for clusters that were there all the time.
    (404, ""): Reason.NOT_FOUND,
    (408, ""): Reason.UNREACHABLE,
}
_NOT_SENT: Final = (
    wire.NewConnectionError,
    wire.ConnectTimeoutError,
)


class RateLimitedError(TransientError):
    """IBM Cloud asked us to slow down, so nobody may try a sibling call instead."""


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


@contextmanager
def far_side(doing: str) -> Iterator[None]:
    """Turn what the SDK raises while *doing* something into the domain's errors."""
    try:
        yield
    except (ApiException, http.RequestException) as error:
        raise domain_error(error, doing) from error


def domain_error(
    error: ApiException | http.RequestException, doing: str
) -> TransientError | PermanentError:
    """Classify a fault of a call: again or never, with its reason.

    The message names the far side's code and request id, never a body.
    """
    if not isinstance(error, ApiException):
        return _fault(error, doing)
    answer = answer_of(error)
    message = f"{doing}: {answer}"
    named = (answer.status, answer.code)
    if answer.status == 429:
        return RateLimitedError(message, retry_after_seconds=answer.retry_after_seconds)
    reason = None if named in _AGAIN else _never(named)
    if reason is not None:
        return PermanentError(message, reason=reason)
    return TransientError(
        message, reason=_again(named), retry_after_seconds=answer.retry_after_seconds
    )


def lost_or_not_done(
    error: ApiException | http.RequestException, doing: str
) -> LostAnswerError | TransientError | PermanentError:
    """Classify a fault of a reset: proven not done, or its answer is lost.

    A 4xx is a refusal, so never to be tried again unseen, save 429, which proves that
    nothing was done, and 408 and P0005, which do not. A connection that never came
    into being carried no reset. All else may have happened.
    """
    if isinstance(error, ApiException):
        known = domain_error(error, doing)
        if isinstance(known, RateLimitedError):
            return known
        # P0005 speaks of the stored key, which may be the one just made.
        is_stored_key = known.reason is Reason.KEY_NOT_USABLE
        is_refusal = 400 <= error.status_code <= 499 and error.status_code != 408
        if is_refusal and not is_stored_key:
            return PermanentError(str(known), reason=known.reason)
        return LostAnswerError(str(known))
    fault = _fault(error, doing)
    return fault if _was_never_sent(error) else LostAnswerError(str(fault))


def odd_answer(doing: str, what: str) -> TransientError:
    """Say that an answer came and cannot be used; *what* is our words, not its."""
    return TransientError(f"{doing}: {what}", reason=Reason.UNEXPECTED_ANSWER)


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
        _retry_after(response.headers.get("Retry-After")),
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


def _never(named: tuple[int, str]) -> Reason | None:
    status, _ = named
    if not 400 <= status <= 499 or (status, "") in _AGAIN:
        return None
    return _NEVER.get(named) or _NEVER.get((status, ""), Reason.REFUSED_BY_IBM_CLOUD)


def _again(named: tuple[int, str]) -> Reason:
    status, _ = named
    usual = Reason.UNREACHABLE if status >= 500 else Reason.UNEXPECTED_ANSWER
    return _AGAIN.get(named) or _AGAIN.get((status, ""), usual)


def _fault(error: http.RequestException, doing: str) -> TransientError:
    match error:
        case http.Timeout():
            what = "no answer in time"
        case http.SSLError():
            what = "no trusted TLS connection"
        case http.ConnectionError():
            what = "the connection failed or was cut"
        case http.ChunkedEncodingError() | http.JSONDecodeError():
            return odd_answer(doing, "the answer came in part or is no JSON")
        case http.ContentDecodingError():
            return odd_answer(doing, "the answer cannot be unpacked")
        case _:
            what = f"the request failed ({type(error).__name__})"
    return TransientError(f"{doing}: {what}")


def _was_never_sent(error: http.RequestException) -> bool:
    if isinstance(error, http.ConnectTimeout):
        return True
    cause: object = error.args[0] if error.args else None
    # requests wraps urllib3's "retries exceeded", which wraps the cause; a proxy that
    # could not be reached adds one more layer.
    for _ in range(4):
        if isinstance(cause, _NOT_SENT):
            return True
        cause = getattr(cause, "reason", None) or getattr(cause, "original_error", None)
    return False


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


def _retry_after(raw: str | None) -> float | None:
    if raw is None:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        return _seconds_until(raw)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
