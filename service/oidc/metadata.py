"""What a provider says of itself, and its public keys: fetched late, kept for a while.

Nothing is fetched at start: the web process takes events in while a provider is away.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog

from service.oidc.faults import ProviderAwayError
from service.oidc.wire import is_safe, read_json

WELL_KNOWN: Final = "/.well-known/openid-configuration"
FRESH_SECONDS: Final = 3600
# A key nobody knows makes us look again, but not each time somebody sends one.
RENEW_SECONDS: Final = 30
# After a failure nobody waits for the same one again.
PAUSE_SECONDS: Final = 5

Found = TypeVar("Found")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses of a provider; the last two are None where it has none."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    takes_basic: bool
    names_itself: bool


class Kept(Generic[Found]):
    """Something fetched: kept for an hour, and fetched anew by one thread at a time."""

    def __init__(
        self, fetch: Callable[[], Found], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Found | None = None
        self._fetched_at = -math.inf
        self._paused_until = -math.inf

    def get(self, *, older_than_seconds: float = FRESH_SECONDS) -> Found:
        """Return what is kept, fetched anew where it is older than that.

        Raises:
            ProviderAwayError: It cannot be had.
        """
        with self._lock:
            age = self._clock() - self._fetched_at
            if self._found is not None and age < older_than_seconds:
                return self._found
            if self._clock() < self._paused_until:
                raise ProviderAwayError("paused")
            try:
                self._found = self._fetch()
            except ProviderAwayError as error:
                self._paused_until = self._clock() + PAUSE_SECONDS
                log.warning("oidc.provider_missed", why=error.cause)
                raise
            self._fetched_at = self._clock()
            return self._found


def fetch_metadata(issuer: str) -> Metadata:
    """Ask a provider for its addresses.

    Raises:
        ProviderAwayError: It cannot be had, calls itself otherwise than the settings
            do, or names an address that is not safe.
    """
    found = read_json(issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        raise ProviderAwayError("issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(is_safe(found.get(name)) for name in names):
        raise ProviderAwayError("endpoint")
    authorization, token, keys = (str(found[name]) for name in names)
    methods = found.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization,
        token,
        keys,
        userinfo=_if_safe(found, "userinfo_endpoint"),
        end_session=_if_safe(found, "end_session_endpoint"),
        # What a provider that says nothing takes, by the specification.
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_itself=found.get("authorization_response_iss_parameter_supported")
        is True,
    )


def fetch_keys(url: str) -> list[dict[str, Any]]:
    """Fetch a provider's public keys as they are; ProviderAwayError."""
    keys = read_json(url).get("keys")
    if not isinstance(keys, list):
        raise ProviderAwayError("no_keys")
    return [one for one in keys if isinstance(one, dict)]


def _if_safe(found: Mapping[str, Any], name: str) -> str | None:
    url = found.get(name)
    return str(url) if is_safe(url) else None
