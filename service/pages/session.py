"""The cookie of somebody who signed in: signed by us, and of no use to anybody else.

It holds no token, only a digest that names one: a token taken out of the settings ends
the sessions that were begun with it. Of somebody whom an identity provider signed in it
holds the name and the groups that count; their role is read off the settings each time.

Each has a number of its own, made when they sign in and never taken from a browser. By
it a session is ended for good when they sign out, wherever a copy of the cookie is.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from flask import g, request
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from config.settings import Token
from service.context import here
from service.people import Person, groups_that_count

LIFE_SECONDS: Final = 8 * 3600
IDLE_SECONDS: Final = 3600
# No answer needs a new cookie more often; so somebody is idle for the hour, less this.
_RENEWED_AFTER_SECONDS: Final = 300
_PLAIN: Final = "offboard"
# A browser takes this name from the very host alone, for every path, over TLS only.
_STRICT: Final = "__Host-offboard"
_OF_TOKEN: Final = "session 2"  # noqa: S105 - a salt's name
_OF_OIDC: Final = "oidc-session 2"


@dataclass(frozen=True, slots=True)
class _Session:
    """What a cookie says: its number, when it was begun and signed, and who it is."""

    id: str
    began: int
    signed: int
    who: Any
    salt: str


class _Clocked(TimestampSigner):
    """Signs by the application's own clock."""

    def get_timestamp(self) -> int:
        return _now()


def begin(response: Response, token: Token) -> None:
    """Have *response* begin a session of the person who showed *token*."""
    _begin(response, token.sha256, _OF_TOKEN)


def begin_for(response: Response, person: Person) -> None:
    """Have *response* begin a session of somebody whom a provider signed in."""
    groups = groups_that_count(person.groups, here().settings)
    _begin(response, [person.user, groups, _provider()], _OF_OIDC)


def end(response: Response) -> None:
    """End the session for good; StoreAwayError, and then it goes on."""
    _end_former()
    response.delete_cookie(
        _name(), secure=is_secure(), httponly=True, samesite="Strict"
    )


def renew(response: Response) -> None:
    """Have somebody who is at work stay signed in, up to the whole life of a session.

    What a script fetches by itself is no work of theirs.
    """
    kept: _Session | None = g.get("session")
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if kept is None or not is_page or "Set-Cookie" in response.headers:
        return
    if _now() - kept.signed >= _RENEWED_AFTER_SECONDS:
        _keep(response, kept.id, kept.began, kept.who, kept.salt)


def token_of_session() -> Token | None:
    """Return the token with which the session was begun; None without a session."""
    kept = _read(_OF_TOKEN)
    known = here().settings.api_tokens if kept else ()
    return next((one for one in known if kept and one.sha256 == kept.who), None)


def person_of_session() -> Person | None:
    """Return whom the provider in the settings signed in; None without a session."""
    kept = _read(_OF_OIDC)
    if kept is None or kept.who[2] != _provider():
        return None
    return Person("oidc", kept.who[0], tuple(kept.who[1]))


def form_key_of(token: Token) -> str:
    """Return what every form of this person carries, and no other site can know."""
    key = here().desk.session_key()
    said = f"form:{token.name}:{token.sha256}".encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def _begin(response: Response, who: object, salt: str) -> None:
    _end_former()
    _keep(response, secrets.token_urlsafe(16), _now(), who, salt)


def _end_former() -> None:
    """End the session of this browser, if it has one of either way."""
    for salt in (_OF_TOKEN, _OF_OIDC):
        kept = _read(salt)
        if kept is not None:
            here().desk.door.end_session(kept.id, LIFE_SECONDS - _age(kept))
    g.pop("session", None)


def _keep(response: Response, number: str, began: int, who: object, salt: str) -> None:
    response.set_cookie(
        _name(),
        _signer(salt).dumps([number, began, who]),
        max_age=LIFE_SECONDS - (_now() - began),
        secure=is_secure(),
        httponly=True,
        samesite="Strict",
    )


def _read(salt: str) -> _Session | None:
    """Return the session of the browser, if it is of this way and goes on."""
    try:
        said, signed = _signer(salt).loads(
            request.cookies.get(_name(), ""),
            max_age=IDLE_SECONDS,
            return_timestamp=True,
        )
    except BadSignature:
        return None
    number, began, who = said
    kept = _Session(number, began, int(signed.timestamp()), who, salt)
    if not 0 <= _age(kept) < LIFE_SECONDS or here().desk.door.has_ended(number):
        return None
    g.session = kept
    return kept


def _age(kept: _Session) -> int:
    return _now() - kept.began


def _now() -> int:
    return int(here().clock().timestamp())


def _signer(salt: str) -> URLSafeTimedSerializer:
    # A salt for each way of signing in: a cookie of one is none in another.
    return URLSafeTimedSerializer(here().desk.session_key(), salt=salt, signer=_Clocked)


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
