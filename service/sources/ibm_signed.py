"""The signed form of Event Notifications: ``{"data": "<compact JWS>"}``, RS256.

Inferred from the service that came before it; not confirmed against a live instance.
It is on only where a public key is set, and then nothing unsigned passes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import jwt
from jwt.api_jws import PyJWS

from service.bodies import strict_json
from service.errors import MalformedError, NotAuthenticError

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2}")
_ALGORITHM: Final = "RS256"
_JWS: Final = PyJWS(algorithms=[_ALGORITHM])


def is_signed(body: Mapping[str, Any]) -> bool:
    """Tell whether *body* has the signed form, whatever it is worth."""
    token = body.get("data")
    return len(body) == 1 and isinstance(token, str) and bool(_COMPACT.fullmatch(token))


def opened(body: Mapping[str, Any], public_key: str) -> dict[str, Any]:
    """Return what the holder of *public_key* signed.

    Raises:
        NotAuthenticError: ``signature``: not signed, or by somebody else.
    """
    if not is_signed(body):
        raise NotAuthenticError("signature")
    try:
        payload = _JWS.decode(body["data"], public_key, algorithms=[_ALGORITHM])
        return strict_json(payload)
    except (jwt.PyJWTError, MalformedError):
        raise NotAuthenticError("signature") from None


def opened_raw(raw: bytes, public_key: str) -> dict[str, Any]:
    """Return what *raw* holds, if it is signed; NotAuthenticError."""
    try:
        body = strict_json(raw)
    except MalformedError:
        raise NotAuthenticError("signature") from None
    return opened(body, public_key)
