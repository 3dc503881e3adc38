"""One HTTP exchange with a directory: bounded in time and size, without redirects.

It repeats nothing that was sent or answered: both hold personal data.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests import PreparedRequest
from requests.auth import AuthBase

from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.times import asked_seconds

# To connect, and between two pieces of an answer.
_TIMEOUT_SECONDS: Final = (3, 10)
_LONGEST_SECONDS: Final = 30.0
_PIECE_BYTES: Final = 64 * 1024
_LONGEST_WAIT_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole. ``headers`` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def retry_after_seconds(self) -> float | None:
        """Return the wait that was asked for, an hour at most; None if none was."""
        wait = asked_seconds(self.headers.get("Retry-After", ""))
        return min(wait, _LONGEST_WAIT_SECONDS) if wait else None


def exchange(
    whom: str,
    method: str,
    url: str,
    *,
    auth: AuthBase | None = None,
    longest_seconds: float | None = None,
    largest_bytes: int = 1024 * 1024,
    **more: Any,  # noqa: ANN401 - headers, params, data and json, as requests has them
) -> Answer:
    """Send one request and take its answer in, whatever its status.

    Args:
        whom: Whose API it is, to begin a sentence with.
        method: Of HTTP.
        url: Where to.
        auth: What proves us; without, ``headers`` are sent as they are.
        longest_seconds: For the whole answer, since timeouts bound its pieces alone;
            30 where nothing is said.
        largest_bytes: Of the whole answer.
        more: As ``requests`` takes them.

    Raises:
        TransientError: No whole answer came.
    """
    try:
        with requests.request(
            method,
            url,
            # Else a .netrc entry of the host would take the place of what proves us.
            auth=auth or _as_it_is,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
            **more,
        ) as response:
            until = longest_seconds or _LONGEST_SECONDS
            raw = _whole(whom, response, until, largest_bytes)
            return Answer(response.status_code, response.headers, raw)
    # ValueError: an address or a header that cannot be sent. The exception's own text
    # may hold the address, and with it whom it was about.
    except (requests.RequestException, ValueError) as error:
        text = f"{whom} cannot be reached ({type(error).__name__})."
        raise TransientError(text) from None


def _whole(
    whom: str, response: requests.Response, longest_seconds: float, largest_bytes: int
) -> bytes:
    raw, until = bytearray(), time.monotonic() + longest_seconds
    for piece in response.iter_content(_PIECE_BYTES):
        raw += piece
        if len(raw) > largest_bytes or time.monotonic() > until:
            text = f"{whom} gave no end to its answer: too long, or takes too long."
            raise TransientError(text, reason=Reason.UNEXPECTED_ANSWER)
    return bytes(raw)


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request
