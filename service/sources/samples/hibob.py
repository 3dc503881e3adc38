"""How HiBob is played: signed events of version 2, and the ping of the set-up."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from service.sources.samples.hr import as_json, employee_id, nested, zulu
from service.sources.samples.sample import Asked, Outgoing, Sample


def _event(
    kind: str, *, with_email: bool = False
) -> Callable[[Asked], tuple[Outgoing, ...]]:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        mine = asked.settings.sources.hibob
        data: dict[str, Any] = nested(mine.id_path, employee_id(asked))
        if with_email:
            data |= nested(mine.email_path, asked.user)
        body = {
            "companyId": 636192,
            "type": kind,
            "triggeredBy": "3332883884017713238",
            "triggeredAt": zulu(asked.at),
            "version": "v2",
            "data": data,
        }
        raw = as_json(body)
        digest = hmac.new(mine.secret[0].reveal().encode(), raw, hashlib.sha512)
        headers = {
            "Content-Type": "application/json",
            "Bob-Signature": base64.b64encode(digest.digest()).decode(),
        }
        return (Outgoing("/events/hibob", raw, headers),)

    return make


def _ping(_: Asked) -> tuple[Outgoing, ...]:
    headers = {"Content-Type": "text/plain"}
    return (Outgoing("/events/hibob", b"Ping test", headers),)


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample("left", "a look-up, then a departure", _event("employee.left")),
    Sample(
        "revoke",
        "a look-up, then a departure",
        _event("employee.access.revoked.immediately"),
    ),
    Sample("delete", "a departure, now", _event("employee.deleted", with_email=True)),
    Sample(
        "activate",
        "what it told is taken back",
        _event("employee.activated", with_email=True),
    ),
    Sample(
        "inactivate", "nothing: leave is no departure", _event("employee.inactivated")
    ),
    Sample("ping", "nothing", _ping),
)
