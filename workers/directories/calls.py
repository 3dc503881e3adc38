"""One call to an HR system's API: short, bounded, without redirects; faults are ours.

It repeats nothing that was sent or answered: both hold personal data.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from requests import PreparedRequest
from requests.auth import AuthBase

from workers.directories.wire import Answer, exchange
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import Unreadable, UnreadableError

Clock = Callable[[], datetime]

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
        answer = exchange(
            f"The API of {self.source}",
            method,
            self.api_url + path,
            auth=auth,
            headers={"Accept": "application/json"},
            **more,
        )
        if answer.status == 404:
            return None
        self._refuse(answer)
        try:
            return json.loads(answer.raw)
        except (ValueError, RecursionError):
            raise self._transient(
                "answered what is no JSON", Reason.UNEXPECTED_ANSWER
            ) from None

    def _refuse(self, answer: Answer) -> None:
        status = answer.status
        if status == 429 or status >= 500:
            reason = Reason.RATE_LIMITED if status == 429 else Reason.UNREACHABLE
            wait = answer.retry_after_seconds
            raise self._transient(f"answered {status}", reason, wait)
        if status in (401, 403):
            reason = Reason.BAD_KEY if status == 401 else Reason.NO_ROLE
            raise self._permanent(
                f"{status}: see {{}}_API_TOKEN and its rights", reason
            )
        if status >= 300:
            raise self._permanent(f"{status}: see {{}}_API_URL")

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
