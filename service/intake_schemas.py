"""How quarantine and the sources look outside: in marshmallow, as a case does.

Only what may be shown of a delivery is here: never what it said, nor its key.
"""

from typing import Final

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import OneOf, Range

from service.words import CASE_ID_PATTERN, Moment, Whole
from workers.offboarding.heard import Unreadable
from workers.offboarding.intake import KeptState, SourceStats

_IN_QUARANTINE: Final = (KeptState.QUARANTINE, KeptState.EXPIRED)
_NOT_THE_REST: Final = {"scim": "/scim/v2"}


class QuarantineQuery(Schema):
    """Which page of quarantine to list."""

    class Meta:
        """A misspelt filter must not answer with everything."""

        unknown = RAISE

    cursor = fields.String(
        validate=Whole(CASE_ID_PATTERN, error="Give the next of the page before."),
    )
    limit = fields.Integer(load_default=100, validate=Range(1, 200))


class KeptSchema(Schema):
    """One delivery that was authentic and could not be acted on.

    ``expires_at`` is when what it said is removed; an ``expired`` one can only be
    dropped. ``digest`` is the SHA-256 of its body.
    """

    id = fields.String()
    source = fields.String()
    state = fields.String(validate=OneOf(list(_IN_QUARANTINE)))
    reason = fields.String(validate=OneOf(list(Unreadable)))
    text = fields.String()
    received_at = Moment()
    expires_at = Moment()
    size = fields.Integer()
    digest = fields.String()


class QuarantineSchema(Schema):
    """What is in quarantine, oldest first."""

    quarantine = fields.List(fields.Nested(KeptSchema))
    next = fields.String(allow_none=True)


class SourceSchema(Schema):
    """One source: whether it is on, when it spoke, what was refused and why."""

    name = fields.String()
    on = fields.Boolean(attribute="is_on")
    path = fields.Function(lambda one: path_of(one), metadata={"type": "string"})
    last_delivered_at = Moment(attribute="note.last_delivered_at", allow_none=True)
    delivered = fields.Integer(attribute="note.delivered")
    refused = fields.Integer(attribute="note.refused")
    last_refused_at = Moment(attribute="note.last_refused_at", allow_none=True)
    last_refused_why = fields.String(attribute="note.last_refused_why", allow_none=True)
    expected_hours = fields.Float(allow_none=True)
    silent = fields.Boolean(attribute="is_silent")
    look_ups = fields.Integer()
    quarantined = fields.Integer()


class SourcesSchema(Schema):
    """Every source there can be."""

    sources = fields.List(fields.Nested(SourceSchema))


def path_of(source: SourceStats) -> str:
    """Return where a source is served."""
    return _NOT_THE_REST.get(source.name, f"/events/{source.name}")
