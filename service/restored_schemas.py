"""How a pause looks outside, and why, in marshmallow, with its example."""

from typing import Any, Final

from marshmallow import Schema, fields

from service.schemas import LeaverSchema
from service.words import Moment


class DueSchema(Schema):
    """A case that is due in a restored store."""

    case_id = fields.String(attribute="id")
    kind = fields.String()
    status = fields.String()
    leaver = fields.Nested(LeaverSchema, allow_none=True)
    source = fields.String(attribute="opened_by.source")
    starts_at = Moment()


class RestoredSchema(Schema):
    """Why all waits: the store is, or may be, an old copy; and what is due in it.

    ``more`` counts what is not listed: too many, or not for the caller to see.
    ``held_back`` counts reports from before that go out when it is resumed.
    """

    why = fields.String(attribute="found.why")
    text = fields.String()
    found_at = Moment(attribute="found.at")
    swept_at = Moment(attribute="found.swept_at", allow_none=True)
    copied_at = Moment(attribute="found.copied_at", allow_none=True)
    due = fields.List(fields.Nested(DueSchema))
    more = fields.Integer()
    held_back = fields.Integer()


RESTORED: Final[dict[str, Any]] = {
    "why": "copied",
    "text": "The store was restored from a backup of 2026-02-15 at 02:00 UTC.",
    "found_at": "2026-02-16T10:02:11.000Z",
    "swept_at": "2026-02-15T02:00:00.000Z",
    "copied_at": "2026-02-15T02:00:00.000Z",
    "due": [
        {
            "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
            "kind": "departure",
            "status": "waiting",
            "leaver": {
                "email": "dana.lee@example.com",
                "iam_id": None,
                "name": "Dana Lee",
            },
            "source": "okta",
            "starts_at": "2026-02-16T10:02:11.000Z",
        }
    ],
    "more": 0,
    "held_back": 1,
}
