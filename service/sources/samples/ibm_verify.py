"""Plays IBM Verify's notification webhooks."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from service.sources.samples.sample import Asked, Outgoing, Sample

_TENANT: Final = "7a0c5b1e-0000-4000-8000-00000000c001"


def _told(
    action: str, *, event_type: str = "management", result: str = "success"
) -> Callable[[Asked], tuple[Outgoing, ...]]:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        about = f"{asked.user} {action} {event_type} {result} {asked.at.isoformat()}"
        millis = int(asked.at.timestamp() * 1000)
        body = {
            "id": str(uuid5(NAMESPACE_URL, about)),
            "tenantid": _TENANT,
            "tenantname": "tenant.example.com",
            "time": millis,
            "indexed_at": millis,
            "event_type": event_type,
            "data": {
                "resource": "user",
                "action": action,
                "result": result,
                "targetid": _id_of(asked),
                "username": asked.user,
                "performedby": "50ADMIN001",
                "performedby_username": "it.admin@example.com",
            },
        }
        token = asked.settings.sources.ibm_verify.secret[0].reveal()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        raw = json.dumps(body).encode()
        return (Outgoing("/events/ibm_verify", raw, headers),)

    return make


def _id_of(asked: Asked) -> str:
    # One person has one id, however often they are played.
    return asked.sender_id or sha256(asked.user.lower().encode()).hexdigest()[:10]


SAMPLES: Final = (
    Sample(
        "delete", "a departure where the id is known, else quarantine", _told("deleted")
    ),
    Sample("modify", "a look-up, where one is set up", _told("modified")),
    Sample("failed", "nothing", _told("deleted", result="failure")),
    Sample("login", "nothing", _told("login", event_type="authentication")),
)
