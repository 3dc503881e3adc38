"""What the fields of one employee say, in BambooHR's webhooks that carry fields.

An admin may rename every field, so which is which is a setting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from config.sources import BamboohrSettings
from service.sources.source import Part
from workers.offboarding.employment import (
    Employment,
    Leaves,
    Stays,
    date_in,
    what_follows,
)
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    Precision,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.values import email_in, id_in, moment_in, told

# The vendor's own names of the fields that tell of leaving, before any renaming.
NATIVE: Final = frozenset(
    {"status", "employmentStatus", "employmentHistoryStatus", "terminationDate"}
)
_ACTIONS: Final = frozenset({"created", "updated", "deleted"})


@dataclass(frozen=True, slots=True)
class _Change:
    """One employee of a delivery: what was sent of them, under our settings."""

    key: str
    action: str
    employee_id: str | None
    values: Mapping[str, Any]
    changed: tuple[str, ...]
    known: frozenset[str]
    occurred_at: datetime | None
    mine: BamboohrSettings

    @property
    def names(self) -> Names:
        """Return all names that were sent of the person."""
        email = email_in(self.values.get(self.mine.email_field))
        number = id_in(self.values.get(self.mine.number_field))
        return Names(told(email), ids=told(self.employee_id), numbers=told(number))

    @property
    def tells_of_leaving(self) -> bool:
        """Tell whether a field we go by changed, or one may have under another name."""
        ours = {*self.mine.status_fields, self.mine.date_field}
        return not self.changed or any(
            one in ours or one not in self.known for one in self.changed
        )


def read_fields(part: Part, mine: BamboohrSettings, now: datetime) -> SourceEvent:
    """Read one employee of a delivery.

    Raises:
        UnreadableError: It is no employee, names nobody, or has no readable date.
    """
    change = _change_in(part, mine)
    if change.action == "deleted":
        return _heard(change, HeardKind.DELETED)
    employment = _employment(change)
    if employment is None:
        return Ignored("no_status_and_no_date")
    if not change.tells_of_leaving:
        return Ignored("other_fields_changed")
    return _of_standing(change, what_follows(employment, mine.timezone or "UTC", now))


def _of_standing(change: _Change, standing: Leaves | Stays) -> SourceEvent:
    if isinstance(standing, Stays):
        return _stays(change)
    if change.action == "created" and standing.effective_at is None:
        return Ignored("created_as_former")
    kind = HeardKind.TERMINATED
    return _heard(change, kind, standing.effective_at, standing.precision)


def _change_in(part: Part, mine: BamboohrSettings) -> _Change:
    employee = part.body.get("employee")
    if not isinstance(employee, Mapping):
        text = "An entry of employees is no object."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
    fields = employee.get("fields")
    fields = fields if isinstance(fields, Mapping) else {}
    changed = employee.get("changedFields")
    changed = changed if isinstance(changed, list) else []
    labels = part.body.get("labels")
    labels = labels if isinstance(labels, list) else []
    action = str(employee.get("action") or "").lower()
    return _Change(
        key=part.key,
        action=action if action in _ACTIONS else "updated",
        employee_id=id_in(employee.get("id")),
        values={name: _value_of(one) for name, one in fields.items()},
        changed=tuple(one for one in changed if isinstance(one, str)),
        known=frozenset({*fields, *labels}),
        occurred_at=_occurred_at(employee.get("timestamp"), part.body.get("timestamp")),
        mine=mine,
    )


def _value_of(field: object) -> Any:  # noqa: ANN401 - whatever stands there
    return field.get("value") if isinstance(field, Mapping) else field


def _occurred_at(own: object, header: object) -> datetime | None:
    text = own if own is not None else header
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 13:
        return moment_in(int(text))
    return moment_in(text)


def _employment(change: _Change) -> Employment | None:
    """Say how the person stands; None where no field of that was sent."""
    mine, values = change.mine, change.values
    statuses = [str(values[one]) for one in mine.status_fields if values.get(one)]
    if not statuses and mine.date_field not in values:
        return None
    left = {one.casefold() for one in mine.left_statuses}
    return Employment(
        has_left=any(one.strip().casefold() in left for one in statuses)
        if statuses
        else None,
        last_day=date_in(values.get(mine.date_field)),
    )


def _stays(change: _Change) -> SourceEvent:
    """Take back what was scheduled: the date is gone, or the status is active again."""
    mine = change.mine
    status_changed = any(one in mine.status_fields for one in change.changed)
    if status_changed:
        return _heard(change, HeardKind.REACTIVATED)
    if mine.date_field in change.values or not change.changed:
        return _heard(change, HeardKind.CANCELLED)
    return Ignored("still_active")


def _heard(
    change: _Change,
    kind: HeardKind,
    effective_at: datetime | None = None,
    precision: Precision = Precision.INSTANT,
) -> SourceEvent:
    names, native_type = change.names, f"employee.{change.action}"
    if names == Names():
        text = "An employee has no id, no number and no e-mail."
        raise UnreadableError(Unreadable.NO_PERSON, text)
    can_ask = change.mine.api_url and change.employee_id and change.action != "deleted"
    if can_ask and change.employee_id and not names.emails:
        return Hint(
            "bamboohr", change.key, native_type, change.employee_id, change.occurred_at
        )
    return Heard(
        source="bamboohr",
        event_key=change.key,
        native_type=native_type,
        kind=kind,
        names=names,
        occurred_at=change.occurred_at,
        effective_at=effective_at,
        precision=precision,
        authn=Authn.HMAC,
    )
