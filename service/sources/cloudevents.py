"""CloudEvents over HTTP with a bearer token: structured, binary, or several at once.

``type`` and ``data`` of an event are those of the generic body. In a batch each event
is judged alone: one that cannot be used is kept, and the batch is acknowledged.

Before it delivers, a sender may ask by OPTIONS whether it may. That proves nobody: it
only keeps it from being sent against those who do not expect it. Its callback address
is never called, since whoever asks could have us call anything.

Source: CloudEvents 1.0, HTTP protocol binding, and "HTTP 1.1 Web Hooks".
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from marshmallow import ValidationError

from config.settings import Settings
from service.bodies import LIMIT_BYTES, strict_json_list
from service.errors import MalformedError, field_paths
from service.sources.cloud_event import (
    binary,
    demanded,
    generic_of,
    native_key,
    structured,
)
from service.sources.generic import read_generic
from service.sources.proof import demand_bearer, key_of
from service.sources.source import JSON, Delivery, Part, Reply, Source
from workers.offboarding.heard import (
    Authn,
    SourceEvent,
    Unreadable,
    UnreadableError,
)

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
_ANY: Final = "*"


class Cloudevents(Source):
    """The source ``cloudevents``."""

    name = "cloudevents"
    methods = frozenset({"OPTIONS"})
    media_types = (STRUCTURED, BATCH, JSON)
    limit_bytes = LIMIT_BYTES
    takes_path_secret = True
    is_strict = True

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Tell a sender whether it may deliver; the secret is not asked for here."""
        if delivery.method != "OPTIONS":
            return None
        if delivery.path_secret is not None:
            demand_bearer(delivery, settings.sources.cloudevents.secret, in_path=True)
        allowed = [one.lower() for one in settings.sources.cloudevents.origins]
        origin = delivery.headers.get("webhook-request-origin", "").strip()
        if not origin or not {origin.lower(), _ANY} & set(allowed):
            return Reply(405, headers={"Allow": "OPTIONS, POST"})
        headers = {
            "Allow": "POST",
            "WebHook-Allowed-Origin": _ANY if _ANY in allowed else origin,
            # Authentic events are never slowed down.
            "WebHook-Allowed-Rate": _ANY,
        }
        return Reply(200, headers=headers)

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Compare the token; the event's source and id are the key."""
        secrets = settings.sources.cloudevents.secret
        demand_bearer(delivery, secrets, in_path=True)
        if delivery.media_type == BATCH:
            return [_of_batch(one) for one in strict_json_list(delivery.raw)]
        if delivery.media_type == STRUCTURED:
            event = structured(delivery.raw)
        else:
            event = binary(delivery.headers, delivery.raw)
        return [Part(key_of(self.name, *native_key(event)), {"event": event})]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the generic body that the event carries."""
        try:
            return read_generic(
                generic_of(demanded(part.body.get("event"))),
                source=self.name,
                event_key=part.key,
                now=now,
                authn=Authn.BEARER,
            )
        except MalformedError:
            raise _unusable("An attribute that every event has is missing.") from None
        except ValidationError as error:
            if not part.body.get("in_batch"):
                raise
            paths = ", ".join(sorted(field_paths(error.messages)))
            raise _unusable(f"Some fields cannot be used: {paths}.") from error


def _of_batch(element: Any) -> Part:  # noqa: ANN401 - whatever stands in the list
    name = Cloudevents.name
    try:
        key = key_of(name, *native_key(demanded(element)))
    except MalformedError:
        text = json.dumps(element, sort_keys=True)
        key = key_of(name, "sha256", hashlib.sha256(text.encode()).hexdigest())
    return Part(key, {"event": element, "in_batch": True})


def _unusable(text: str) -> UnreadableError:
    return UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
