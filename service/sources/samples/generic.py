"""What any sender of the generic body may be played to tell, in its own envelope."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from service.sources.samples.sample import Asked, Outgoing, Sample

Envelope = Callable[[Asked, str, dict[str, Any]], Outgoing]
"""Makes a request of what is asked, the event's id and the generic body."""

DAYS_AHEAD: Final = 10


@dataclass(frozen=True, slots=True)
class _Told:
    kind: str
    type: str
    leads_to: str
    days_ahead: int = 0


_TOLD: Final = (
    _Told("departed", "user.departed", "a departure, now"),
    _Told("scheduled", "user.departed", "a departure in ten days", DAYS_AHEAD),
    _Told(
        "departure_cancelled",
        "user.departure_cancelled",
        "what it told is taken back",
    ),
    _Told(
        "reactivated",
        "user.reactivated",
        "what it told is taken back",
    ),
    _Told("suspended", "user.suspended", "nothing: whoever is suspended may return"),
)


def samples_in(envelope: Envelope) -> tuple[Sample, ...]:
    """Return the samples of a source that carries the generic body in *envelope*."""
    return tuple(
        Sample(told.kind, told.leads_to, _maker(told, envelope)) for told in _TOLD
    )


def departed(asked: Asked) -> dict[str, Any]:
    """Return the generic body of somebody who leaves now."""
    return _body(_TOLD[0], asked)


def fresh_id(asked: Asked, kind: str) -> str:
    """Return an id that no other play has: of when, whom and what."""
    text = f"{kind} {asked.user} {asked.at.isoformat()}"
    return f"played-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def text_of(moment: datetime) -> str:
    """Write an aware UTC moment as senders do."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _maker(told: _Told, envelope: Envelope) -> Callable[[Asked], tuple[Outgoing, ...]]:
    return lambda asked: (
        envelope(asked, fresh_id(asked, told.kind), _body(told, asked)),
    )


def _body(told: _Told, asked: Asked) -> dict[str, Any]:
    data: dict[str, Any] = {"subjects": [_subject(asked.user)], "reason": "played"}
    if told.days_ahead:
        data["effective_at"] = text_of(asked.at + timedelta(days=told.days_ahead))
    return {"type": told.type, "timestamp": text_of(asked.at), "data": data}


def _subject(user: str) -> dict[str, str]:
    if "@" in user:
        return {"format": "email", "email": user}
    return {"format": "iam_id", "iam_id": user}
