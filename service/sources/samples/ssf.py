"""A transmitter of Security Event Tokens, played with a key of your own."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service.sources.samples.sample import Asked, Outgoing, Sample
from service.sources.ssf import (
    ACCOUNT_DISABLED,
    ACCOUNT_ENABLED,
    ACCOUNT_PURGED,
    VERIFICATION,
)
from service.sources.ssf_token import ALGORITHM, TYPE


def _telling(type_: str) -> Callable[[Asked], tuple[Outgoing, ...]]:
    """Make the sample of an event about a person."""

    def make(asked: Asked) -> tuple[Outgoing, ...]:
        return _pushed(asked, type_, _subject(asked.user), {})

    return make


def _verify(asked: Asked) -> tuple[Outgoing, ...]:
    subject = {"format": "opaque", "id": "stream-01"}
    return _pushed(asked, VERIFICATION, subject, {"state": "c3RhdGUtMDE="})


def _subject(user: str) -> dict[str, str]:
    if "@" in user:
        return {"format": "email", "email": user}
    return {"format": "opaque", "id": user}


def _pushed(
    asked: Asked, type_: str, subject: Mapping[str, str], event: Mapping[str, str]
) -> tuple[Outgoing, ...]:
    mine = asked.settings.sources.ssf
    if not mine.secret:
        raise ValueError("The source ssf is off: set OFFBOARD_SOURCE_SSF_SECRET.")
    told = f"{type_} {asked.user} {asked.at.isoformat()}"
    claims: dict[str, Any] = {
        "iss": mine.issuer,
        "jti": hashlib.sha256(told.encode()).hexdigest()[:20],
        "iat": int(asked.at.timestamp()),
        "aud": mine.audience,
        "sub_id": dict(subject),
        "events": {type_: dict(event)},
    }
    # No kid: the key set of a trial has one key, under whatever name.
    token = jwt.encode(
        claims, _key(asked.signing_key), ALGORITHM, headers={"typ": TYPE}
    )
    headers = {
        "Authorization": mine.secret[0].reveal(),
        "Content-Type": f"application/{TYPE}",
        "Accept": "application/json",
    }
    return (Outgoing("/events/ssf", token.encode(), headers),)


def _key(pem: str | None) -> RSAPrivateKey:
    if pem is None:
        raise ValueError(
            "A transmitter signs with its private key: give one with --key FILE, whose"
            " public key is at OFFBOARD_SOURCE_SSF_JWKS_URL (see docs/sources/ssf.md)."
        )
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("The key is no PEM private key without a password.") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The key is no RSA key: transmitters sign with RS256 alone.")  # noqa: TRY004 - a wrong file, not a wrong call
    return key


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample("account-disabled", "a departure, now", _telling(ACCOUNT_DISABLED)),
    Sample("account-purged", "a departure, now", _telling(ACCOUNT_PURGED)),
    Sample("account-enabled", "what it told is taken back", _telling(ACCOUNT_ENABLED)),
    Sample("verification", "nothing: the stream is verified", _verify),
)
