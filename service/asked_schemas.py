"""What approvers and operators ask besides departures, in marshmallow, and blind spots.

As everywhere on our own routes, an unknown field is refused by its name.
"""

from typing import Any, Final

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import Length, Range

from service.schemas import REASON_LIMIT, Asked
from service.words import (
    NO_CONTROLS_PATTERN,
    USER_LIMIT,
    Count,
    Moment,
    Whole,
    said,
    without_controls,
)
from workers.offboarding.model import BlindSpot

LONGEST_DAYS: Final = 30
_ACCOUNT: Final = Whole("^[0-9A-Za-z]{1,64}$", error="Give one id.")
_REGION: Final = Whole("^[a-z0-9-]{2,40}$", error="Give a region, like us-south.")
_GROUP: Final = Whole("^[0-9A-Za-z_-]{1,80}$", error="Give the group's id, not a name.")


class DecisionBody(Schema):
    """Which plan is approved or refused; null where a case waits without one."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE

    plan_hash = fields.String(
        required=True,
        allow_none=True,
        validate=Whole(
            "^sha256:[0-9a-f]{1,64}$",
            error="Give the hash of the case's plan, or null where it has none.",
        ),
    )


class AdoptionBody(Asked):
    """What is to be taken over, from whom, and by whom."""

    account_id = fields.String(required=True, validate=_ACCOUNT)
    owner = fields.String(
        data_key="from",
        metadata={
            "description": "An e-mail or an IAM ID; leave it out for all people.",
            "minLength": 1,
            "maxLength": USER_LIMIT,
            "pattern": NO_CONTROLS_PATTERN,
        },
    )
    functional_id = fields.String(
        validate=[Length(1, 128), without_controls],
        metadata={
            "description": "Its name in the accounts file or its IAM ID; leave it out "
            "for the one that fits best.",
            "pattern": NO_CONTROLS_PATTERN,
        },
    )


class PlaceBody(Schema):
    """Which target is meant."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE

    account_id = fields.String(required=True, validate=_ACCOUNT)
    region = fields.String(required=True, validate=_REGION)
    resource_group = fields.String(
        required=True,
        validate=_GROUP,
        metadata={"description": "Its id; a name that one group alone has passes too."},
    )


class AcceptBody(PlaceBody):
    """Which target is accepted as not readable, why, and for how long."""

    reason = fields.String(
        required=True,
        validate=[Length(1, REASON_LIMIT), said],
        metadata={"pattern": NO_CONTROLS_PATTERN},
    )
    days = Count(required=True, validate=Range(1, LONGEST_DAYS))


class _PartOfId(fields.String):
    """One part of a target's id: account, region or resource group."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place

    def get_value(
        self,
        obj: BlindSpot,
        attr: str,
        accessor: Any = None,  # noqa: ANN401 - marshmallow's own signature
        default: Any = None,  # noqa: ANN401 - marshmallow's own signature
    ) -> str:
        """Return the part of the blind spot *obj*."""
        return obj.target_id.split("/", 2)[self._place]


class BlindSpotSchema(Schema):
    """A target that an approver accepted as not readable, and until when."""

    account_id = _PartOfId(0)
    region = _PartOfId(1)
    resource_group = _PartOfId(2)
    reason = fields.String()
    accepted_by = fields.String()
    accepted_at = Moment()
    until = Moment()


class BlindSpotsSchema(Schema):
    """What is accepted now, by target."""

    blind_spots = fields.List(fields.Nested(BlindSpotSchema))
