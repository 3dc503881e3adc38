"""The cookie of somebody who signed in: signed by us, and of no use to anybody else.

It holds no token, only a digest that names one: a token taken out of the settings ends
the sessions that were begun with it.
"""

import hashlib
import hmac
from typing import Any, Final

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from config.settings import Token
from service.context import here

LIFE_SECONDS: Final = 8 * 3600
_PLAIN: Final = "offboard"
# A browser takes this name from the very host alone, for every path, over TLS only.
_STRICT: Final = "__Host-offboard"


def begin(response: Response, token: Token) -> None:
    """Have *response* begin a session of the person who showed *token*."""
    response.set_cookie(
        _name(),
        _signer().dumps(token.sha256),
        max_age=LIFE_SECONDS,
        secure=_is_secure(),
        httponly=True,
        samesite="Strict",
    )


def end(response: Response) -> None:
    """Have *response* end the session."""
    response.delete_cookie(
        _name(), secure=_is_secure(), httponly=True, samesite="Strict"
    )


def token_of_session() -> Token | None:
    """Return the token with which the session was begun; None without a session."""
    digest = _read(request.cookies.get(_name(), ""))
    known = here().settings.api_tokens
    return next((one for one in known if one.sha256 == digest), None)


def form_key_of(token: Token) -> str:
    """Return what every form of this person carries, and no other site can know."""
    key = here().desk.session_key()
    said = f"form:{token.name}:{token.sha256}".encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def _read(cookie: str) -> Any:  # noqa: ANN401 - whatever was signed
    try:
        return _signer().loads(cookie, max_age=LIFE_SECONDS)
    except BadSignature:
        return None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(here().desk.session_key(), salt="session")


def _name() -> str:
    return _STRICT if _is_secure() else _PLAIN


def _is_secure() -> bool:
    """Tell whether people come over TLS, which may end before us."""
    public = here().settings.public_url or ""
    return request.is_secure or public.startswith("https://")
