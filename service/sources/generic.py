"""The generic body: what our own senders say, whatever envelope it came in.

It knows nothing of signatures. A departure is never refused over its free text: the
reason is cut and cleaned instead.
"""

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
from workers.offboarding.model import Departure, Event, Ignored, Leaver, Withdrawal

DEPARTED: Final = "user.departed"
SUSPENDED: Final = "user.suspended"
WITHDRAWN: Final = ("user.departure_cancelled", "user.reactivated")
KINDS: Final = ("terminated", "disabled", "deleted")


def _word(*checks: Any, **more: Any) -> fields.String:  # noqa: ANN401 - passed on to marshmallow as it comes
    return fields.String(validate=[Length(1, 255), without_controls, *checks], **more)


def _shape(**members: fields.String) -> Schema:
    return Schema.from_dict(dict(members))(unknown=EXCLUDE)


# RFC 9493's shape: the format names the members that must be there. Only e-mail and
# IAM ID tell us who it is so far; the others are checked, so that they may later.
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
        emails, iam_ids = _names(given["subjects"])
        if not emails | iam_ids:
            raise ValidationError(
                "Give at least one subject of the format email or iam_id.", "subjects"
            )
        if len(emails) > 1 or len(iam_ids) > 1:
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
    # Described and not read: no event is refused over it.
    timestamp = fields.Raw(
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "When the event was made; for people, not read.",
        }
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
    body: dict[str, Any], *, source: str, event_key: str, now: datetime
) -> Event:
    """Read what a generic body says.

    Raises:
        ValidationError: Well-formed, but it says nothing we can act on.
    """
    head = _HEAD.load(body)
    if head["type"] == SUSPENDED:
        return Ignored("suspended")
    if head["type"] in WITHDRAWN:
        given = _WITHDRAWAL.load(body)["data"]
        return Withdrawal(source, _leaver(given["subjects"]), event_key)
    given = _DEPARTURE.load(body)["data"]
    return Departure(
        source=source,
        leaver=_leaver(given["subjects"]),
        event_key=event_key,
        effective_at=effective_from(
            given.get("effective_at"), now, "data.effective_at"
        ),
        reason=_cleaned(given.get("reason")),
    )


def _names(subjects: list[dict[str, str]]) -> tuple[set[str], set[str]]:
    return (
        {email_of(one["email"]) for one in subjects if "email" in one},
        {iam_id_of(one["iam_id"]) for one in subjects if "iam_id" in one},
    )


def _leaver(subjects: list[dict[str, str]]) -> Leaver:
    emails, iam_ids = _names(subjects)
    return Leaver(email=next(iter(emails), None), iam_id=next(iter(iam_ids), None))


def _cleaned(reason: str | None) -> str | None:
    if reason is None:
        return None
    printable = "".join(one if one.isprintable() else " " for one in reason)
    return " ".join(printable.split())[:REASON_LIMIT] or None
