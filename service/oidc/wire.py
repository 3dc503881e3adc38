"""How a provider is spoken to: bounded in time and size, and never led elsewhere."""

import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from config.settings import LOOPBACK
from service.bodies import strict_json
from service.errors import MalformedError
from service.oidc.faults import ProviderAwayError

CONNECT_SECONDS: Final = 2
READ_SECONDS: Final = 4
LIMIT_BYTES: Final = 256 * 1024


class Bounded(HTTPAdapter):
    """Reads each answer whole and at once, within our bounds."""

    def send(self, *args: Any, **how: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Send one request; ProviderAwayError where the answer is no use."""
        ends_at = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
        how |= {"stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS)}
        try:
            answer = super().send(*args, **how)
            answer.raw = BytesIO(_whole(answer, ends_at))
        # An OSError is also what every fault of `requests` is.
        except (OSError, HTTPError) as error:
            raise ProviderAwayError(type(error).__name__) from error
        # A redirect would take a code or our secret to whoever it names.
        if answer.is_redirect:
            raise ProviderAwayError("redirect")
        return answer


def bound(session: requests.Session) -> None:
    """Have everything that *session* sends be bounded."""
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded())


def read_json(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProviderAwayError: It cannot be had, or is none.
    """
    with requests.Session() as session:
        bound(session)
        accepted = {"Accept": "application/json", **(headers or {})}
        answer = session.get(url, headers=accepted)
    if answer.status_code != requests.codes.ok:
        raise ProviderAwayError(f"status_{answer.status_code}")
    try:
        return strict_json(answer.content)
    except MalformedError:
        raise ProviderAwayError("no_json") from None


def is_safe(url: object) -> bool:
    """Tell whether an address that a provider names may be used: https, or loopback."""
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def _whole(answer: requests.Response, ends_at: float) -> bytes:
    found = bytearray()
    try:
        while piece := answer.raw.read1(LIMIT_BYTES):
            found += piece
            if len(found) > LIMIT_BYTES:
                raise ProviderAwayError("too_large")
            if time.monotonic() > ends_at:
                raise ProviderAwayError("too_slow")
    finally:
        answer.close()
    return bytes(found)
