"""The cookie of a sign-in that was begun: for ten minutes, for this browser alone.

The provider sends people back from another site, and a browser sends no strict cookie
then; so this one is lax. It opens nothing: it proves that the answer belongs to what
was begun in this browser, and goes with the first answer.
"""

from typing import Final

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from service.context import here
from service.oidc.begun import Begun
from service.pages.session import is_secure

LIFE_SECONDS: Final = 600
_NAME: Final = "offboard-login"


def keep(response: Response, begun: Begun, way: str) -> None:
    """Have the browser keep what was begun, and where they wanted to go."""
    said = _signer().dumps([begun.state, begun.nonce, begun.verifier, way])
    response.set_cookie(
        _name(),
        said,
        max_age=LIFE_SECONDS,
        secure=is_secure(),
        httponly=True,
        samesite="Lax",
    )


def forget(response: Response) -> None:
    """Have the browser forget it: it is good for one answer."""
    response.delete_cookie(_name(), secure=is_secure(), httponly=True, samesite="Lax")


def of_browser() -> tuple[Begun, str] | None:
    """Return what this browser began, and its way; None where it began nothing."""
    try:
        found = _signer().loads(request.cookies.get(_name(), ""), max_age=LIFE_SECONDS)
    except BadSignature:
        return None
    state, nonce, verifier, way = found
    return Begun(state, nonce, verifier), way


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(here().desk.session_key(), salt="oidc-login")


def _name() -> str:
    return f"__Host-{_NAME}" if is_secure() else _NAME
