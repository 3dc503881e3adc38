"""Who looks at a page, by the way in which people sign in here."""

from dataclasses import dataclass
from typing import Final

from werkzeug.exceptions import HTTPException, ServiceUnavailable

from config.settings import Token
from service.context import here
from service.pages import proxied, session
from service.people import as_token

NO_TOKENS: Final = (
    "Nobody can sign in yet: OFFBOARD_API_TOKENS is not set. The command offboard token"
    " create NAME ROLE prints a token and the entry for it."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, or why nobody is.

    ``fault`` is None where they only have to sign in.
    """

    token: Token | None = None
    fault: HTTPException | None = None


def who_looks() -> Visit:
    """Judge who sent this request; it raises nothing but for a store that is away."""
    settings = here().settings
    if settings.auth_mode == "proxy":
        return _through_the_proxy()
    if settings.auth_mode == "oidc":
        person = session.person_of_session()
        return Visit(as_token(person, settings) if person else None)
    if not settings.api_tokens:
        return Visit(fault=ServiceUnavailable(NO_TOKENS))
    return Visit(session.token_of_session())


def _through_the_proxy() -> Visit:
    try:
        return Visit(proxied.visitor_of_proxy())
    except HTTPException as fault:
        return Visit(fault=fault)
