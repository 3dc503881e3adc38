"""IBM Cloud's own removal events: Activity Tracker, Cloud Logs, Event Notifications.

A safety net: the person is already gone when it speaks, and the path may lose events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from config.settings import Settings
from service.bodies import strict_json
from service.errors import NotAuthenticError, field_paths
from service.sources.generic import read_generic
from service.sources.ibm_alert import event_in_alert, event_in_template, is_generic
from service.sources.ibm_removal import native_key, read_event
from service.sources.ibm_signed import is_signed, opened, opened_raw
from service.sources.members import key_by_content, text_at
from service.sources.proof import demand_bearer, key_of
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import (
    Authn,
    Heard,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored


class IbmActivity(Source):
    """The source ``ibm_activity``."""

    name = "ibm_activity"

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the bearer token, and the signature where a key is set."""
        mine = settings.sources.ibm_activity
        demand_bearer(delivery, mine.secret)
        if mine.public_key:
            body = opened_raw(delivery.raw, mine.public_key)
        else:
            body = strict_json(delivery.raw)
        return [Part(self._key(body), body)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the event that an alert, or the template, carries."""
        body, authn = _unsigned(part.body, settings.sources.ibm_activity.public_key)
        event = _event_in(body)
        if isinstance(event, Ignored):
            return event
        if event is not None:
            return read_event(event, part.key, authn, settings)
        heard = self._generic(body, part.key, now)
        return replace(heard, authn=authn) if isinstance(heard, Heard) else heard

    def _generic(self, body: Mapping[str, Any], key: str, now: datetime) -> SourceEvent:
        try:
            return read_generic(body, source=self.name, event_key=key, now=now)
        except ValidationError as error:
            # Event Notifications reads no answer: the event waits with us instead.
            paths = ", ".join(sorted(field_paths(error.messages)))
            text = f"Some fields cannot be used: {paths}."
            raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text) from None

    def _key(self, body: Mapping[str, Any]) -> str:
        """Make the key of the event inside, so that no envelope makes it another."""
        try:
            event = _event_in(body)
        except UnreadableError:
            event = None
        native = native_key(event) if isinstance(event, Mapping) else ()
        own = tuple(text for name in ("source", "id") if (text := text_at(body, name)))
        if not native and not own:
            return key_by_content(self.name, body)
        return key_of(self.name, *(native or own))


def _event_in(body: Mapping[str, Any]) -> Mapping[str, Any] | Ignored | None:
    """Return the Activity Tracker event; None where the body is generic and no more."""
    return event_in_template(body) if is_generic(body) else event_in_alert(body)


def _unsigned(
    body: Mapping[str, Any], public_key: str | None
) -> tuple[Mapping[str, Any], Authn]:
    """Open what was kept signed because there was no key yet; it is replayed so."""
    if not is_signed(body):
        return body, Authn.JWS if public_key else Authn.BEARER
    if not public_key:
        text = (
            "The body is signed, and no key is set to open it with: set"
            " OFFBOARD_SOURCE_IBM_ACTIVITY_PUBLIC_KEY, then replay it."
        )
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
    try:
        return opened(body, public_key), Authn.JWS
    except NotAuthenticError:
        text = "The body is signed, and not with the key that is set."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text) from None
