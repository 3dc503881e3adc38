"""The cookie of somebody who signed in: signed by us, and of no use to anybody else.

It holds no token, only a digest that names one: a token taken out of the settings ends
the sessions that were begun with it. Of somebody whom an identity provider signed in it
holds the name and the groups that count; their role is read off the settings each time.
"""

import hashlib
import hmac
from typing import Any, Final

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from config.settings import Token
from service.context import here
from service.people import Person, groups_that_count

LIFE_SECONDS: Final = 8 * 3600
_PLAIN: Final = "offboard"
# A browser takes this name from the very host alone, for every path, over TLS only.
_STRICT: Final = "__Host-offboard"
_OF_OIDC: Final = "oidc-session"


def begin(response: Response, token: Token) -> None:
    """Have *response* begin a session of the person who showed *token*."""
    _keep(response, _signer().dumps(token.sha256))


def begin_for(response: Response, person: Person) -> None:
    """Have *response* begin a session of somebody whom a provider signed in."""
    groups = groups_that_count(person.groups, here().settings)
    _keep(response, _signer(_OF_OIDC).dumps([person.user, groups, _provider()]))


def end(response: Response) -> None:
    """Have *response* end the session."""
    response.delete_cookie(
        _name(), secure=is_secure(), httponly=True, samesite="Strict"
    )


def token_of_session() -> Token | None:
    """Return the token with which the session was begun; None without a session."""
    digest = _read(_signer())
    known = here().settings.api_tokens
    return next((one for one in known if one.sha256 == digest), None)


def person_of_session() -> Person | None:
    """Return whom the provider in the settings signed in; None without a session."""
    found = _read(_signer(_OF_OIDC))
    if found is None or found[2] != _provider():
        return None
    return Person("oidc", found[0], tuple(found[1]))


def form_key_of(token: Token) -> str:
    """Return what every form of this person carries, and no other site can know."""
    key = here().desk.session_key()
    said = f"form:{token.name}:{token.sha256}".encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def _keep(response: Response, cookie: str) -> None:
    response.set_cookie(
        _name(),
        cookie,
        max_age=LIFE_SECONDS,
        secure=is_secure(),
        httponly=True,
        samesite="Strict",
    )


def _read(signer: URLSafeTimedSerializer) -> Any:  # noqa: ANN401 - whatever was signed
    try:
        return signer.loads(request.cookies.get(_name(), ""), max_age=LIFE_SECONDS)
    except BadSignature:
        return None


def _signer(salt: str = "session") -> URLSafeTimedSerializer:
    # A salt for each way of signing in: a cookie of one is none in another.
    return URLSafeTimedSerializer(here().desk.session_key(), salt=salt)


def _provider() -> list[str | None]:
    """Name the provider and us there: sessions of another end with a change of it."""
    settings = here().settings
    return [settings.auth_oidc_issuer, settings.auth_oidc_client_id]


def _name() -> str:
    return _STRICT if is_secure() else _PLAIN


def is_secure() -> bool:
    """Tell whether people come over TLS, which may end before us."""
    public = here().settings.public_url or ""
    return request.is_secure or public.startswith("https://")
