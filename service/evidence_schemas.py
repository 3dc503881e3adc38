"""What may be asked of evidence: in which form, and of which days."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema
from marshmallow.validate import OneOf


class FormatQuery(Schema):
    """Signed lines, or a zip file for people."""

    class Meta:
        """A misspelt word must not answer with something else."""

        unknown = RAISE

    format = fields.String(
        validate=OneOf(("jsonl", "zip")),
        metadata={"description": "Without it, by Accept; else jsonl."},
    )


class PeriodQuery(FormatQuery):
    """Days in UTC, by when a case was received."""

    first = fields.Date(
        data_key="from", required=True, metadata={"description": "The first day."}
    )
    end = fields.Date(
        data_key="to",
        required=True,
        metadata={"description": "The day after the last."},
    )

    @validates_schema
    def _in_order(self, given: dict[str, Any], **_: object) -> None:
        if given["first"] >= given["end"]:
            raise ValidationError("Give a day after from.", "to")
