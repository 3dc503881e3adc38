"""How the brake looks outside, in marshmallow, and its example for the document."""

from typing import Any, Final

from marshmallow import Schema, fields

from service.schemas import LeaverSchema
from service.words import Moment


class WaitingSchema(Schema):
    """A case that waits; ``targets`` and ``clusters`` are null where nobody knows."""

    case_id = fields.String(attribute="braked.case_id")
    leaver = fields.Nested(LeaverSchema, attribute="braked.leaver")
    source = fields.String(attribute="braked.source")
    received_at = Moment(attribute="braked.received_at")
    effective_at = Moment(attribute="braked.effective_at")
    targets = fields.Integer(allow_none=True)
    clusters = fields.Integer(allow_none=True)
    gone = fields.Boolean(attribute="is_gone")


class BrakeSchema(Schema):
    """How the brake stands, and who waits: those who own something first.

    ``more`` counts those that are not listed: too many, or not for the caller to see.
    """

    on = fields.Boolean(attribute="is_on")
    limit = fields.Integer()
    opened_last_hour = fields.Integer()
    since = Moment(allow_none=True)
    waiting = fields.List(fields.Nested(WaitingSchema))
    more = fields.Integer()
    checked_at = Moment(allow_none=True)


BRAKE: Final[dict[str, Any]] = {
    "on": True,
    "limit": 20,
    "opened_last_hour": 37,
    "since": "2026-02-16T10:02:11.000Z",
    "waiting": [
        {
            "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
            "leaver": {
                "email": "dana.lee@example.com",
                "iam_id": None,
                "name": "Dana Lee",
            },
            "source": "okta",
            "received_at": "2026-02-16T10:02:11.000Z",
            "effective_at": "2026-02-16T10:02:11.000Z",
            "targets": 3,
            "clusters": 5,
            "gone": False,
        }
    ],
    "more": 16,
    "checked_at": "2026-02-16T06:00:00.000Z",
}
