"""How a case looks outside, and what may be asked of us: the contract, in marshmallow.

The fields of a case are a promise to other programs: all are always there, in this
order, and no other.
"""

from datetime import datetime, timedelta
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, post_dump, pre_dump
from marshmallow.validate import Length, OneOf, Range

from service.words import (
    CASE_ID_PATTERN,
    NO_CONTROLS_PATTERN,
    USER_LIMIT,
    Flag,
    Moment,
    Whole,
    without_controls,
)
from workers.offboarding.advice import advise
from workers.offboarding.clocks import fully_safe_seconds, owner_safe_seconds
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    Channel,
    Outcome,
    OwnerKind,
    ReportKind,
    ReportState,
)

REASON_LIMIT = 500


class EmptyBody(Schema):
    """The body of a request that has nothing to say: none, or an empty object."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE


class PauseBody(Schema):
    """Which account to pause or resume; without one, all of them."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE

    account_id = fields.String(
        load_default=None, validate=Whole("^[0-9A-Za-z]{1,64}$", error="Give one id.")
    )


class Asked(Schema):
    """What may be said whenever somebody asks for resets."""

    class Meta:
        """An unknown field is a misunderstanding: say so."""

        unknown = RAISE

    reason = fields.String(
        validate=[Length(max=REASON_LIMIT), without_controls],
        metadata={"pattern": NO_CONTROLS_PATTERN},
    )
    dry_run = Flag(load_default=False)
    resource_groups = fields.List(
        fields.String(
            validate=[Length(1, 80), without_controls],
            metadata={"pattern": NO_CONTROLS_PATTERN},
        ),
        validate=Length(1, 100),
        metadata={"description": "Ids or names; leave it out for all."},
    )
    regions = fields.List(
        fields.String(
            validate=Whole("^[a-z0-9-]{2,40}$", error="Give a region, like us-south.")
        ),
        validate=Length(1, 100),
        metadata={"description": "Leave it out for all."},
    )


class OffboardBody(Asked):
    """What may be said besides who leaves."""

    effective_at = Moment(
        metadata={"description": "With its offset. In the past: now. At most 400 days."}
    )


class CasesQuery(Schema):
    """Which cases to list."""

    class Meta:
        """A misspelt filter must not answer with everything."""

        unknown = RAISE

    status = fields.Enum(CaseStatus, by_value=True, metadata={"type": "string"})
    result = fields.Enum(CaseResult, by_value=True, metadata={"type": "string"})
    user = fields.String(
        metadata={
            "description": "An e-mail or an IAM ID.",
            "minLength": 1,
            "maxLength": USER_LIMIT,
            "pattern": NO_CONTROLS_PATTERN,
        }
    )
    cursor = fields.String(
        validate=Whole(CASE_ID_PATTERN, error="Give the next of the page before."),
    )
    limit = fields.Integer(load_default=50, validate=Range(1, 200))


class LeaverSchema(Schema):
    """Who leaves, as far as known."""

    email = fields.String(allow_none=True)
    iam_id = fields.String(allow_none=True)
    name = fields.String(allow_none=True)


class Meant(fields.Nested):
    """The leaver of a case; None for an adoption that names no owner."""

    def get_value(
        self,
        obj: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str,
        accessor: Any = None,  # noqa: ANN401 - marshmallow's own signature
        default: Any = None,  # noqa: ANN401 - marshmallow's own signature
    ) -> Any:  # noqa: ANN401 - marshmallow's own signature
        """Return whom the case *obj* is about."""
        is_about_all = obj.adoption is not None and not obj.adoption.has_from
        return None if is_about_all else obj.leaver


class OpenedBySchema(Schema):
    """Who told us."""

    source = fields.String()
    event_key = fields.String(allow_none=True)
    actor = fields.String(allow_none=True)


class ScopeSchema(Schema):
    """What a case is narrowed to; an empty list means no limit on that side."""

    regions = fields.List(fields.String())
    resource_groups = fields.List(fields.String())


class NoteSchema(Schema):
    """A reason with its sentence."""

    reason = fields.String(validate=OneOf(list(Reason)))
    text = fields.String()


class PlanSchema(Schema):
    """What is to be reset, named by its hash."""

    hash = fields.String()
    made_at = Moment()
    refused = fields.List(fields.Nested(NoteSchema))
    approved_by = fields.String(allow_none=True)


class ResourceGroupSchema(Schema):
    """A resource group."""

    id = fields.String()
    name = fields.String()


class ClusterSchema(Schema):
    """A cluster of the target."""

    id = fields.String()
    name = fields.String()
    provider = fields.String()


