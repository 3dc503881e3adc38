"""The token for Microsoft Graph, kept until shortly before it ends."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import jwt

from config.settings import Secret
from config.sources import EntraGraphSettings
from workers.directories.graph_wire import Answer, exchange
from workers.offboarding.errors import PermanentError, Reason, TransientError

_EARLY_SECONDS: Final = 300.0
_LONGEST_LIFE_SECONDS: Final = 86_400
_WORD: Final = re.compile(r"[!-~]+")
_REFUSED: Final = frozenset({400, 401, 403})
# OAuth's words for "not now", whatever the status.
_NOT_NOW: Final = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; ``roles`` is None where it does not say what it may do."""

    bearer: Secret
    until: float
    roles: frozenset[str] | None


class Tokens:
    """Gets a token when one is needed; all threads of a process share it."""

    def __init__(
        self,
        settings: EntraGraphSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        """Return a token that holds for a while.

        Raises:
            TransientError: Nobody can say now.
            PermanentError: ``bad_key``: Entra refuses it.
        """
        with self._lock:
            if self._token is None or self._monotonic() >= self._token.until:
                self._token = self._got()
            return self._token

    def drop(self, token: Token) -> None:
        """Forget a token that was refused; another thread's newer one stays."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _got(self) -> Token:
        mine = self._settings
        secret = mine.client_secret
        tenant = quote(mine.tenant_id or "", safe="")
        answer = exchange(
            "POST",
            f"{mine.login_url}/{tenant}/oauth2/v2.0/token",
            form={
                "grant_type": "client_credentials",
                "client_id": mine.client_id or "",
                "client_secret": secret.reveal() if secret else "",
                "scope": f"{mine.graph_url}/.default",
            },
        )
        text = (answer.body or {}).get("access_token")
        if answer.status != 200 or not isinstance(text, str):
            raise _refused(answer)
        # What is no plain word cannot be sent in a header.
        if not _WORD.fullmatch(text):
            raise _refused(answer)
        return Token(Secret(text), self._until(answer), _roles_of(text))

    def _until(self, answer: Answer) -> float:
        given = (answer.body or {}).get("expires_in")
        said = given if isinstance(given, int) else 0
        life = min(max(said, 0), _LONGEST_LIFE_SECONDS)
        # Of a short one a tenth: it must not be asked for anew with each call.
        return self._monotonic() + life - min(_EARLY_SECONDS, life / 10)


def _refused(answer: Answer) -> TransientError | PermanentError:
    if answer.status in _REFUSED and answer.code and answer.code not in _NOT_NOW:
        numbers = (answer.body or {}).get("error_codes")
        first = numbers[0] if isinstance(numbers, list) and numbers else None
        detail = f", AADSTS{first}" if isinstance(first, int) else ""
        return PermanentError(
            f"Microsoft Entra gives no token ({answer.code}{detail}). See that"
            " OFFBOARD_SOURCE_ENTRA_GRAPH_TENANT_ID, …_CLIENT_ID and …_CLIENT_SECRET"
            " are those of the app registration, and that the secret has not expired.",
            reason=Reason.BAD_KEY,
        )
    return TransientError(
        f"Microsoft Entra gave no token (status {answer.status}).",
        retry_after_seconds=answer.retry_after_seconds,
    )


def _roles_of(text: str) -> frozenset[str] | None:
    """Read what the token may do. Read, not verified: it is Graph who goes by it."""
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    roles = claims.get("roles")
    if not isinstance(roles, list):
        return None
    return frozenset(one for one in roles if isinstance(one, str))
