"""CloudEvents, played: their three forms, and the handshake before them."""

import json
from typing import Any, Final

from service.sources.cloudevents import BATCH, STRUCTURED
from service.sources.samples.generic import departed, fresh_id, samples_in
from service.sources.samples.sample import Asked, Outgoing, Sample

_PATH: Final = "/events/cloudevents"
_SENDER: Final = "/offboard/source-send"


def _event(event_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": _SENDER,
        "type": body["type"],
        "time": body["timestamp"],
        "datacontenttype": "application/json",
        "data": body["data"],
    }


def _headers(asked: Asked, media_type: str) -> dict[str, str]:
    token = asked.settings.sources.cloudevents.secret[0].reveal()
    return {"Content-Type": media_type, "Authorization": f"Bearer {token}"}


def _structured(asked: Asked, event_id: str, body: dict[str, Any]) -> Outgoing:
    raw = json.dumps(_event(event_id, body)).encode()
    return Outgoing(_PATH, raw, _headers(asked, STRUCTURED))


def _binary(asked: Asked) -> tuple[Outgoing, ...]:
    event = _event(fresh_id(asked, "binary"), departed(asked))
    raw = json.dumps(event.pop("data")).encode()
    headers = _headers(asked, event.pop("datacontenttype"))
    return (
        Outgoing(_PATH, raw, headers | {f"ce-{name}": event[name] for name in event}),
    )


def _batch(asked: Asked) -> tuple[Outgoing, ...]:
    good = _event(fresh_id(asked, "batch"), departed(asked))
    bad = _event(fresh_id(asked, "bad"), departed(asked) | {"data": {"subjects": []}})
    return (Outgoing(_PATH, json.dumps([bad, good]).encode(), _headers(asked, BATCH)),)


def _handshake(asked: Asked) -> tuple[Outgoing, ...]:
    origins = asked.settings.sources.cloudevents.origins
    if not origins:
        raise ValueError("OFFBOARD_SOURCE_CLOUDEVENTS_ORIGINS: No origin is allowed.")
    origin = origins[0] if origins[0] != "*" else "sender.example.com"
    headers = {"WebHook-Request-Origin": origin, "WebHook-Request-Rate": "120"}
    return (Outgoing(_PATH, b"", headers, method="OPTIONS"),)


SAMPLES: Final = (
    *samples_in(_structured),
    Sample("binary", "a departure, now", _binary),
    Sample("batch", "a departure, now; the event beside it is kept", _batch),
    Sample("handshake", "nothing: the sender may deliver", _handshake),
)
