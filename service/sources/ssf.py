"""Security Event Tokens by push: RISC tells of accounts, CAEP of sessions (ignored).

Two proofs, in this order: the Authorization value that our stream was set up with, and
the signature of the token itself.

Source: RFC 8935 (push), RFC 8417 (tokens), RFC 9493 (subjects); OpenID Shared Signals
Framework 1.0, RISC 1.0, CAEP 1.0 and its interoperability profile.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.settings import Settings
from service.errors import MalformedError, NotAuthenticError
from service.sources.proof import demand_one_of, key_of
from service.sources.source import JSON, Delivery, Part, Reply, Source
from service.sources.ssf_keys import KeyRing
from service.sources.ssf_subject import names_of
from service.sources.ssf_token import claims_of
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import of_seconds

_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
_SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"
ACCOUNT_DISABLED: Final = f"{_RISC}account-disabled"
ACCOUNT_PURGED: Final = f"{_RISC}account-purged"
ACCOUNT_ENABLED: Final = f"{_RISC}account-enabled"
IDENTIFIER_CHANGED: Final = f"{_RISC}identifier-changed"
IDENTIFIER_RECYCLED: Final = f"{_RISC}identifier-recycled"
VERIFICATION: Final = f"{_SSF}verification"
STREAM_UPDATED: Final = f"{_SSF}stream-updated"

_KINDS: Final = {
    ACCOUNT_DISABLED: HeardKind.DISABLED,
    ACCOUNT_PURGED: HeardKind.DELETED,
    ACCOUNT_ENABLED: HeardKind.REACTIVATED,
}
# No verification is ever asked for here, so there is no state that could be wrong.
_IGNORED: Final = {
    VERIFICATION: "verification",
    IDENTIFIER_CHANGED: "identifier_changed",
}
_REASONS: Final = {
    "hijacking": "Incident: the account was hijacked. The person need not be leaving.",
    "bulk-account": "Incident: a bulk account. The person need not be leaving.",
}
_SAID: Final = {
    "invalid_request": "The request is not a security event token as we need it.",
    "invalid_key": "The token is not signed by a key of the issuer that we take.",
    "invalid_issuer": "The token is of another issuer than the stream's.",
    "invalid_audience": "The token is meant for another audience than ours.",
    "authentication_failed": "The sender could not be authenticated.",
}


class Ssf(Source):
    """The source ``ssf``."""

    name = "ssf"
    media_types = ("application/secevent+jwt",)

    def __init__(self) -> None:
        self._rings: dict[str, KeyRing] = {}

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the Authorization value and then the token; a push brings one."""
        mine = settings.sources.ssf
        given = delivery.headers.get("authorization", "")
        demand_one_of(given, mine.secret, cause="header")
        ring = self._ring(mine.jwks_url or "")
        claims = claims_of(delivery.raw, ring, mine, delivery.at)
        return [Part(key_of(self.name, f"{claims['iss']} {claims['jti']}"), claims)]

    def _ring(self, url: str) -> KeyRing:
        # setdefault is one step: two threads never end up with a ring each.
        return self._rings.setdefault(url, KeyRing(url))

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the one event of a token."""
        ((type_, event),) = part.body["events"].items()
        if type_ in _IGNORED:
            return Ignored(_IGNORED[type_])
        if type_ == STREAM_UPDATED:
            return _stream(event)
        if type_ == IDENTIFIER_RECYCLED:
            raise _recycled()
        if type_ not in _KINDS:
            return Ignored("other_event_type")
        is_old_read = settings.sources.ssf.legacy_subject
        names = names_of(part.body, event, is_old_read=is_old_read)
        if names is None:
            return Ignored("no_person_in_subject")
        return Heard(
            source=self.name,
            event_key=part.key,
            native_type=type_,
            kind=_KINDS[type_],
            names=names,
            occurred_at=_occurred_at(part.body, event),
            reason=_reason(type_, event),
            authn=Authn.JWS,
        )

    def accepted(self, case_ids: Sequence[str]) -> Reply:
        """Answer 202 with nothing in it, as RFC 8935 section 2.2 has it."""
        return Reply(202)

    def refused(self, error: Exception) -> Reply | None:
        """Answer with the RFC's error object, in its section 2.3 always under 400.

        That holds for a wrong Authorization value too, and not 401: section 2.3 puts
        authenticating under 400, section 2.4 has ``authentication_failed`` for a
        transmitter that is not proven, and its figure 4 shows just that. Faults that
        are HTTP's own keep their codes, and so does 503 when keys cannot be had: a
        transmitter need not send again what was answered with 400.
        """
        match error:
            case NotAuthenticError(code=code):
                return _error(code or "authentication_failed")
            case MalformedError(cause=cause):
                return _error("invalid_request", f" See its {cause}.")
            case _:
                return None


def _error(code: str, more: str = "") -> Reply:
    body = json.dumps({"err": code, "description": f"{_SAID[code]}{more}"})
    return Reply(400, body.encode(), JSON, {"Content-Language": "en"})


def _stream(event: Mapping[str, Any]) -> Ignored:
    """Tell people when the stream stops: from then on nobody's departure is heard.

    Raises:
        UnreadableError: Quarantine is the list that the channel is told about; a line
            in the log would be read when somebody has left unnoticed.
    """
    if event.get("status") == "enabled":
        return Ignored("stream_enabled")
    raise UnreadableError(
        Unreadable.SENDER_STOPS,
        "The transmitter has paused or disabled our stream: it tells of no departure"
        " until its administrator enables it again. Drop this when that is done.",
    )


def _recycled() -> UnreadableError:
    # By that e-mail two people are meant, one after the other: never act on it.
    return UnreadableError(
        Unreadable.TWO_PEOPLE,
        "The sender has given one person's identifier to another. Nobody was offboarded"
        " by it. See OFFBOARD_IDENTITY_MAP_FILE for it, then drop this.",
    )


def _occurred_at(
    claims: Mapping[str, Any], event: Mapping[str, Any]
) -> datetime | None:
    """Read when it happened, else when it was told; no event is refused over it."""
    for given in (event.get("event_timestamp"), claims.get("toe"), claims.get("iat")):
        try:
            return of_seconds(given)
        except UnreadableError:
            continue
    return None


def _reason(type_: str, event: Mapping[str, Any]) -> str | None:
    given = event.get("reason")
    if type_ != ACCOUNT_DISABLED or not isinstance(given, str):
        return None
    return _REASONS.get(given)
