"""An ID token: whether the provider signed it, for us, for this sign-in, just now.

Source: OpenID Connect Core 1.0, section 3.1.3.7.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from service.oidc.faults import NotProvenError

# Signed with a private key, all of them: with a shared key, or with none, whoever knows
# our settings or the public key could sign.
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
LEEWAY_SECONDS: Final = 60
SMALLEST_BITS: Final = 2048
# Some providers write a field of their own into the header; "crit" is heeded anyway.
_REGISTRY: Final = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_LONGEST: Final = 64 * 1024


class KeyDoesNotFitError(NotProvenError):
    """None of the keys given has signed it; one that came since may have."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token of this sign-in has to say.

    ``now`` is in seconds since 1970.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: float


def claims_of(
    token: object, keys: Iterable[Mapping[str, Any]], expected: Expected
) -> dict[str, Any]:
    """Return the claims of a token that proves somebody.

    Raises:
        KeyDoesNotFitError: See there.
        NotProvenError: Anything else about it does not fit.
    """
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST:
        raise NotProvenError("id_token")
    try:
        found = jwt.decode(token, usable(keys), registry=_REGISTRY)
        _judge(found, expected)
    except (InvalidKeyIdError, BadSignatureError):
        raise KeyDoesNotFitError("key") from None
    except JoseError as error:
        raise NotProvenError(error.error) from None
    # What is no text where a text belongs, deep inside of either library.
    except (ValueError, TypeError, AttributeError):
        raise NotProvenError("form") from None
    return dict(found.claims)


def usable(keys: Iterable[Mapping[str, Any]]) -> KeySet:
    """Return those keys that may verify a signature here: RSA and EC, long enough."""
    return KeySet([key for one in keys for key in _key(one)])


def _key(jwk: Mapping[str, Any]) -> Sequence[RSAKey | ECKey]:
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") not in ("RSA", "EC"):
        return []
    # These alone: a set that shows its private part still gives a public key.
    names = ("kty", "n", "e", "crv", "x", "y", "kid")
    public = {name: jwk[name] for name in names if isinstance(jwk.get(name), str)}
    kind = RSAKey if jwk["kty"] == "RSA" else ECKey
    # Judged by its text, since the library complains of a short one it is given.
    if kind is RSAKey and len(public.get("n", "").lstrip("A")) * 6 < SMALLEST_BITS:
        return []
    try:
        return [kind.import_key(public)]
    except (JoseError, ValueError, TypeError, KeyError):
        return []


def _judge(found: jwt.Token, expected: Expected) -> None:
    """Hold the claims against what is expected; JoseError."""
    claims = CodeIDToken(
        found.claims,
        found.header,
        options={
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": expected.nonce},
        },
        params={
            "client_id": expected.client_id,
            "nonce": expected.nonce,
            "access_token": expected.access_token,
        },
    )
    claims.validate(now=int(expected.now), leeway=LEEWAY_SECONDS)
    # Of several audiences the library wants no word on the others.
    audience = found.claims["aud"]
    if isinstance(audience, list) and set(audience) - {expected.client_id}:
        raise NotProvenError("aud")