class OwnerSchema(Schema):
    """Whose identity the key carries."""

    id = fields.String()
    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    kind = fields.String(validate=OneOf(list(OwnerKind)))


class AdviceSchema(Schema):
    """What an outcome means, who can mend it, and with which command."""

    text = fields.String()
    who = fields.String()
    command = fields.String(allow_none=True)


class FollowUpSchema(Schema):
    """Something a reset leaves to do."""

    kind = fields.String()
    cluster_id = fields.String(allow_none=True)
    addon = fields.String(allow_none=True)
    text = fields.String()
    done_at = Moment(allow_none=True)


class Advised(fields.Nested):
    """The advice on a target, which is no attribute of it but follows from it."""

    def get_value(
        self,
        obj: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str,
        accessor: Any = None,  # noqa: ANN401 - marshmallow's own signature
        default: Any = None,  # noqa: ANN401 - marshmallow's own signature
    ) -> Any:  # noqa: ANN401 - marshmallow's own signature
        """Return the advice for the case's target *obj*, or None."""
        return advise(obj)


class CaseTargetSchema(Schema):
    """One target of a case."""

    account_id = fields.String(attribute="target.account_id")
    region = fields.String(attribute="target.region")
    resource_group = fields.Nested(
        ResourceGroupSchema, attribute="target.resource_group"
    )
    clusters = fields.List(fields.Nested(ClusterSchema), attribute="target.clusters")
    owner_before = fields.Nested(OwnerSchema, allow_none=True)
    owner_after = fields.Nested(OwnerSchema, allow_none=True)
    outcome = fields.String(validate=OneOf([*Outcome, None]), allow_none=True)
    reason = fields.String(validate=OneOf([*Reason, None]), allow_none=True)
    advice = Advised(AdviceSchema, allow_none=True)
    attempts = fields.Integer(attribute="resets")
    follow_ups = fields.List(fields.Nested(FollowUpSchema))


class ReportSchema(Schema):
    """One report on one channel, and how it fared.

    ``account_id`` is the account whose own channel it is; null: the service's.
    """

    channel = fields.String(validate=OneOf(list(Channel)))
    kind = fields.String(validate=OneOf(list(ReportKind)))
    state = fields.String(validate=OneOf(list(ReportState)))
    at = Moment(allow_none=True)
    account_id = fields.String(allow_none=True)


class CaseSchema(Schema):
    """A case as other programs see it (design: section 5).

    Args:
        settle: How long clusters may take to pick a new key up, for fully safe.
        now: The moment the case is shown at.
    """

    id = fields.String()
    kind = fields.String(validate=OneOf(list(CaseKind)))
    status = fields.String(validate=OneOf(list(CaseStatus)))
    result = fields.String(validate=OneOf([*CaseResult, None]), allow_none=True)
    dry_run = fields.Boolean()
    leaver = Meant(LeaverSchema, allow_none=True)
    opened_by = fields.Nested(OpenedBySchema)
    scope = fields.Nested(ScopeSchema, allow_none=True)
    joined_to = fields.String(allow_none=True)
    received_at = Moment()
    effective_at = Moment()
    settled_at = Moment(allow_none=True)
    owner_safe_seconds = fields.Float(allow_none=True, dump_default=None)
    fully_safe_seconds = fields.Float(allow_none=True, dump_default=None)
    plan = fields.Nested(PlanSchema, allow_none=True)
    warnings = fields.List(fields.Nested(NoteSchema))
    targets = fields.List(fields.Nested(CaseTargetSchema))
    reports = fields.List(fields.Nested(ReportSchema))

    def __init__(self, *, settle: timedelta, now: datetime) -> None:
        super().__init__()
        self._settle = settle
        self._now = now

    @pre_dump
    def _as_foreseen(self, case: Case, **_: object) -> Case:
        return case.as_foreseen

    @post_dump(pass_original=True)
    def _clocks(self, shown: dict[str, Any], case: Case, **_: object) -> dict[str, Any]:
        fully = fully_safe_seconds(case, self._settle, self._now)
        shown["owner_safe_seconds"] = _rounded(owner_safe_seconds(case))
        shown["fully_safe_seconds"] = _rounded(fully)
        return shown


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


class TakenBody(Schema):
    """The answer to an event: the cases it opened or changed; none if ignored."""

    class Meta:
        """Only described here, never loaded."""

        unknown = EXCLUDE

    cases = fields.List(fields.String(validate=Whole(CASE_ID_PATTERN)), required=True)


class ProblemSchema(Schema):
    """Every error (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True, allow_none=True)
    reason = fields.String(metadata={"description": "What stands against it (409)."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What is wrong, by the field's path (422)."},
    )
