"""Bearer tokens of one API key: fetched, held, dropped when the key changed.

Knows nothing of what tokens are used for.
"""

import threading
import time
from typing import Any, Final

import structlog
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import Authenticator, IAMAuthenticator
from requests import exceptions as http

from config.settings import Secret
from workers.ibmcloud.claims import Claims, Token, check_claims, read_token
from workers.ibmcloud.errors import RateLimitedError, domain_error
from workers.ibmcloud.meter import Meter
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.silence import Silence
from workers.offboarding.errors import PermanentError, Reason, TransientError

# Connect and read, in seconds; both well below half a lease. Redirects are refused: one
# would carry the token to whoever the answer names.
HTTP_CONFIG: Final = {"timeout": (3.05, 15), "allow_redirects": False}
# A call may wait half a minute for its slot, and then take the two timeouts together;
# its token has to outlive that.
CALL_SECONDS: Final = 50.0
_DOING: Final = "Getting a token"
# Busy or slow: these say nothing of the key.
_LATER: Final = (408, 409, 423, 425, 429)
_log = structlog.get_logger(__name__)


class Tokens:
    """The tokens of one API key in one account; safe to share between threads.

    Where no account is named it is that of *beside*, another key's tokens, and without
    these whatever account the key belongs to. Getting a token takes no slot of the
    budget, but IBM Cloud may ask us to slow down here too.
    """

    def __init__(
        self,
        apikey: Secret,
        iam_url: str,
        account_id: str,
        *,
        beside: "Tokens | None" = None,
        pace: Pace | None = None,
        silence: Silence | None = None,
    ) -> None:
        self._apikey = apikey
        self._iam_url = iam_url
        self._account_id = account_id
        self._beside = beside
        self._pace = pace or Pace()
        self._silence = silence or Silence()
        self._lock = threading.Lock()
        self._used = Secret("")
        self._held: Token | None = None
        self._known: Claims | None = None
        self._failed: tuple[float, TransientError | PermanentError] | None = None

    def token(self, *, life_seconds: float = CALL_SECONDS) -> Token:
        """Return a token that lives at least this long, fetched anew if need be.

        A token IAM has just made is returned however short it lives. One of a key
        that was replaced since is not.

        Raises:
            TransientError: IAM cannot be reached, or its answer makes no sense.
            PermanentError: ``bad_key`` where IAM refuses the key, ``wrong_account``
                and ``wrong_identity`` where the claims are not what we need.
        """
        asked_at = time.monotonic()
        with self._lock:
            self._look_at_key()
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

    def known(self) -> Claims | None:
        """Return whom the key as it is now spoke for when last asked; no call."""
        with self._lock:
            self._look_at_key()
            return self._known

    def forget(self, token: Token) -> None:
        """Drop a token the far side refused, so that the next call gets another."""
        with self._lock:
            if self._held is token:
                self._held = None

    def _look_at_key(self) -> None:
        # A key in a file may be another by now, and another identity's.
        key = Secret(self._apikey.reveal())
        if key != self._used:
            self._used, self._held, self._known = key, None, None

    def _fetch(self) -> Token:
        try:
            with self._silence.call(f"token {id(self)}") as sent:
                sent()
                token = _ask_iam(self._used, self._iam_url, self._pace.meter)
            check_claims(token.claims, self._account(token))
        except (TransientError, PermanentError) as error:
            self._held = None
            self._failed = (time.monotonic(), error)
            _log.warning("token.refused", reason=error.reason)
            if isinstance(error, RateLimitedError):
                self._pace.back_off(error.retry_after_seconds)
            raise
        self._held, self._known = token, token.claims
        return token

    def _account(self, token: Token) -> str:
        if self._account_id:
            return self._account_id
        named = self._beside.claims() if self._beside else token.claims
        return named.account_id


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


def _ask_iam(apikey: Secret, iam_url: str, meter: Meter) -> Token:
    began = time.monotonic()
    try:
        # A new authenticator for each fetch: after a failed one the SDK's own cache
        # blocks for a minute, and it raises when an early refresh fails although the
        # old token still works.
        source = IAMAuthenticator(apikey.reveal(), url=iam_url).token_manager
        source.http_config = HTTP_CONFIG
        answer = meter.asked("POST", iam_url, source.request_token)
    except (ApiException, http.RequestException) as error:
        raise _refusal(error) from error
    except ValueError as error:
        message = f"{_DOING}: the API key is no key (stray quotes or braces)"
        raise PermanentError(message, reason=Reason.BAD_KEY) from error
    return read_token(answer, began)


def _refusal(
    error: ApiException | http.RequestException,
) -> TransientError | PermanentError:
    known = domain_error(error, _DOING)
    if not isinstance(error, ApiException) or error.status_code in _LATER:
        return known
    if 400 <= error.status_code <= 499:
        return PermanentError(str(known), reason=Reason.BAD_KEY)
    return known


def _alike(
    error: TransientError | PermanentError,
) -> TransientError | PermanentError:
    if isinstance(error, PermanentError):
        return PermanentError(str(error), reason=error.reason)
    wait = error.retry_after_seconds
    if isinstance(error, RateLimitedError):
        return RateLimitedError(str(error), retry_after_seconds=wait)
    return TransientError(str(error), reason=error.reason, retry_after_seconds=wait)
