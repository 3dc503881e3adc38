"""How Gusto is played: signed events, and the handshake of a subscription."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from service.sources.samples.hr import as_json, employee_uuid, event_uuid, made_up_uuid
from service.sources.samples.sample import Asked, Outgoing, Sample


def _event(event_type: str) -> Callable[[Asked], tuple[Outgoing, ...]]:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        company = made_up_uuid("a company")
        body: dict[str, Any] = {
            "uuid": event_uuid(asked, event_type),
            "event_type": event_type,
            "resource_type": "Company",
            "resource_uuid": company,
            "entity_type": "Employee",
            "entity_uuid": employee_uuid(asked),
            "timestamp": int(asked.at.timestamp()),
        }
        raw = as_json(body)
        key = asked.settings.sources.gusto.secret[0].reveal().encode()
        headers = {
            "Content-Type": "application/json",
            "X-Gusto-Signature": hmac.new(key, raw, hashlib.sha256).hexdigest(),
        }
        return (Outgoing("/events/gusto", raw, headers),)

    return make


def _handshake(asked: Asked) -> tuple[Outgoing, ...]:
    raw = as_json({"verification_token": event_uuid(asked, "handshake")})
    return (Outgoing("/events/gusto", raw, {"Content-Type": "application/json"}),)


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample("terminate", "a look-up", _event("employee.terminated")),
    Sample("effective", "a look-up", _event("employee.termination_effective")),
    Sample("cancel", "a look-up", _event("employee.termination_cancelled")),
    Sample("rehire", "a look-up", _event("employee.rehire_effective")),
    Sample("delete", "a look-up", _event("employee.deleted")),
    Sample("update", "nothing", _event("employee.updated")),
    Sample("handshake", "nothing", _handshake),
)
