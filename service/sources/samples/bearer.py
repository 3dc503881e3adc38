"""The source ``bearer``, played."""

import json
from typing import Any, Final

from service.sources.samples.generic import samples_in
from service.sources.samples.sample import Asked, Outgoing


def _with_token(asked: Asked, event_id: str, body: dict[str, Any]) -> Outgoing:
    token = asked.settings.sources.bearer.secret[0].reveal()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
    }
    raw = json.dumps({"id": event_id, **body}).encode()
    return Outgoing("/events/bearer", raw, headers)


SAMPLES: Final = samples_in(_with_token)
