"""IBM Verify's notification webhooks: one event a request, times in milliseconds.

Source: IBM Verify documentation, "Notifications API contract" and "Management event
payload". Inferred, and not confirmed against a live tenant: the words for a user who
was deleted or disabled, and whom ``data.username`` names. The settings of the source
say both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.settings import Settings
from config.sources import IbmVerifySettings
from service.bodies import strict_json
from service.sources.members import emails_in, key_by_content, object_at, text_at
from service.sources.proof import demand_bearer, key_of
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import of_millis

_MODIFIED: Final = "modified"


class IbmVerify(Source):
    """The source ``ibm_verify``."""

    name = "ibm_verify"

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the bearer token; the tenant's id and the event's are the key."""
        demand_bearer(delivery, settings.sources.ibm_verify.secret)
        event = strict_json(delivery.raw)
        native = text_at(event, "tenantid"), text_at(event, "id")
        if not all(native):
            return [Part(key_by_content(self.name, event), event)]
        return [Part(key_of(self.name, *native), event)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read one event: ``targetid`` is the person, ``performedby`` never."""
        event, mine = part.body, settings.sources.ibm_verify
        data = object_at(event, "data")
        if text_at(event, "event_type") != "management":
            return Ignored("not_about_a_user")
        if text_at(data, "resource").lower() != "user":
            return Ignored("not_about_a_user")
        action = text_at(data, "action").lower()
        kind = _kind(action, mine)
        if kind is None and (action != _MODIFIED or not mine.api_url):
            return Ignored("another_action")
        result = text_at(data, "result").lower()
        if result != "success":
            return _unsuccessful(result)
        return self._told(part, kind, action, mine)

    def _told(
        self, part: Part, kind: HeardKind | None, action: str, mine: IbmVerifySettings
    ) -> SourceEvent:
        data = object_at(part.body, "data")
        subject = text_at(data, "targetid")
        if not subject:
            text = "The event names nobody: it has no targetid."
            raise UnreadableError(Unreadable.NO_PERSON, text)
        occurred_at = _occurred_at(part.body)
        if kind is None:
            return Hint(self.name, part.key, action, subject, occurred_at)
        login = text_at(data, "username") if mine.username_is_target else ""
        return Heard(
            source=self.name,
            event_key=part.key,
            native_type=action,
            kind=kind,
            names=Names(emails=emails_in(login), ids=(subject,)),
            occurred_at=occurred_at,
            authn=Authn.BEARER,
        )


def _kind(action: str, mine: IbmVerifySettings) -> HeardKind | None:
    if action in _lowered(mine.delete_actions):
        return HeardKind.DELETED
    return HeardKind.DISABLED if action in _lowered(mine.disable_actions) else None


def _lowered(actions: Sequence[str]) -> set[str]:
    return {one.lower() for one in actions}


def _unsuccessful(result: str) -> Ignored:
    if not result:
        text = "The event does not say whether it succeeded."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
    return Ignored("no_success")


def _occurred_at(event: Mapping[str, Any]) -> datetime | None:
    time = event.get("time")
    return None if time is None else of_millis(time)
