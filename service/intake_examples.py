"""The examples of quarantine and the sources in the OpenAPI document."""

from typing import Any, Final

KEPT_ID: Final = "01KHJ2V0W8Q3RZ5T7X9YABCDEG"

KEPT: Final[dict[str, Any]] = {
    "id": KEPT_ID,
    "source": "okta",
    "state": "quarantine",
    "reason": "unknown_person",
    "text": "The event names the person only by an id of the sender's.",
    "received_at": "2026-02-16T10:02:11.000Z",
    "expires_at": "2026-03-18T10:02:11.000Z",
    "size": 1834,
    "digest": "2163d62c575879b1273b4c4ad9a8892c00f6865a4d5e3898785b3adf6164b6bd",
}
QUARANTINE: Final[dict[str, Any]] = {"quarantine": [KEPT], "next": None}

SOURCE: Final[dict[str, Any]] = {
    "name": "okta",
    "on": True,
    "path": "/events/okta",
    "last_delivered_at": "2026-02-16T10:02:11.000Z",
    "delivered": 42,
    "refused": 1,
    "last_refused_at": "2026-02-16T09:58:40.000Z",
    "last_refused_why": "header",
    "expected_hours": 24.0,
    "silent": False,
    "look_ups": 0,
    "quarantined": 1,
}
SOURCES: Final[dict[str, Any]] = {"sources": [SOURCE]}
