"""What IBM Cloud answers, turned into the domain's errors: again or never, and why.

A code says more than a status: a 401 may speak of the caller's token or of the key a
target has stored. The published codes are those of IBM's issue trackers and docs; that
they mean the same on every call is not confirmed against a live account.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import urllib3.exceptions as wire
from ibm_cloud_sdk_core import ApiException
from requests import exceptions as http

from workers.ibmcloud.answers import Answer, answer_of
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)

_NEVER_CODES: Final = {
    "A0656": Reason.CANNOT_CREATE_KEY,
    # The usual cause is the limit of keys; the answer itself hides it.
    "A03e9b": Reason.KEY_LIMIT,
    "BXNIM0151E": Reason.KEY_LIMIT,
    "BXNIM0407E": Reason.BAD_KEY,
    "BXNIM0408E": Reason.BAD_KEY,
    "BXNIM0415E": Reason.BAD_KEY,
    "E0058": Reason.WRONG_ACCOUNT,
    "G3917": Reason.WRONG_PROVIDER,
}
_AGAIN_CODES: Final = {
    # The key the cluster's target has stored is unusable, or not replicated yet. The
    # caller's own token may be fine, so this is no reason to get another one.
    "P0005": Reason.KEY_NOT_USABLE,
    # Seen now and then for clusters that were there all the time.
    "A0006": Reason.NOT_FOUND,
    "G0004": Reason.NOT_FOUND,
}
_NEVER: Final = {
    401: Reason.BAD_KEY,
    403: Reason.NO_ROLE,
    410: Reason.NOT_FOUND,
}
_AGAIN: Final = {
    404: Reason.NOT_FOUND,
    408: Reason.UNREACHABLE,
    409: Reason.UNREACHABLE,
    423: Reason.UNREACHABLE,
    425: Reason.UNREACHABLE,
}
# Of these 4xx a reset may have happened all the same: the call was taken too slowly, or
# clashed with one that may have been its own double on the way.
_PROVES_NOTHING: Final = (408, 409)
# Refused for now, and refused before anything was done.
_REFUSED_FOR_NOW: Final = (423, 425)
_NOT_SENT: Final = (
    wire.NewConnectionError,
    wire.ConnectTimeoutError,
)


class RateLimitedError(TransientError):
    """We have to slow down, so nobody may try a sibling call instead."""

    def __init__(
        self, message: str, *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(
            message,
            reason=Reason.RATE_LIMITED,
            retry_after_seconds=retry_after_seconds,
        )


@contextmanager
def far_side(doing: str) -> Iterator[None]:
    """Turn what the SDK raises while *doing* something into the domain's errors."""
    try:
        yield
    except (ApiException, http.RequestException) as error:
        raise domain_error(error, doing) from error
    except (ValueError, RecursionError) as error:
        # JSON nested too deep, or with a number no machine holds: the parser's own.
        raise odd_answer(doing, "the answer cannot be read") from error


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
    if answer.status == 429:
        return RateLimitedError(message, retry_after_seconds=answer.retry_after_seconds)
    reason = _never(answer)
    if reason is not None:
        return PermanentError(message, reason=reason)
    return TransientError(
        message, reason=_again(answer), retry_after_seconds=answer.retry_after_seconds
    )


def lost_or_not_done(
    error: ApiException | http.RequestException, doing: str
) -> LostAnswerError | TransientError | PermanentError:
    """Classify a fault of a reset: proven not done, or its answer is lost.

    A 4xx is a refusal, so never to be tried again unseen, save those that ask to come
    back later (423, 425, 429), and those that prove nothing (408, 409 and P0005). A
    connection that never came into being carried no reset. All else may have happened.
    """
    if not isinstance(error, ApiException):
        fault = _fault(error, doing)
        return fault if _was_never_sent(error) else LostAnswerError(str(fault))
    known = domain_error(error, doing)
    status = error.status_code
    if isinstance(known, RateLimitedError) or status in _REFUSED_FOR_NOW:
        return known
    # P0005 speaks of the stored key, which may be the one just made.
    is_stored_key = known.reason is Reason.KEY_NOT_USABLE
    is_refusal = 400 <= status <= 499 and status not in _PROVES_NOTHING
    if is_refusal and not is_stored_key:
        return PermanentError(str(known), reason=known.reason)
    return LostAnswerError(str(known))


def odd_answer(doing: str, what: str) -> TransientError:
    """Say that an answer came and cannot be used; *what* is our words, not its."""
    return TransientError(f"{doing}: {what}", reason=Reason.UNEXPECTED_ANSWER)


def _never(answer: Answer) -> Reason | None:
    if answer.code in _AGAIN_CODES or answer.status in _AGAIN:
        return _NEVER_CODES.get(answer.code)
    known = _NEVER_CODES.get(answer.code) or _NEVER.get(answer.status)
    is_refusal = 400 <= answer.status <= 499
    return known or (Reason.REFUSED_BY_IBM_CLOUD if is_refusal else None)


def _again(answer: Answer) -> Reason:
    usual = Reason.UNREACHABLE if answer.status >= 500 else Reason.UNEXPECTED_ANSWER
    return _AGAIN_CODES.get(answer.code) or _AGAIN.get(answer.status, usual)


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
