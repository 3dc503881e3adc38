"""Bearer tokens of one API key, with what their claims say of the identity.

Claims are read, not verified: the token came straight from IAM over TLS, and the far
side verifies it anyway. Knows nothing of what tokens are used for.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import structlog
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import Authenticator, IAMAuthenticator
from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp
from requests import exceptions as http

from config.settings import Secret
from workers.ibmcloud.errors import domain_error, odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind

# Connect and read, in seconds; both well below half a lease. Redirects are refused: one
# would carry the token to whoever the answer names.
HTTP_CONFIG: Final = {"timeout": (3.05, 15), "allow_redirects": False}
# A call may take the two timeouts together; its token has to outlive that.
CALL_SECONDS: Final = 20.0
_DOING: Final = "Getting a token"
_log = structlog.get_logger(__name__)


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


class Tokens:
    """The tokens of one API key in one account; safe to share between threads."""

    def __init__(self, apikey: Secret, iam_url: str, account_id: str) -> None:
        self._apikey = apikey
        self._iam_url = iam_url
        self._account_id = account_id
        self._lock = threading.Lock()
        self._held: Token | None = None
        self._failed: tuple[float, TransientError | PermanentError] | None = None

    def token(self, *, life_seconds: float = CALL_SECONDS) -> Token:
        """Return a token that lives at least this long, fetched anew if need be.

        A token IAM has just made is returned however short it lives.

        Raises:
            TransientError: IAM cannot be reached, or its answer makes no sense.
            PermanentError: ``bad_key`` where IAM refuses the key, ``wrong_account``
                and ``wrong_identity`` where the claims are not what we need.
        """
        asked_at = time.monotonic()
        with self._lock:
            if self._held and self._held.seconds_left >= life_seconds:
                return self._held
            # While we waited for the lock somebody else's fetch failed: sixteen
            # threads do not wait for sixteen timeouts one after the other.
            if self._failed and self._failed[0] >= asked_at:
                raise _alike(self._failed[1])
            return self._fetch()

    def claims(self) -> Claims:
        """Return the claims of a token that is good now; raises as ``token`` does."""
        return self.token().claims

    def forget(self, token: Token) -> None:
        """Drop a token the far side refused, so that the next call gets another."""
        with self._lock:
            if self._held is token:
                self._held = None

    def _fetch(self) -> Token:
        try:
            self._held = _checked(
                _ask_iam(self._apikey, self._iam_url), self._account_id
            )
        except (TransientError, PermanentError) as error:
            self._held = None
            self._failed = (time.monotonic(), error)
            _log.warning("token.refused", reason=error.reason)
            raise
        return self._held


class Bearer(Authenticator):  # type: ignore[misc]  # the SDK ships no types
    """Lets the SDK's clients use our tokens, whose claims have been asserted."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def validate(self) -> None:
        """Do nothing: the key is validated by IAM."""

    def authentication_type(self) -> str:
        """Name the kind for the SDK."""
        return str(Authenticator.AUTHTYPE_BEARERTOKEN)

    def authenticate(self, req: dict[str, Any]) -> None:
        """Put the bearer token on a request."""
        bearer = self._tokens.token().bearer
        req["headers"]["Authorization"] = f"Bearer {bearer.reveal()}"


def _ask_iam(apikey: Secret, iam_url: str) -> Token:
    began = time.monotonic()
    try:
        # A new authenticator for each fetch: after a failed one the SDK's own cache
        # blocks for a minute, and it raises when an early refresh fails although the
        # old token still works.
        source = IAMAuthenticator(apikey.reveal(), url=iam_url).token_manager
        source.http_config = HTTP_CONFIG
        answer = source.request_token()
    except (ApiException, http.RequestException) as error:
        raise _refusal(error) from error
    except ValueError as error:
        message = f"{_DOING}: the API key is no key (stray quotes or braces)"
        raise PermanentError(message, reason=Reason.BAD_KEY) from error
    return _read(answer, began)


def _refusal(
    error: ApiException | http.RequestException,
) -> TransientError | PermanentError:
    known = domain_error(error, _DOING)
    if not isinstance(error, ApiException) or error.status_code in (408, 429):
        return known
    if 400 <= error.status_code <= 499:
        return PermanentError(str(known), reason=Reason.BAD_KEY)
    return known


def _read(answer: object, began: float) -> Token:
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
    claims = _claims(said, datetime.fromtimestamp(ends, UTC))
    return Token(Secret(text), claims, began + (ends - made))


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


def _checked(token: Token, account_id: str) -> Token:
    claims = token.claims
    if claims.account_id != account_id:
        message = (
            f"The API key belongs to account {claims.account_id or '(none)'}, "
            f"not to {account_id}"
        )
        raise PermanentError(message, reason=Reason.WRONG_ACCOUNT)
    if not claims.iam_id:
        raise PermanentError(
            "The token names no identity", reason=Reason.WRONG_IDENTITY
        )
    return token


def _alike(
    error: TransientError | PermanentError,
) -> TransientError | PermanentError:
    if isinstance(error, PermanentError):
        return PermanentError(str(error), reason=error.reason)
    return TransientError(
        str(error),
        reason=error.reason,
        retry_after_seconds=error.retry_after_seconds,
    )


def text_of(value: object) -> str | None:
    """Return a text without outer blanks; None for an empty one and for no text.

    Half a surrogate pair, as a cut emoji leaves it, could not be stored.
    """
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().strip() or None
