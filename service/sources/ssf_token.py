"""A Security Event Token: its signature first, then each claim. Knows no event.

PyJWT proves the signature and nothing else: it looks at no ``typ``, wants no claim to
be absent, and reads a repeated key as its last value.

Source: RFC 8417 section 2, RFC 8935 section 2; Shared Signals Framework 1.0, "Security
event tokens"; CAEP interoperability profile 1.0 (RS256 alone).
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import jwt

from config.sources import SsfSettings
from service.bodies import strict_json
from service.errors import MalformedError, NotAuthenticError
from service.sources.ssf_keys import KeyRing

ALGORITHM: Final = "RS256"
TYPE: Final = "secevent+jwt"
# Ahead alone: a token may be late by days and is as true as before.
AHEAD_SECONDS: Final = 300
_COMPACT: Final = re.compile(rb"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_JWS: Final = jwt.PyJWS()


def claims_of(
    raw: bytes, ring: KeyRing, settings: SsfSettings, now: datetime
) -> dict[str, Any]:
    """Return the claims of a token that the transmitter signed and meant for us.

    Raises:
        NotAuthenticError: Not its signature, or not its issuer or our audience.
        MalformedError: No token, or one that a transmitter must not send.
        KeysAwayError: Its keys cannot be had.
    """
    claims = strict_json(_payload(raw.strip(), ring))
    _demand_meant_for_us(claims, settings)
    _demand_form(claims, now)
    return claims


def _payload(token: bytes, ring: KeyRing) -> bytes:
    found = _COMPACT.fullmatch(token)
    if found is None:
        raise MalformedError("token")
    key = ring.find(_kid(_header(found[1])))
    if key is None:
        raise NotAuthenticError("key", code="invalid_key")
    try:
        payload: bytes = _JWS.decode(token, key, algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise NotAuthenticError("signature", code="invalid_key") from None
    return payload


def _header(segment: bytes) -> Mapping[str, Any]:
    """Read the header; whatever key it brings along or points to is not looked at."""
    try:
        text = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except ValueError:
        raise MalformedError("token") from None
    header = strict_json(text)
    type_ = header.get("typ")
    named = type_.lower() if isinstance(type_, str) else ""
    if named.removeprefix("application/") != TYPE:
        raise MalformedError("typ")
    if header.get("alg") != ALGORITHM:
        raise NotAuthenticError("alg", code="invalid_key")
    # Nothing that a header calls critical is known here.
    if "crit" in header:
        raise MalformedError("crit")
    return header


def _kid(header: Mapping[str, Any]) -> str | None:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise MalformedError("kid")
    return kid


def _demand_meant_for_us(claims: Mapping[str, Any], settings: SsfSettings) -> None:
    issuer, given = claims.get("iss"), claims.get("aud")
    if not isinstance(issuer, str) or issuer != settings.issuer:
        raise NotAuthenticError("iss", code="invalid_issuer")
    audiences = given if isinstance(given, list) else [given]
    if not any(isinstance(one, str) and one == settings.audience for one in audiences):
        raise NotAuthenticError("aud", code="invalid_audience")


def _demand_form(claims: Mapping[str, Any], now: datetime) -> None:
    """Check what a transmitter must and must not write.

    Raises:
        MalformedError: By the name of the first claim that does not fit.
    """
    events, jti = claims.get("events"), claims.get("jti")
    one = list(events.values()) if isinstance(events, dict) else []
    faults = {
        "iat": not _is_past(claims.get("iat"), now),
        "jti": not isinstance(jti, str) or not jti.strip(),
        # Both would let the token pass for one that grants access.
        "sub": "sub" in claims,
        "exp": "exp" in claims,
        "events": len(one) != 1 or not isinstance(one[0], dict),
    }
    for name, is_wrong in faults.items():
        if is_wrong:
            raise MalformedError(name)


def _is_past(iat: object, now: datetime) -> bool:
    if not isinstance(iat, int) or isinstance(iat, bool):
        return False
    return iat <= now.timestamp() + AHEAD_SECONDS
