"""The public keys of a transmitter: fetched, kept for a while, fetched anew. Not whose.

PyJWT has a client for this, too. It follows redirects, reads a body of any size and
asks again for every unknown key; here a fault of the far side must never look like a
forged token, so what is known and what could not be seen are kept apart:

- Keys are asked for again after an hour, so that one taken back is soon not trusted.
- While they cannot be had, those had last hold for a day since they were fetched.
- A key that is not among them makes us look again, at most once in five minutes. Where
  we may not look, and looked last more than a minute ago, nothing is known of it.

Each web process keeps its own.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
import requests
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from urllib3.exceptions import HTTPError

from service.bodies import strict_json
from service.errors import KeysAwayError, MalformedError

FRESH_SECONDS: Final = 3600
KEPT_SECONDS: Final = 24 * 3600
RENEW_SECONDS: Final = 300
JUST_NOW_SECONDS: Final = 60
# After a failed fetch: the far side gets a pause, and no request waits for it.
PAUSE_SECONDS: Final = 30

CONNECT_SECONDS: Final = 1
READ_SECONDS: Final = 2
LIMIT_BYTES: Final = 256 * 1024
# As the CAEP interoperability profile has it.
SMALLEST_BITS: Final = 2048

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class _FaultyError(Exception):
    """The answer is no key set; the text says why, for our log."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The keys as they were at one moment, each by its id where it has one."""

    keys: tuple[tuple[str | None, RSAPublicKey], ...]
    fetched_at: float

    def pick(self, kid: str | None) -> RSAPublicKey | None:
        """Return the key of that id; where none is named, the only one there is."""
        if kid is None:
            return self.keys[0][1] if len(self.keys) == 1 else None
        return next((key for its, key in self.keys if its == kid), None)


class KeyRing:
    """The keys behind one address; safe to be asked by several threads."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._renewable_at = -math.inf
        self._paused_until = -math.inf

    def find(self, kid: str | None) -> RSAPublicKey | None:
        """Return the key that a token names; None if the transmitter has none such.

        Args:
            kid: The key's id; None where the token names none.

        Raises:
            KeysAwayError: The keys cannot be had, so nothing is known of this one.
        """
        held = self._held
        if held is not None and self._is_fresh(held, kid):
            key = held.pick(kid)
            if key is not None:
                return key
        # One thread fetches; the others wait for what it brings.
        with self._lock:
            return self._look(kid)

    def _look(self, kid: str | None) -> RSAPublicKey | None:
        before = self._held
        held = self._current(kid)
        key = held.pick(kid)
        if key is not None:
            return key
        if held is before:
            wait = self._renewable_at - self._clock()
            if wait > 0 and self._age(held) > JUST_NOW_SECONDS:
                raise KeysAwayError(math.ceil(wait))
            if wait > 0:
                return None
            held = self._fetched()
        self._renewable_at = self._clock() + RENEW_SECONDS
        return held.pick(kid)

    def _current(self, kid: str | None) -> _Held:
        held = self._held
        if held is not None and self._is_fresh(held, kid):
            return held
        try:
            return self._fetched()
        except KeysAwayError:
            if held is None or self._age(held) > KEPT_SECONDS:
                raise
            return held

    def _fetched(self) -> _Held:
        wait = self._paused_until - self._clock()
        if wait > 0:
            raise KeysAwayError(math.ceil(wait))
        try:
            keys = fetch_keys(self._url)
        except (_FaultyError, HTTPError, OSError) as error:
            # An OSError is also what every fault of `requests` is. Its text may hold
            # the address with a query, and a query may hold a secret.
            why = str(error) if isinstance(error, _FaultyError) else type(error)
            log.warning("ssf.keys_missed", why=str(why))
            self._paused_until = self._clock() + PAUSE_SECONDS
            raise KeysAwayError(PAUSE_SECONDS) from error
        self._held = _Held(keys, self._clock())
        log.info("ssf.keys_fetched", key_count=len(keys))
        return self._held

    def _is_fresh(self, held: _Held, kid: str | None) -> bool:
        # Who names no key replaces its only one unseen: no unknown id makes us look.
        return self._age(held) < (RENEW_SECONDS if kid is None else FRESH_SECONDS)

    def _age(self, held: _Held) -> float:
        return self._clock() - held.fetched_at


def fetch_keys(url: str) -> tuple[tuple[str | None, RSAPublicKey], ...]:
    """Fetch a JWK Set once; leave out each key that signs nothing for us.

    Raises:
        _FaultyError: The answer is no set of keys; a set without any is none either.
        OSError: No answer in time.
        HTTPError: The answer broke off.
    """
    try:
        members = strict_json(_body(url)).get("keys")
    except MalformedError:
        raise _FaultyError("no_json") from None
    if not isinstance(members, list) or not members:
        raise _FaultyError("no_keys")
    return tuple(
        (_kid(one), key)
        for one in members
        if isinstance(one, dict) and (key := _usable(one)) is not None
    )


def _body(url: str) -> bytes:
    """Read the answer; bounded in size, and in time whatever the pace of its bytes."""
    ends_at = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
    found = bytearray()
    with requests.get(
        url,
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        # Keys are pinned to the address that the settings name.
        allow_redirects=False,
        stream=True,
    ) as answer:
        if answer.status_code != requests.codes.ok:
            raise _FaultyError(f"status_{answer.status_code}")
        while piece := answer.raw.read1(LIMIT_BYTES):
            found += piece
            if len(found) > LIMIT_BYTES:
                raise _FaultyError("too_large")
            if time.monotonic() > ends_at:
                raise _FaultyError("too_slow")
    return bytes(found)


def _usable(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    """Return the key if it may verify RS256 and is long enough."""
    operations = jwk.get("key_ops", ["verify"])
    if (
        jwk.get("kty") != "RSA"
        or jwk.get("use", "sig") != "sig"
        or jwk.get("alg", "RS256") != "RS256"
        or not (isinstance(operations, list) and "verify" in operations)
    ):
        return None
    try:
        # These three alone: a set that shows its private part still gives a public key.
        key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
    except (jwt.InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_BITS:
        return None
    return key


def _kid(jwk: Mapping[str, Any]) -> str | None:
    kid = jwk.get("kid")
    return kid if isinstance(kid, str) else None
