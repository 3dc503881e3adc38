"""People whom an authenticating proxy in front has signed in.

A header is believed only beside the secret that the proxy alone sends: else whoever
reaches our port could write anybody's name. Each request is judged anew; there is no
session of ours.
"""

import hmac
from typing import Final

import structlog
from flask import request
from werkzeug.exceptions import Forbidden, Unauthorized

from config.settings import Settings, Token
from service.context import here
from service.people import Person, as_token, user_in, without_role

_LONGEST: Final = 8192

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def visitor_of_proxy() -> Token:
    """Return who is behind the request.

    Raises:
        Unauthorized: It did not come through the proxy, or names nobody.
        Forbidden: It names somebody who has no role here.
    """
    settings = here().settings
    if not _has_secret(settings):
        named = settings.auth_proxy_user_header in request.headers
        log.warning("proxy.refused", why="secret", names_somebody=named)
        raise Unauthorized(_ROUND.format(header=settings.auth_proxy_secret_header))
    person = _person(settings)
    token = as_token(person, settings)
    if token is None:
        log.warning("proxy.without_role", actor=f"proxy:{person.user}")
        raise Forbidden(without_role(person))
    return token


_ROUND: Final = (
    "This request did not come through the proxy that signs people in: open this"
    " service at the proxy's address. If you did, the proxy does not send the header"
    " {header} with the value of OFFBOARD_AUTH_PROXY_SECRET."
)
_NOBODY: Final = (
    "The proxy has to name one person in {header}; what it sent names nobody, or more"
    " than one."
)


def _has_secret(settings: Settings) -> bool:
    shown = request.headers.get(settings.auth_proxy_secret_header, "").encode()
    known = [one.reveal().encode() for one in settings.auth_proxy_secret]
    # Each is compared, in constant time, so that the time taken tells nothing.
    return sum(hmac.compare_digest(shown, one) for one in known) > 0


def _person(settings: Settings) -> Person:
    header = settings.auth_proxy_user_header
    # Sent twice, a header's values come to us with a comma between: nobody's name.
    user = user_in(request.headers.get(header, "").strip())
    if user is None:
        log.warning("proxy.refused", why="user")
        raise Unauthorized(_NOBODY.format(header=header))
    return Person("proxy", user, _groups(settings.auth_proxy_groups_header))


def _groups(header: str | None) -> tuple[str, ...]:
    if header is None:
        return ()
    sent = request.headers.get(header, "")
    if len(sent) > _LONGEST or not sent.isprintable():
        log.warning("proxy.refused", why="groups")
        return ()
    return tuple(one.strip() for one in sent.split(",") if one.strip())
