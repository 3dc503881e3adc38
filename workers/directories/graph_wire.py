"""One HTTP exchange with Microsoft: bounded in time and size, its answer as it came."""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from workers.offboarding.errors import Reason, TransientError

# To connect, and between two pieces of an answer.
_TIMEOUT_SECONDS: Final = (3, 10)
# Whoever sends a piece now and then is cut off after this.
_LONGEST_SECONDS: Final = 60
_LARGEST_BYTES: Final = 16 * 1024 * 1024
_LONGEST_WAIT_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is None where it was no JSON object."""

    status: int
    body: Mapping[str, Any] | None
    retry_after_seconds: float | None = None

    @property
    def code(self) -> str:
        """Return the error's own code; empty where it has none we can show."""
        error = (self.body or {}).get("error")
        code = error.get("code") if isinstance(error, dict) else error
        is_word = isinstance(code, str) and code.replace("_", "").isalnum()
        return str(code)[:60] if is_word and str(code).isascii() else ""


def exchange(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request and take its answer in; follows no redirect.

    Raises:
        TransientError: No whole answer came.
    """
    try:
        with requests.request(
            method,
            url,
            headers=headers,
            params=params,
            data=form,
            json=body,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(
                response.status_code,
                _object_in(_all_of(response)),
                _wait_in(response.headers.get("Retry-After", "")),
            )
    except requests.RequestException as error:
        # The exception's own text holds the address, and with it whom it was about.
        raise TransientError(
            f"Microsoft did not answer: {type(error).__name__}."
        ) from None


def _all_of(response: requests.Response) -> bytes:
    began = time.monotonic()
    raw = bytearray()
    for piece in response.iter_content(65_536):
        raw += piece
        if len(raw) > _LARGEST_BYTES or time.monotonic() - began > _LONGEST_SECONDS:
            text = "Microsoft's answer was too large, or came too slowly."
            raise TransientError(text, reason=Reason.UNEXPECTED_ANSWER)
    return bytes(raw)


def _object_in(raw: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _wait_in(text: str) -> float | None:
    """Read Retry-After in seconds; a date or nonsense says nothing."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, _LONGEST_WAIT_SECONDS)
