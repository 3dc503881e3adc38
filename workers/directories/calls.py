"""One call to an HR system's API: short, bounded, without redirects; faults are ours.

It repeats nothing that was sent or answered: both hold personal data.
"""

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import Unreadable, UnreadableError

Clock = Callable[[], datetime]

_TIMEOUTS: Final = (3, 10)
_WHOLE_SECONDS: Final = 30
_LONGEST_ANSWER_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
# A word that stays one segment of a path: no slash, no full stop that leads upwards.
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def utc_now() -> datetime:
    """Return now, aware UTC."""
    return datetime.now(UTC)


class Bearer(AuthBase):
    """A bearer token; as an auth of its own, so that no .netrc takes its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Set the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Set no header, so that no .netrc sets one either."""
    return request


@dataclass(frozen=True, slots=True)
class Calls:
    """The API of one source.

    Attributes:
        source: Its name, for what people read.
        api_url: Where it is.
    """

    source: str
    api_url: str

    def get(self, path: str, auth: AuthBase, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Read *path*; None where the API says that there is nothing (404)."""
        return self._ask("GET", path, auth, params=query)

    def post(self, path: str, auth: AuthBase | None, **body: Any) -> Any:  # noqa: ANN401 - JSON
        """Send *body* as JSON or, with ``form``, as a form; else as ``get``."""
        return self._ask("POST", path, auth, **body)

    def _ask(self, method: str, path: str, auth: AuthBase | None, **more: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            with requests.request(
                method,
                self.api_url + path,
                auth=auth or _as_it_is,
                headers={"Accept": "application/json"},
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
                **more,
            ) as response:
                if response.status_code == 404:
                    return None
                self._refuse(response)
                return self._json(response)
        # ValueError: an address or a header that cannot be sent.
        except (requests.RequestException, ValueError) as error:
            raise self._transient(
                f"cannot be reached ({type(error).__name__})"
            ) from None

    def _refuse(self, response: Response) -> None:
        status = response.status_code
        if status == 429 or status >= 500:
            wait = asked_wait(response.headers)
            reason = Reason.RATE_LIMITED if status == 429 else Reason.UNREACHABLE
            raise self._transient(f"answered {status}", reason, wait)
        if status in (401, 403):
            reason = Reason.BAD_KEY if status == 401 else Reason.NO_ROLE
            raise self._permanent(
                f"{status}: see {{}}_API_TOKEN and its rights", reason
            )
        if status >= 300:
            raise self._permanent(f"{status}: see {{}}_API_URL")

    def _json(self, response: Response) -> Any:  # noqa: ANN401 - JSON
        deadline = time.monotonic() + _WHOLE_SECONDS
        raw = b""
        for chunk in response.iter_content(_CHUNK_BYTES):
            raw += chunk
            if len(raw) > _LONGEST_ANSWER_BYTES or time.monotonic() > deadline:
                raise self._transient(
                    "gave no end to its answer", Reason.UNEXPECTED_ANSWER
                )
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise self._transient(
                "answered what is no JSON", Reason.UNEXPECTED_ANSWER
            ) from None

    def _transient(
        self,
        what: str,
        reason: Reason = Reason.UNREACHABLE,
        wait: float | None = None,
    ) -> TransientError:
        return TransientError(self._said(what), reason=reason, retry_after_seconds=wait)

    def _permanent(
        self, what: str, reason: Reason = Reason.UNEXPECTED_ANSWER
    ) -> PermanentError:
        setting = f"OFFBOARD_SOURCE_{self.source.upper()}"
        return PermanentError(
            self._said(f"answered {what.format(setting)}"), reason=reason
        )

    def _said(self, what: str) -> str:
        return f"The API of {self.source} {what}."


def segment(subject: str) -> str:
    """Return an id that stays one segment of a path.

    Raises:
        UnreadableError: It would lead elsewhere.
    """
    if not _ID.fullmatch(subject):
        text = "The id in the event is not of the form that the API takes."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
    return subject


def not_found(source: str) -> UnreadableError:
    """Say that the API does not know whom an event names."""
    text = f"The API of {source} knows nobody by the id in the event."
    return UnreadableError(Unreadable.LOOK_UP_FAILED, text)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` in seconds; None where it is not there or says nothing."""
    raw = headers.get("Retry-After", "")
    try:
        seconds = float(raw)
    except ValueError:
        return _seconds_until(raw)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    # OverflowError: digits without end.
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - utc_now()).total_seconds())
