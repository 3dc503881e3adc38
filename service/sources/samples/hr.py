"""What the samples of the HR systems share: ids, bodies, moments."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from service.sources.samples.sample import Asked


def employee_id(asked: Asked) -> str:
    """Return the id asked for, or a number.

    It is always the same for one person, so that we learn it.
    """
    return asked.sender_id or str(int(_digest(asked.user), 16) % 1_000_000)


def employee_uuid(asked: Asked) -> str:
    """Return the id asked for, or a UUID that is always the same for one person."""
    return asked.sender_id or made_up_uuid(asked.user)


def made_up_uuid(text: str) -> str:
    """Return a UUID that is always the same for one text."""
    return str(UUID(_digest(text)))


def event_uuid(asked: Asked, kind: str) -> str:
    """Return an id of this one play."""
    return made_up_uuid(f"{asked.user} {asked.at.isoformat()} {kind}")


def as_json(body: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Write a body as a sender would."""
    return json.dumps(body).encode()


def zulu(moment: datetime) -> str:
    """Write a moment in RFC 3339, with microseconds: two plays are two events."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def nested(path: str, value: str) -> dict[str, Any]:
    """Put *value* at a dotted path."""
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
