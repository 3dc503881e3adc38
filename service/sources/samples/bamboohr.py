"""How BambooHR is played: webhooks with fields, and those that name an id alone."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from service.sources.samples.hr import as_json, employee_id, zulu
from service.sources.samples.sample import Asked, Outgoing, Sample


def _signed(asked: Asked, body: dict[str, Any]) -> tuple[Outgoing, ...]:
    raw, timestamp = as_json(body), str(int(asked.at.timestamp()))
    key = asked.settings.sources.bamboohr.secret[0].reveal().encode()
    signed = raw + timestamp.encode()
    headers = {
        "Content-Type": "application/json",
        "X-BambooHR-Timestamp": timestamp,
        "X-BambooHR-Signature": hmac.new(key, signed, hashlib.sha256).hexdigest(),
    }
    return (Outgoing("/events/bamboohr", raw, headers),)


def _with_fields(
    status: str, *, changed: str, in_days: int | None = None
) -> Callable[[Asked], tuple[Outgoing, ...]]:
    """Make a sample that carries the fields of the employee."""

    def make(asked: Asked) -> tuple[Outgoing, ...]:
        mine = asked.settings.sources.bamboohr
        day = (asked.at + timedelta(days=in_days or 0)).date().isoformat()
        values = {
            mine.status_fields[0]: status,
            mine.date_field: "0000-00-00" if in_days is None else day,
            mine.email_field if "@" in asked.user else mine.number_field: asked.user,
        }
        ours = {"status": mine.status_fields[0], "date": mine.date_field}
        employee = {
            "id": employee_id(asked),
            "action": "Updated",
            "timestamp": zulu(asked.at),
            "changedFields": [ours[changed]],
            "fields": {name: {"value": value} for name, value in values.items()},
        }
        labels = {name: name for name in values}
        return _signed(asked, {"employees": [employee], "fields": labels})

    return make


def _by_id(kind: str) -> Callable[[Asked], tuple[Outgoing, ...]]:
    """Make a sample that names the employee's id alone."""

    def make(asked: Asked) -> tuple[Outgoing, ...]:
        status = asked.settings.sources.bamboohr.status_fields[0]
        body = {
            "type": kind,
            "timestamp": zulu(asked.at),
            "data": {
                "companyId": "881",
                "employeeId": employee_id(asked),
                "changedFields": [status],
            },
        }
        return _signed(asked, body)

    return make


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample("terminate", "a departure, now", _with_fields("Inactive", changed="status")),
    Sample(
        "schedule",
        "a departure in 14 days",
        _with_fields("Active", changed="date", in_days=14),
    ),
    Sample(
        "cancel", "what it told is taken back", _with_fields("Active", changed="date")
    ),
    Sample(
        "reactivate",
        "what it told is taken back",
        _with_fields("Active", changed="status"),
    ),
    Sample("update", "a look-up by the id", _by_id("employee.updated")),
    Sample(
        "delete", "a departure, now, if the id is known", _by_id("employee.deleted")
    ),
    Sample("create", "nothing", _by_id("employee.created")),
)
