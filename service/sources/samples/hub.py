"""The source ``hub``, played."""

import json
from typing import Any, Final

from service.sources.hub import HEADER, sign
from service.sources.samples.generic import samples_in
from service.sources.samples.sample import Asked, Outgoing


def _signed(asked: Asked, event_id: str, body: dict[str, Any]) -> Outgoing:
    raw = json.dumps({"id": event_id, **body}).encode()
    key = asked.settings.sources.hub.secret[0].reveal().encode()
    headers = {"Content-Type": "application/json", HEADER: sign(key, raw).decode()}
    return Outgoing("/events/hub", raw, headers)


SAMPLES: Final = samples_in(_signed)
