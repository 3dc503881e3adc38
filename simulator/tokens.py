"""Access tokens: made with the claims IAM puts in, and read back.

Knows nothing of routes. Real tokens are signed RS256; ours are HS256 with a key that is
no secret, since callers may read claims only, never check a signature.
"""

import uuid
from dataclasses import dataclass

import jwt

from simulator.account import Account
from simulator.records import Identity

GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
_SIGNED_WITH = b"the simulator signs with this, in the open"


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a token speaks for, in which account, until when (epoch seconds)."""

    iam_id: str
    account_id: str
    expires_at: float


def issue(account: Account, identity: Identity, client_id: str) -> str:
    """Make an access token.

    The claims of a service ID are verified in IBM Cloud's documentation; those of a
    person (the same without ``sub_type``, with e-mail and names) are inferred, not
    confirmed against a live account.
    """
    now = int(account.clock())
    who = _service(identity) if identity.is_service else _person(identity)
    claims: dict[str, object] = {
        "iam_id": identity.iam_id,
        "id": identity.iam_id,
        "jti": str(uuid.uuid4()),
        "identifier": _bare(identity.iam_id),
        **who,
        "authn": {"iam_id": identity.iam_id, **_authn(who)},
        "account": {"valid": True, "bss": account.account_id, "frozen": True},
        "iat": now,
        "exp": now + account.token_life_seconds,
        "iss": "https://iam.cloud.ibm.com/identity",
        "grant_type": GRANT_TYPE,
        "scope": "ibm openid",
        "client_id": client_id,
        "acr": 1,
        "amr": ["pwd"],
    }
    return jwt.encode(claims, _SIGNED_WITH, algorithm="HS256")


def read(authorization: str | None) -> Claims | None:
    """Read the claims of an Authorization header; None unless it is a token of ours.

    Whether the token has expired is for the caller to say: the clock is the account's.
    """
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer":
        return None
    try:
        claims = jwt.decode(
            token,
            _SIGNED_WITH,
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return None
    return Claims(claims["iam_id"], claims["account"]["bss"], claims["exp"])


def _bare(iam_id: str) -> str:
    return iam_id.removeprefix("iam-").removeprefix("IBMid-")


def _service(identity: Identity) -> dict[str, object]:
    return {
        "realmid": "iam",
        "name": identity.name,
        "sub": _bare(identity.iam_id),
        "sub_type": "ServiceId",
    }


def _person(identity: Identity) -> dict[str, object]:
    given, _, family = identity.name.partition(" ")
    return {
        "realmid": "IBMid",
        "given_name": given,
        "family_name": family,
        "name": identity.name,
        "email": identity.email,
        "sub": identity.user_id,
    }


def _authn(who: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in who.items() if name != "realmid"}
