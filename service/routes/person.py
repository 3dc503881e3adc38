"""The person a path or a filter names: how it is documented, and how it is read."""

from typing import Any, Final

from marshmallow import ValidationError

from service.words import NO_CONTROLS_PATTERN, USER_LIMIT, leaver_of
from workers.offboarding.model import Leaver

USER: Final[dict[str, Any]] = {
    "type": "string",
    "minLength": 1,
    "maxLength": USER_LIMIT,
    "pattern": NO_CONTROLS_PATTERN,
    "description": "An e-mail or an IAM ID.",
    "example": "dana.lee@example.com",
}


def read_user(text: str) -> Leaver:
    """Read who is meant; a fault in it is a ValidationError under ``user``."""
    try:
        return leaver_of(text)
    except ValidationError as error:
        raise ValidationError({"user": error.messages}) from error
