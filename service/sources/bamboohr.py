"""BambooHR's webhooks: those that carry fields, and those that only name the employee.

Not known of a live account: how its timestamp is written (seconds and ISO are both
read), and whether a repeat of a delivery is signed anew.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.settings import Settings
from config.sources import BamboohrSettings
from service.bodies import strict_json
from service.errors import NotAuthenticError
from service.sources.bamboohr_fields import NATIVE, read_fields
from service.sources.content import digest_of
from service.sources.proof import demand_signature, key_of
from service.sources.source import JSON, Delivery, Part, Reply, Source
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import moment_of
from workers.offboarding.values import at, id_in, moment_in

WINDOW_SECONDS: Final = 300
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class Bamboohr(Source):
    """The source ``bamboohr``."""

    name = "bamboohr"

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check signature and time; each employee is a part."""
        timestamp = _authenticate(delivery, settings)
        body = strict_json(delivery.raw)
        employees = body.get("employees")
        if not isinstance(employees, list):
            return [Part(_key(body, at(body, "data.employeeId"), timestamp), body)]
        labels = body.get("fields")
        shared = {
            "labels": sorted(labels) if isinstance(labels, Mapping) else [],
            "timestamp": timestamp,
        }
        return [
            Part(_key(one, at(one, "id"), timestamp), {"employee": one, **shared})
            for one in employees
        ]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read one employee's fields, or the event that names one."""
        mine = settings.sources.bamboohr
        if "employee" in part.body:
            return read_fields(part, mine, now)
        return _read_event(part, mine)

    def accepted(self, case_ids: Sequence[str]) -> Reply:
        """Answer 200, which is what the vendor asks for."""
        return Reply(200, json.dumps({"cases": list(case_ids)}).encode(), JSON)


def _authenticate(delivery: Delivery, settings: Settings) -> str:
    """Return the timestamp's text, once it is proven and of these minutes."""
    timestamp = delivery.headers.get("x-bamboohr-timestamp", "")
    given = delivery.headers.get("x-bamboohr-signature", "")
    if not timestamp or not given:
        raise NotAuthenticError("header")
    # The body first, then the header's text as it is, with nothing between them.
    signed = delivery.raw + timestamp.encode("utf-8", "replace")
    demand_signature(
        given.encode("utf-8", "replace"),
        settings.sources.bamboohr.secret,
        lambda key: hmac.new(key, signed, hashlib.sha256).hexdigest().encode(),
    )
    seconds = delivery.at.timestamp() - _seconds(timestamp)
    if abs(seconds) > WINDOW_SECONDS:
        raise NotAuthenticError("timestamp")
    return timestamp


def _seconds(timestamp: str) -> float:
    if _SECONDS.fullmatch(timestamp):
        return float(timestamp)
    try:
        return moment_of(timestamp).timestamp()
    except UnreadableError:
        raise NotAuthenticError("timestamp") from None


def _key(element: object, native_id: object, timestamp: str) -> str:
    """Make the key of one element: who, when, and what of it changed.

    The element's own time comes first, since a repeat may be signed anew.
    """
    when = id_in(at(element, "timestamp")) or timestamp
    return key_of("bamboohr", id_in(native_id) or "-", when, digest_of(element))


def _read_event(part: Part, mine: BamboohrSettings) -> SourceEvent:
    """Read an event that names an employee and, at most, which fields changed."""
    kind, employee_id = part.body.get("type"), id_in(at(part.body, "data.employeeId"))
    if not isinstance(kind, str):
        text = "The body has neither employees nor a type."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
    if kind not in ("employee.updated", "employee.deleted"):
        return Ignored("not_for_us")
    if employee_id is None:
        raise UnreadableError(Unreadable.NO_PERSON, "The event names no employee.")
    occurred_at = moment_in(part.body.get("timestamp"))
    if kind == "employee.deleted":
        # The record cannot be read any more; who it was, we know from before.
        return Heard(
            source="bamboohr",
            event_key=part.key,
            native_type=kind,
            kind=HeardKind.DELETED,
            names=Names(ids=(employee_id,)),
            occurred_at=occurred_at,
            authn=Authn.HMAC,
        )
    if not _is_about_leaving(at(part.body, "data.changedFields"), mine):
        return Ignored("other_fields_changed")
    return Hint("bamboohr", part.key, kind, employee_id, occurred_at)


def _is_about_leaving(changed: Any, mine: BamboohrSettings) -> bool:  # noqa: ANN401 - whatever stands there
    """Tell whether a field changed that we go by; yes where nobody said which."""
    if not isinstance(changed, list) or not changed:
        return True
    ours = {*NATIVE, *mine.status_fields, mine.date_field}
    return any(one in ours for one in changed if isinstance(one, str))
