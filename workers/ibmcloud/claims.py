"""A token and what its claims say of the identity it speaks for.

Claims are read, not verified: the token came straight from IAM over TLS, and the far
side verifies it anyway. Knows nothing of how tokens are got.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import jwt
from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from config.settings import Secret
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import KeyOwner, OwnerKind

_DOING: Final = "Getting a token"


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for; ``email`` is lower-cased, ``expires_at`` aware UTC."""

    iam_id: str
    account_id: str
    name: str | None
    email: str | None
    kind: OwnerKind
    expires_at: datetime

    def as_owner(self, kind: OwnerKind | None = None) -> KeyOwner:
        """Return the identity as the owner it would be of a key it makes."""
        return KeyOwner(self.iam_id, self.name, self.email, kind or self.kind)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token in hand. ``until`` is its end on the monotonic clock."""

    bearer: Secret
    claims: Claims
    until: float

    @property
    def seconds_left(self) -> float:
        """Return how long it lives, by the more careful of two clocks.

        The wall clock may be off, the monotonic one stands still in a suspended
        machine.
        """
        by_wall = self.claims.expires_at.timestamp() - time.time()
        return min(by_wall, self.until - time.monotonic())


class _TokenAnswer(Lenient):
    # Three parts and nothing that could break out of a header.
    access_token = fields.String(
        required=True, validate=Regexp(r"[\w-]+(\.[\w-]*){2}\Z")
    )


def read_token(answer: object, began: float) -> Token:
    """Read IAM's answer to a fetch that *began* then on the monotonic clock.

    Raises:
        TransientError: It has no token whose claims can be read.
    """
    try:
        text: str = _TokenAnswer().load(answer)["access_token"]  # type: ignore[arg-type]  # whatever came; load says so itself
        said = jwt.decode(text, options={"verify_signature": False})
    except ValidationError:
        # No cause: marshmallow's error holds the answer, and that may hold a token.
        raise odd_answer(_DOING, "the answer has no usable token") from None
    except jwt.PyJWTError:
        raise odd_answer(_DOING, "the token cannot be decoded") from None
    made, ends = said.get("iat"), said.get("exp")
    if not isinstance(ends, int | float) or not isinstance(made, int | float):
        raise odd_answer(_DOING, "the token does not say how long it lives")
    try:
        expires_at = datetime.fromtimestamp(ends, UTC)
    except (ValueError, OverflowError, OSError):
        raise odd_answer(_DOING, "the token ends at no time there is") from None
    claims = _claims(said, expires_at)
    return Token(Secret(text), claims, began + (ends - made))


def check_claims(claims: Claims, account_id: str) -> None:
    """Assert that a token names an identity, and speaks for it in this account.

    Raises:
        PermanentError: ``wrong_account`` or ``wrong_identity``.
    """
    if claims.account_id != account_id or not account_id:
        message = (
            f"The API key belongs to account {claims.account_id or '(none)'}, "
            f"not to {account_id or 'any'}"
        )
        raise PermanentError(message, reason=Reason.WRONG_ACCOUNT)
    if not claims.iam_id:
        raise PermanentError(
            "The token names no identity", reason=Reason.WRONG_IDENTITY
        )


def _claims(said: Mapping[str, object], expires_at: datetime) -> Claims:
    account = said.get("account")
    email = text_of(said.get("email"))
    iam_id = text_of(said.get("iam_id")) or ""
    return Claims(
        iam_id=iam_id,
        account_id=(text_of(account.get("bss")) if isinstance(account, dict) else None)
        or "",
        name=text_of(said.get("name")),
        email=email.lower() if email else None,
        kind=_kind(iam_id, said.get("sub_type")),
        expires_at=expires_at,
    )


def _kind(iam_id: str, sub_type: object) -> OwnerKind:
    if sub_type == "ServiceId" or iam_id.startswith("iam-ServiceId-"):
        return OwnerKind.SERVICE_ID
    return OwnerKind.UNKNOWN if iam_id.startswith("iam-") else OwnerKind.PERSON


def text_of(value: object) -> str | None:
    """Return a text without outer blanks; None for an empty one and for no text.

    Half a surrogate pair, as a cut emoji leaves it, could not be stored.
    """
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().strip() or None
