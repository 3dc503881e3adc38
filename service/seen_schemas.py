"""How exposure, the gate and the doctor look outside: in marshmallow, as a case does.

The fields are a promise to other programs: all are always there, in this order, and no
other. The command line's ``--local`` writes the same bodies through these schemas.
"""

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import Length, OneOf

from service.schemas import ClusterSchema, NoteSchema, OwnerSchema, ResourceGroupSchema
from service.words import Moment, Whole
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import ReadingKind
from workers.offboarding.health import Verdict


class HoldingSchema(Schema):
    """One target and who owns its key.

    ``owner`` is who it was when it was last read, which is the present only where
    ``reading`` is ``owner``; ``checked_at`` is when ``reading`` was made.
    """

    account_id = fields.String(attribute="target.account_id")
    region = fields.String(attribute="target.region")
    resource_group = fields.Nested(
        ResourceGroupSchema, attribute="target.resource_group"
    )
    clusters = fields.List(fields.Nested(ClusterSchema), attribute="target.clusters")
    owner = fields.Nested(OwnerSchema, allow_none=True)
    reading = fields.String(validate=OneOf(list(ReadingKind)))
    reason = fields.String(validate=OneOf([*Reason, None]), allow_none=True)
    checked_at = Moment(allow_none=True)


class DependenceSchema(Schema):
    """How much hangs on one person, and whether they have left already."""

    owner = fields.Nested(OwnerSchema)
    targets = fields.Integer()
    clusters = fields.Integer()
    left = fields.Boolean(attribute="has_left")


class FunctionalIdSchema(Schema):
    """How one functional ID stood at the last survey.

    ``would_take`` counts the targets of people that would fall to it if all of them
    left, ``free_after`` the key slots left then: below 0 so many are short. ``weak``
    is empty where it is in order.
    """

    account_id = fields.String()
    id = fields.String(attribute="owner.id")
    name = fields.String(attribute="shown_name")
    keys = fields.Integer(allow_none=True)
    key_limit = fields.Integer()
    free = fields.Integer(allow_none=True)
    owns = fields.Integer()
    would_take = fields.Integer()
    free_after = fields.Integer(allow_none=True)
    weak = fields.List(fields.Nested(NoteSchema))


class AccountExposureSchema(Schema):
    """One account's part: a line of the summary.

    ``complete`` is false where something there was not seen, or nothing lately;
    ``reason`` says why. ``people_owned`` counts the targets that are people's.
    """

    account_id = fields.String()
    name = fields.String()
    armed = fields.Boolean(attribute="is_armed")
    surveyed_at = Moment(allow_none=True)
    complete = fields.Boolean(attribute="is_complete")
    reason = fields.String(validate=OneOf([*Reason, None]), allow_none=True)
    targets = fields.Integer()
    people_owned = fields.Integer()
    departures_from_outage = fields.Integer()
    unread = fields.Integer()


class ExposureQuery(Schema):
    """Which accounts to show."""

    class Meta:
        """A misspelt filter must not answer with everything."""

        unknown = RAISE

    account_id = fields.List(
        fields.String(validate=Whole("^[0-9A-Za-z_-]{1,64}$", error="Give an id.")),
        load_default=(),
        validate=Length(max=100),
        metadata={"description": "Only this account; give it again for more."},
    )


class ExposureSchema(Schema):
    """Who owns every target, and who would take over (design: section 4)."""

    targets = fields.List(fields.Nested(HoldingSchema), attribute="holdings")
    people = fields.List(fields.Nested(DependenceSchema))
    departures_from_outage = fields.Integer()
    unread = fields.Integer()
    checked_at = Moment(allow_none=True)
    functional_ids = fields.List(fields.Nested(FunctionalIdSchema))
    accounts = fields.List(fields.Nested(AccountExposureSchema))


class GateSchema(Schema):
    """Whether a person may be removed (design: section 4)."""

    user = fields.String()
    safe = fields.Boolean(attribute="is_safe")
    reasons = fields.List(fields.Nested(NoteSchema))
    targets = fields.List(fields.Nested(HoldingSchema), attribute="holdings")
    checked_at = Moment()


class CheckSchema(Schema):
    """One question to the set-up, and its answer."""

    what = fields.String()
    account_id = fields.String(allow_none=True)
    verdict = fields.String(validate=OneOf(list(Verdict)))
    text = fields.String()
    mend = fields.String(allow_none=True)
    command = fields.String(allow_none=True)


class DoctorSchema(Schema):
    """Every check, in the order in which they build on each other."""

    checks = fields.List(fields.Nested(CheckSchema))
