"""Okta event hooks: a static ``Authorization`` value, several log events a delivery.

Source: Okta developer documentation, "Event hooks" and the catalogue of event types.
The envelope looks like a CloudEvent of version 0.1 and is read as none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.settings import Settings
from config.sources import OktaSettings
from service.bodies import strict_json
from service.errors import MalformedError
from service.sources.members import emails_in, key_by_content, object_at, text_at
from service.sources.proof import demand_one_of, key_of
from service.sources.source import JSON, Delivery, Part, Reply, Source
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Names,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import moment_of

# ``delete.completed`` cannot be subscribed to today, and means what it says.
_KINDS: Final = {
    "user.lifecycle.deactivate": HeardKind.DISABLED,
    "user.lifecycle.delete.initiated": HeardKind.DELETED,
    "user.lifecycle.delete.completed": HeardKind.DELETED,
    "user.lifecycle.suspend": HeardKind.SUSPENDED,
    "user.lifecycle.reactivate": HeardKind.REACTIVATED,
    "user.lifecycle.activate": HeardKind.REACTIVATED,
}
_APP_REMOVED: Final = "application.user_membership.remove"
_CHALLENGE: Final = re.compile(r"[ -~]{1,512}")


class Okta(Source):
    """The source ``okta``."""

    name = "okta"
    methods = frozenset({"GET"})

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Answer the one GET by which Okta verifies the hook."""
        if delivery.method != "GET":
            return None
        self._demand(delivery, settings)
        challenge = delivery.headers.get("x-okta-verification-challenge", "")
        if not _CHALLENGE.fullmatch(challenge):
            raise MalformedError
        body = json.dumps({"verification": challenge}, separators=(",", ":"))
        return Reply(200, body.encode(), JSON)

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Compare the ``Authorization`` value, then judge each log event by itself."""
        self._demand(delivery, settings)
        events = object_at(strict_json(delivery.raw), "data").get("events")
        if not isinstance(events, list):
            raise MalformedError
        return [self._part(one) for one in events]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read one log event: its ``target`` is the person, its ``actor`` never."""
        event = part.body
        kind = _kind(event, settings.sources.okta)
        if kind is None:
            return Ignored("not_a_departure")
        result = text_at(event, "outcome", "result")
        if not result:
            raise _odd("The log event does not say whether it succeeded.")
        if result != "SUCCESS":
            return Ignored("no_success")
        published = event.get("published")
        return Heard(
            source=self.name,
            event_key=part.key,
            native_type=text_at(event, "eventType"),
            kind=kind,
            names=_names(event),
            occurred_at=None if published is None else moment_of(published),
            authn=Authn.STATIC_HEADER,
        )

    def accepted(self, case_ids: Sequence[str]) -> Reply | None:
        """Answer as Okta wants it: nothing in the body."""
        return Reply(204)

    def _demand(self, delivery: Delivery, settings: Settings) -> None:
        # As it is: there is a scheme in it only if the admin typed one.
        given = delivery.headers.get("authorization", "")
        demand_one_of(given, settings.sources.okta.secret, cause="header")

    def _part(self, element: object) -> Part:
        if not isinstance(element, dict):
            kept = {"no_object": element}
            return Part(key_by_content(self.name, element), kept)
        uuid = text_at(element, "uuid")
        key = key_of(self.name, uuid) if uuid else key_by_content(self.name, element)
        return Part(key, element)


def _kind(event: Mapping[str, Any], mine: OktaSettings) -> HeardKind | None:
    """Tell what the event's type means; None for nothing."""
    native_type = text_at(event, "eventType")
    if not native_type:
        raise _odd("An element of the delivery is no log event.")
    kind = _KINDS.get(native_type)
    if kind is HeardKind.SUSPENDED and mine.suspend_departs:
        return HeardKind.DISABLED
    if native_type == _APP_REMOVED and mine.ibm_cloud_app_id:
        apps = [text_at(one, "id") for one in _targets(event, "AppInstance")]
        return HeardKind.DISABLED if mine.ibm_cloud_app_id in apps else None
    return kind


def _names(event: Mapping[str, Any]) -> Names:
    """Return the names of the one user among the targets, wherever it stands."""
    users = _targets(event, "User")
    ids = {text_at(one, "id") for one in users} - {""}
    logins = {text_at(one, "alternateId").strip().lower() for one in users}
    # One person has one id. Where ids are missing, the logins must agree.
    if len(ids) > 1 or (len(logins) > 1 and not _all_have_ids(users)):
        text = "The log event has several users as targets: nothing was done for any."
        raise UnreadableError(Unreadable.TWO_PEOPLE, text)
    return Names(emails=emails_in(*sorted(logins)), ids=tuple(ids))


def _all_have_ids(users: Sequence[Mapping[str, Any]]) -> bool:
    return all(text_at(one, "id") for one in users)


def _targets(event: Mapping[str, Any], type_: str) -> list[Mapping[str, Any]]:
    found = event.get("target")
    targets = found if isinstance(found, list) else []
    return [one for one in targets if object_at({"it": one}, "it").get("type") == type_]


def _odd(text: str) -> UnreadableError:
    return UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
