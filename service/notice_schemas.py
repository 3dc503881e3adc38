"""How a notice's outbox looks outside, in marshmallow, and its example."""

from typing import Any, Final

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import OneOf

from service.words import Moment, Whole
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeKind

NOTICE_ID: Final[dict[str, Any]] = {
    "notice_id": {
        "type": "string",
        "pattern": "^[0-9a-z-]{1,160}$",
        "description": "The notice's id: it ends every message about it.",
    }
}


class ChannelStateSchema(Schema):
    """How one channel fares with a notice.

    ``account_id`` is the account whose room it is, null for the service's own channel.
    ``detail`` is what the channel said, in its own word; ``mend`` how that is mended.
    What is ``pending`` or ``unknown`` is tried again by itself.
    """

    channel = fields.String(validate=OneOf(list(Channel)))
    state = fields.String(validate=OneOf(list(ReportState)))
    at = Moment(allow_none=True)
    tries = fields.Integer()
    detail = fields.String()
    mend = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)


class TestBody(Schema):
    """Whose room to try; without an account every channel and every room is."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE

    account_id = fields.String(
        load_default=None, validate=Whole("^[0-9A-Za-z]{1,64}$", error="Give one id.")
    )


class NoticeSchema(Schema):
    """A notice, and how it fares on each channel."""

    id = fields.String()
    kind = fields.String(validate=OneOf(list(NoticeKind)))
    at = Moment()
    channels = fields.List(fields.Nested(ChannelStateSchema))


NOTICE: Final[dict[str, Any]] = {
    "id": "test-5f1d7a84db00c3e2",
    "kind": "test",
    "at": "2026-02-16T10:02:11.000Z",
    "channels": [
        {
            "channel": "mail",
            "state": "sent",
            "at": "2026-02-16T10:02:12.400Z",
            "tries": 1,
            "detail": "",
            "mend": None,
            "account_id": None,
        },
        {
            "channel": "slack",
            "state": "failed",
            "at": "2026-02-16T10:02:12.100Z",
            "tries": 1,
            "detail": "not_in_channel",
            "mend": "Invite the bot: /invite @offboard, typed in the channel.",
            "account_id": None,
        },
    ],
}
