"""Plays Okta's event hooks: the verification, and the log events that matter."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from service.sources.samples.sample import Asked, Outgoing, Sample

_PATH: Final = "/events/okta"
_Make = Callable[[Asked], tuple[Outgoing, ...]]


def _authorization(asked: Asked) -> dict[str, str]:
    return {"Authorization": asked.settings.sources.okta.secret[0].reveal()}


def _verify(asked: Asked) -> tuple[Outgoing, ...]:
    challenge = sha256(asked.at.isoformat().encode()).hexdigest()
    headers = {**_authorization(asked), "X-Okta-Verification-Challenge": challenge}
    return (Outgoing(_PATH, b"", headers, method="GET"),)


def _told(
    native_type: str, result: str = "SUCCESS"
) -> Callable[[Asked], tuple[Outgoing, ...]]:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        moment = asked.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = f"{asked.user} {native_type} {result} {moment}"
        event = {
            "uuid": str(uuid5(NAMESPACE_URL, about)),
            "published": moment,
            "eventType": native_type,
            "outcome": {"result": result, "reason": None},
            "actor": {
                "id": "00uplayedadmin",
                "type": "User",
                "alternateId": "it.admin@example.com",
            },
            "target": [{**_user(asked), "type": "User"}],
        }
        body = {
            "eventType": "com.okta.event_hook",
            "eventTypeVersion": "1.0",
            "cloudEventsVersion": "0.1",
            "source": "https://idp.example.com/api/v1/eventHooks/whoplayed",
            "eventId": str(uuid5(NAMESPACE_URL, f"envelope {about}")),
            "eventTime": moment,
            "contentType": "application/json",
            "data": {"events": [event]},
        }
        headers = {**_authorization(asked), "Content-Type": "application/json"}
        return (Outgoing(_PATH, json.dumps(body).encode(), headers),)

    return make


def _user(asked: Asked) -> dict[str, str]:
    # One person has one id, however often they are played.
    digest = sha256(asked.user.lower().encode()).hexdigest()[:17]
    return {"id": asked.sender_id or f"00u{digest}", "alternateId": asked.user}


SAMPLES: Final = (
    Sample("deactivate", "a departure, now", _told("user.lifecycle.deactivate")),
    Sample("delete", "a departure, now", _told("user.lifecycle.delete.initiated")),
    Sample("suspend", "nothing, unless set otherwise", _told("user.lifecycle.suspend")),
    Sample(
        "reactivate", "what it told is taken back", _told("user.lifecycle.reactivate")
    ),
    Sample("login", "nothing", _told("user.session.start")),
    Sample("failed", "nothing", _told("user.lifecycle.deactivate", "FAILURE")),
    Sample("verify", "nothing: the hook is verified", _verify),
)
