"""HiBob's webhooks, version 2: who left, by their id there.

Which keys stand inside ``data`` is inferred and not confirmed against a live account,
so the places are settings. ``triggeredBy`` is the administrator and is never read.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from config.settings import Settings
from service.bodies import strict_json
from service.errors import MalformedError, NotAuthenticError
from service.sources.proof import demand_signature, key_of
from service.sources.source import JSON, Delivery, Part, Reply, Source
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
from workers.offboarding.values import at, email_in, id_in, moment_in, told

_PING: Final = "Ping test"
# Not employee.inactivated: it is told of leave, too. Not employee.updated and
# table.entry.*: they say that something changed, and not that anybody left.
_KINDS: Final = {
    "employee.left": HeardKind.TERMINATED,
    "employee.access.revoked.immediately": HeardKind.TERMINATED,
    "employee.deleted": HeardKind.DELETED,
    "employee.joined": HeardKind.REACTIVATED,
    "employee.activated": HeardKind.REACTIVATED,
}


class Hibob(Source):
    """The source ``hibob``."""

    name = "hibob"

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Answer the ping of the set-up, signed or not: nothing comes of it."""
        return Reply(200) if delivery.method == "POST" and _is_ping(delivery) else None

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the signature over the raw bytes; a delivery is one event."""
        given = delivery.headers.get("bob-signature", "")
        if not given:
            raise NotAuthenticError("header")
        demand_signature(
            given.encode("utf-8", "replace"),
            settings.sources.hibob.secret,
            lambda key: base64.b64encode(
                hmac.new(key, delivery.raw, hashlib.sha512).digest()
            ),
        )
        body = strict_json(delivery.raw)
        subject = id_in(at(body.get("data"), settings.sources.hibob.id_path))
        native = [body.get("companyId"), body.get("type"), body.get("triggeredAt")]
        if subject is None or not all(id_in(one) for one in native):
            native, subject = [hashlib.sha256(delivery.raw).hexdigest()], "body"
        return [Part(key_of(self.name, *native, subject), body)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Tell who left or came back; without an e-mail they are looked up."""
        native_type, mine = part.body.get("type"), settings.sources.hibob
        if not isinstance(native_type, str):
            text = "The body has no type."
            raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
        if native_type not in _KINDS:
            return Ignored("not_for_us")
        kind, data = _KINDS[native_type], part.body.get("data")
        email, subject = (
            email_in(at(data, mine.email_path)),
            id_in(at(data, mine.id_path)),
        )
        occurred_at = moment_in(part.body.get("triggeredAt"))
        if email is None and subject is None:
            raise _nobody()
        # A deleted employee cannot be looked up; who it was, we may know from before.
        if email is None and subject is not None and kind is not HeardKind.DELETED:
            return Hint(self.name, part.key, native_type, subject, occurred_at)
        return Heard(
            source=self.name,
            event_key=part.key,
            native_type=native_type,
            kind=kind,
            names=Names(told(email), ids=told(subject)),
            occurred_at=occurred_at,
            authn=Authn.HMAC,
        )

    def accepted(self, case_ids: Sequence[str]) -> Reply:
        """Answer 200: the vendor takes nothing else for success."""
        return Reply(200, json.dumps({"cases": list(case_ids)}).encode(), JSON)


def _is_ping(delivery: Delivery) -> bool:
    if delivery.raw.strip() in (_PING.encode(), f'"{_PING}"'.encode()):
        return True
    try:
        return strict_json(delivery.raw) == {"text": _PING}
    except MalformedError:
        return False


def _nobody() -> UnreadableError:
    text = (
        "The event names nobody where OFFBOARD_SOURCE_HIBOB_ID_PATH and …_EMAIL_PATH"
        " say. Set them to where this account has them, then replay it."
    )
    return UnreadableError(Unreadable.NO_PERSON, text)
