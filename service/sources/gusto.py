"""Gusto's webhooks: an event's type and the employee's id, nothing else.

What Gusto publishes says that a header holds the HMAC-SHA256 of the body, made with the
verification token of the subscription; that it is in hex is seen in public code only
and not confirmed against a live account. So a secret in the path is taken as well, and
nothing is believed before the API says the same.

Source: Gusto, Webhooks ("Verifying event integrity") and Employee Events.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from config.settings import Settings
from service.bodies import strict_json
from service.errors import MalformedError
from service.sources.content import digest_of
from service.sources.proof import demand_bearer, demand_signature, key_of
from service.sources.source import Delivery, Part, Reply, Source
from workers.offboarding.heard import Hint, SourceEvent, Unreadable, UnreadableError
from workers.offboarding.model import Ignored
from workers.offboarding.values import id_in, moment_in

_SIGNATURE: Final = "x-gusto-signature"
_HANDSHAKE: Final = {"verification_token", "webhook_subscription_uuid"}
# The changelog and the guide call the effective event differently; both are taken.
_EVENTS: Final = frozenset(
    {
        "employee.terminated",
        "employee.termination_effective",
        "employee.terminated_effective",
        "employee.termination_cancelled",
        "employee.rehired",
        "employee.rehire_effective",
        "employee.deleted",
    }
)


class Gusto(Source):
    """The source ``gusto``."""

    name = "gusto"
    takes_path_secret = True

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Answer the handshake, whose token is of no use to us: nothing comes of it.

        It comes before there is anything to sign with, so nobody can prove who sends
        it. A secret in the path has to be right all the same.
        """
        if delivery.method != "POST" or not _is_handshake(delivery.raw):
            return None
        if delivery.path_secret is not None:
            demand_bearer(delivery, settings.sources.gusto.secret, in_path=True)
        return Reply(200)

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the secret or the signature; a delivery is one event."""
        _authenticate(delivery, settings)
        body = strict_json(delivery.raw)
        native = id_in(body.get("uuid")) or digest_of(body)
        return [Part(key_of(self.name, native), body)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Say whom to look up; from when on they leave, only the API tells."""
        event_type = part.body.get("event_type")
        if not isinstance(event_type, str):
            text = "The body has no event_type."
            raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
        if event_type not in _EVENTS:
            return Ignored("not_for_us")
        subject = id_in(part.body.get("entity_uuid"))
        if subject is None:
            text = "The event has no entity_uuid."
            raise UnreadableError(Unreadable.NO_PERSON, text)
        occurred_at = moment_in(part.body.get("timestamp"))
        return Hint(self.name, part.key, event_type, subject, occurred_at)


def _authenticate(delivery: Delivery, settings: Settings) -> None:
    secrets = settings.sources.gusto.secret
    given = delivery.headers.get(_SIGNATURE)
    if delivery.path_secret is not None or given is None:
        demand_bearer(delivery, secrets, in_path=True)
        return
    demand_signature(
        given.encode("utf-8", "replace"),
        secrets,
        lambda key: hmac.new(key, delivery.raw, hashlib.sha256).hexdigest().encode(),
    )


def _is_handshake(raw: bytes) -> bool:
    try:
        body = strict_json(raw)
    except MalformedError:
        return False
    return "verification_token" in body and set(body) <= _HANDSHAKE
