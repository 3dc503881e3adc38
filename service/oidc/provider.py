"""The provider of this service: where people are sent, and what their return proves."""

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from config.settings import Settings
from service.oidc.begun import Begun
from service.oidc.claimed import lacks, person_in
from service.oidc.faults import NotProvenError, ProviderAwayError
from service.oidc.id_token import Expected, KeyDoesNotFitError, claims_of
from service.oidc.metadata import (
    RENEW_SECONDS,
    Kept,
    Metadata,
    fetch_keys,
    fetch_metadata,
)
from service.oidc.wire import bound, read_json
from service.people import Person

CALLBACK: Final = "/login/callback"
# Of the eight threads of a web process, most of which have to be there for events.
_WAITING_AT_ONCE: Final = 3


class Provider:
    """The identity provider in the settings; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issuer = settings.auth_oidc_issuer or ""
        self._metadata = Kept(lambda: fetch_metadata(self._issuer))
        self._keys = Kept(lambda: fetch_keys(self._metadata.get().keys))
        self._places = BoundedSemaphore(_WAITING_AT_ONCE)

    @property
    def name(self) -> str:
        """Return its host, as people know it."""
        return urlsplit(self._issuer).hostname or self._issuer

    def address_for(self, begun: Begun) -> str:
        """Return where to send somebody who signs in; ProviderAwayError."""
        metadata = self._described()
        with self._session(metadata) as session:
            address, _ = session.create_authorization_url(
                metadata.authorization,
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return str(address)

    def person_for(self, answer: Mapping[str, str], begun: Begun, now: float) -> Person:
        """Return whom the answer that a browser brought back proves.

        Args:
            answer: The parameters with which it came; its state is checked already.
            begun: What this sign-in was begun with.
            now: Seconds since 1970.

        Raises:
            NotProvenError: The provider refused, or what it says does not hold.
            ProviderAwayError: It could not be asked.
            NobodyError: It is proven, and does not say who it is.
        """
        with self._place():
            metadata = self._metadata.get()
            self._refuse_other_issuers(answer, metadata)
            with self._session(metadata) as session:
                tokens = _exchanged(session, metadata, answer["code"], begun)
            claims = self._claims(tokens, begun, now)
            if metadata.userinfo and lacks(claims, self._settings):
                claims = _completed(metadata.userinfo, tokens, claims)
        return person_in(claims, self._settings)

    def way_out(self, back: str) -> str | None:
        """Return where one signs out of the provider; None where nobody knows.

        Args:
            back: Where it may lead afterwards.
        """
        try:
            end = self._described().end_session
        except ProviderAwayError:
            return None
        if end is None:
            return None
        given = {
            "client_id": self._settings.auth_oidc_client_id,
            "post_logout_redirect_uri": back,
        }
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(given)}"

    def _described(self) -> Metadata:
        with self._place():
            return self._metadata.get()

    def _place(self) -> "_Place":
        return _Place(self._places)

    def _session(self, metadata: Metadata) -> OAuth2Session:
        settings = self._settings
        secret = settings.auth_oidc_client_secret
        method = "basic" if metadata.takes_basic else "post"
        session = OAuth2Session(
            settings.auth_oidc_client_id,
            secret.reveal() if secret else None,
            token_endpoint_auth_method=f"client_secret_{method}",
            scope=" ".join(settings.auth_oidc_scopes),
            redirect_uri=f"{settings.public_url}{CALLBACK}",
            code_challenge_method="S256",
        )
        bound(session)
        return session

    def _refuse_other_issuers(
        self, answer: Mapping[str, str], metadata: Metadata
    ) -> None:
        # RFC 9207: so that the code of one provider is not taken to another.
        named = answer.get("iss")
        if named != self._issuer and (named is not None or metadata.names_itself):
            raise NotProvenError("iss")

    def _claims(
        self, tokens: Mapping[str, Any], begun: Begun, now: float
    ) -> dict[str, Any]:
        expected = Expected(
            self._issuer,
            self._settings.auth_oidc_client_id or "",
            begun.nonce,
            tokens["access_token"],
            now,
        )
        token = tokens.get("id_token")
        try:
            return claims_of(token, self._keys.get(), expected)
        except KeyDoesNotFitError:
            # Its keys may have changed since.
            newer = self._keys.get(older_than_seconds=RENEW_SECONDS)
            return claims_of(token, newer, expected)


class _Place:
    """A place among those who wait for the provider; full is as good as away."""

    def __init__(self, places: BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise ProviderAwayError("crowded")

    def __exit__(self, *_: object) -> None:
        self._places.release()


def _exchanged(
    session: OAuth2Session, metadata: Metadata, code: str, begun: Begun
) -> dict[str, Any]:
    """Give the code for tokens."""
    try:
        tokens = session.fetch_token(
            metadata.token,
            grant_type="authorization_code",
            code=code,
            code_verifier=begun.verifier,
        )
    except AuthlibBaseError:
        # The provider's own words stay with it: they may quote what we sent.
        raise NotProvenError("code") from None
    # Not JSON, or a 5xx: an error of `requests` is an OSError.
    except (ValueError, OSError):
        raise ProviderAwayError("token_endpoint") from None
    if not isinstance(tokens.get("access_token"), str):
        raise ProviderAwayError("tokens")
    return dict(tokens)


def _completed(
    url: str, tokens: Mapping[str, Any], claims: Mapping[str, Any]
) -> dict[str, Any]:
    """Add what the provider tells of the same person when asked for it."""
    more = read_json(url, {"Authorization": f"Bearer {tokens['access_token']}"})
    if more.get("sub") != claims["sub"]:
        raise NotProvenError("userinfo")
    # What an ID token says is signed, and holds.
    found = {**more, **claims}
    if more.get("email") != claims.get("email"):
        # That one address is verified says nothing about another.
        first = claims if "email" in claims else more
        found["email_verified"] = first.get("email_verified")
    return found
