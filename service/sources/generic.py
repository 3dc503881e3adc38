"""The generic body: what our own senders say, whatever envelope it came in.

It knows nothing of signatures. A departure is never refused over its free text: the
reason is cut and cleaned instead.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf

from service.schemas import REASON_LIMIT
from service.words import (
    Moment,
    effective_from,
    email_of,
    iam_id_of,
    without_controls,
)
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Names,
    SourceEvent,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import moment_of

DEPARTED: Final = "user.departed"
SUSPENDED: Final = "user.suspended"
WITHDRAWN: Final = {
    "user.departure_cancelled": HeardKind.CANCELLED,
    "user.reactivated": HeardKind.REACTIVATED,
}
KINDS: Final = ("terminated", "disabled", "deleted")


def _word(*checks: Any, **more: Any) -> fields.String:  # noqa: ANN401 - passed on to marshmallow as it comes
    return fields.String(validate=[Length(1, 255), without_controls, *checks], **more)


def _shape(**members: fields.String) -> Schema:
    return Schema.from_dict(dict(members))(unknown=EXCLUDE)


# RFC 9493's shape: the format names the members that must be there. What is neither
# e-mail nor IAM ID tells us who it is by the identity map.
_SHAPES: Final[dict[str, Schema]] = {
    "email": _shape(email=_word(email_of, required=True)),
    "iam_id": _shape(iam_id=_word(iam_id_of, required=True), account_id=_word()),
    "iss_sub": _shape(iss=_word(required=True), sub=_word(required=True)),
    "opaque": _shape(id=_word(required=True)),
    "employee_number": _shape(value=_word(required=True)),
    "user_name": _shape(value=_word(required=True)),
    "object_id": _shape(tenant=_word(required=True), id=_word(required=True)),
}


class Subject(fields.Field[dict[str, str]]):
    """One name of the person, as an object whose ``format`` says of which kind."""

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str | None,
        data: Any,  # noqa: ANN401 - marshmallow's own signature
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own signature
    ) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValidationError("Give an object with a format.")
        shape = value.get("format")
        if not isinstance(shape, str) or shape not in _SHAPES:
            raise ValidationError({"format": [f"Give one of {', '.join(_SHAPES)}."]})
        members: dict[str, str] = _SHAPES[shape].load(value)
        return members


class WithdrawalPart(Schema):
    """The ``data`` of an event that takes a departure back."""

    class Meta:
        """A sender may tell more than we read."""

        unknown = EXCLUDE

    subjects = fields.List(
        Subject(),
        required=True,
        validate=Length(1, 20, error="Give 1 to 20 subjects, all of one person."),
    )

    @validates_schema(skip_on_field_errors=True)
    def _name_one_person(self, given: dict[str, Any], **_: object) -> None:
        names = _names(given["subjects"])
        if len(names.emails) > 1 or len(names.iam_ids) > 1:
            raise ValidationError(
                "All subjects must name one person: give one e-mail and one IAM ID at"
                " most.",
                "subjects",
            )


class DeparturePart(WithdrawalPart):
    """The ``data`` of a departure."""

    kind = fields.String(validate=OneOf(KINDS), allow_none=True)
    # null is refused: "no date" may mean "now" or "not known", and we cannot tell.
    effective_at = Moment(
        error_messages={"null": "Give a time, or leave it out to mean now."}
    )
    reason = fields.String(allow_none=True)


class EventHead(Schema):
    """What kind of event it is."""

    class Meta:
        """A sender may tell more than we read."""

        unknown = EXCLUDE

    type = fields.String(
        required=True, validate=OneOf((DEPARTED, *WITHDRAWN, SUSPENDED))
    )
    # No event is refused over it.
    timestamp = fields.Raw(
        allow_none=True,
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "When it happened; tells which of two events is the later.",
        },
    )


class WithdrawalBody(EventHead):
    """An event that takes a departure back."""

    data = fields.Nested(WithdrawalPart, required=True)


class DepartureBody(EventHead):
    """An event that tells of a departure."""

    data = fields.Nested(DeparturePart, required=True)


_HEAD: Final = EventHead()
_WITHDRAWAL: Final = WithdrawalBody()
_DEPARTURE: Final = DepartureBody()


def read_generic(
    body: Mapping[str, Any],
    *,
    source: str,
    event_key: str,
    now: datetime,
    authn: Authn | None = None,
) -> SourceEvent:
    """Read what a generic body says.

    Args:
        body: The body.
        source: Whose it is.
        event_key: Its key.
        now: Our clock.
        authn: How its sender was proven.

    Raises:
        ValidationError: Well-formed, but it says nothing we can act on.
    """
    kind = body.get("type")
    if kind != DEPARTED:
        kind = _HEAD.load(body)["type"]
    if kind == SUSPENDED:
        return Ignored("suspended")
    is_return = kind in WITHDRAWN
    given = (_WITHDRAWAL if is_return else _DEPARTURE).load(body)["data"]
    return Heard(
        source=source,
        event_key=event_key,
        native_type=kind,
        kind=WITHDRAWN[kind] if is_return else _kind(given),
        names=_names(given["subjects"]),
        occurred_at=_occurred_at(body.get("timestamp")),
        effective_at=None
        if is_return
        else effective_from(given.get("effective_at"), now, "data.effective_at"),
        reason=_cleaned(given.get("reason")),
        authn=authn,
    )


def _kind(given: Mapping[str, Any]) -> HeardKind:
    return HeardKind(given.get("kind") or HeardKind.TERMINATED)


def _occurred_at(timestamp: object) -> datetime | None:
    """Read when it happened; no event is refused over it."""
    try:
        return moment_of(timestamp)
    except UnreadableError:
        return None


def _names(subjects: list[dict[str, str]]) -> Names:
    emails = {email_of(one["email"]) for one in subjects if "email" in one}
    iam_ids = {iam_id_of(one["iam_id"]) for one in subjects if "iam_id" in one}
    ids = {one["id"] for one in subjects if "id" in one}
    ids |= {f"{one['iss']} {one['sub']}" for one in subjects if "sub" in one}
    # A number or a login of one system may be an id of another.
    numbers = {one["value"] for one in subjects if "value" in one}
    return Names(
        tuple(sorted(emails)),
        tuple(sorted(iam_ids)),
        tuple(sorted(ids)),
        tuple(sorted(numbers)),
    )


def _cleaned(reason: str | None) -> str | None:
    if reason is None:
        return None
    printable = "".join(one if one.isprintable() else " " for one in reason)
    return " ".join(printable.split())[:REASON_LIMIT] or None
