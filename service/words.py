"""The single words of a request: a person, a moment, a line of text.

One check each for every way in. A fault is a ValidationError that says how to mend it
and never repeats what was sent.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from workers.offboarding.model import Leaver
from workers.offboarding.times import HORIZON_DAYS
from workers.offboarding.values import KELVIN

USER_LIMIT: Final = 254
CASE_ID_PATTERN: Final = "^[0-9A-HJKMNP-TV-Z]{26}$"
NO_CONTROLS_PATTERN: Final = "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"

_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
# Letters of every script, so that no real mailbox is turned away; of the signs only
# those of RFC 5322's atom, so that lists, quotes and markup never pass for a person.
_EMAIL: Final = re.compile(
    rf"[\w!#$%&'*+/=?^`{{|}}~-]+(?:\.[\w!#$%&'*+/=?^`{{|}}~-]+)*@(?:{_LABEL}\.)+{_LABEL}"
)
# A realm and a number of it; every IAM ID seen has a digit there, and words with a
# hyphen in them, which people do type, have none.
_IAM_ID: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9]*-(?=[^0-9]*[0-9])[A-Za-z0-9._-]{1,128}"
)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)


class Whole(Regexp):
    """A pattern that must fit the whole text: ``$`` alone lets a last newline pass."""

    def __call__(self, value: str) -> str:  # type: ignore[override]  # Regexp is overloaded for bytes, which JSON has not
        """Return *value* if it fits; ValidationError."""
        if re.fullmatch(str(self.regex.pattern), value) is None:
            raise ValidationError(self.error)
        return value


def said(text: str) -> str:
    """Return *text* if it is more than blanks, without controls; ValidationError."""
    if not text.strip():
        raise ValidationError("Give a text.")
    return without_controls(text)


def without_controls(text: str) -> str:
    """Return *text* if it holds no control character; ValidationError."""
    # Quick, and right for nearly every text: none of the four below can be printed.
    if text.isprintable():
        return text
    if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text):
        raise ValidationError("Take the control characters out.")
    return text


def email_of(text: str) -> str:
    """Return an e-mail trimmed and lower-cased; ValidationError."""
    email = _short(text).lower()
    local, _, domain = email.partition("@")
    is_one = KELVIN not in text and _EMAIL.fullmatch(email)
    if not is_one or len(local) > 64 or len(domain) > 253:
        raise ValidationError("Give one e-mail, like dana.lee@example.com.")
    return email


def iam_id_of(text: str) -> str:
    """Return a person's IAM ID, trimmed and otherwise exactly as it came.

    Raises:
        ValidationError: Not an IAM ID, or that of a service ID or trusted profile.
    """
    iam_id = _short(text)
    if iam_id.lower().startswith("iam-"):
        raise ValidationError(
            "A service ID or trusted profile is no person: give the person's IAM ID."
        )
    if not _IAM_ID.fullmatch(iam_id):
        raise ValidationError("Give one IAM ID, like IBMid-550000ABCD.")
    return iam_id


def leaver_of(text: str) -> Leaver:
    """Read the text that names a person: an e-mail or an IAM ID; ValidationError."""
    user = _short(text)
    if not user:
        raise ValidationError("Give an e-mail or an IAM ID.")
    if "@" in user:
        return Leaver(email=email_of(user))
    if "-" not in user:
        raise ValidationError(
            "Give an e-mail, like dana.lee@example.com, or an IAM ID, like"
            " IBMid-550000ABCD."
        )
    return Leaver(iam_id=iam_id_of(user))


def owner_of(text: str) -> Leaver:
    """Read the text that names a key's owner: a person, or a service ID by IAM ID.

    Raises:
        ValidationError: As for a person, save that a service ID may own a key.
    """
    owner = _short(text)
    if owner.startswith("iam-ServiceId-") and _IAM_ID.fullmatch(owner):
        return Leaver(iam_id=owner)
    return leaver_of(owner)


def _short(text: str) -> str:
    if len(text) > USER_LIMIT:
        raise ValidationError(f"Give at most {USER_LIMIT} characters.")
    return without_controls(text).strip()


def effective_from(
    moment: datetime | None, now: datetime, path: str
) -> datetime | None:
    """Tell when to act: *moment* if it is still to come, None for now.

    Raises:
        ValidationError: Under *path*; more than 400 days ahead, or in a year that
            shows a wrong unit.
    """
    if moment is None:
        return None
    if moment.year < 2000:
        raise ValidationError({path: ["This lies before the year 2000: see its unit."]})
    if moment > now + timedelta(days=HORIZON_DAYS):
        raise ValidationError({path: [f"At most {HORIZON_DAYS} days ahead."]})
    return moment if moment > now else None


class Moment(fields.DateTime):
    """A moment: RFC 3339 with its offset. Loads to UTC; dumps UTC in milliseconds."""

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str | None,
        data: Any,  # noqa: ANN401 - marshmallow's own signature
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own signature
    ) -> datetime:
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("Give a time like 2026-03-31T17:00:00+02:00.")
        day, time, fraction, offset = found.groups()
        if offset is None:
            raise ValidationError("Give the time with its offset, or Z for UTC.")
        text = f"{day}T{time}{(fraction or '')[:7]}{offset.upper()}"
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("There is no such time.") from error

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,
        obj: Any,  # noqa: ANN401 - marshmallow's own signature
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own signature
    ) -> str | None:
        if value is None:
            return None
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


class Flag(fields.Boolean):
    """True or false, and nothing that merely looks like it: a dry run is no guess."""

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str | None,
        data: Any,  # noqa: ANN401 - marshmallow's own signature
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own signature
    ) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Give true or false.")
        return value


class Count(fields.Integer):
    """A whole number, and no text or flag that merely looks like it."""

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401 - marshmallow's own signature
        attr: str | None,
        data: Any,  # noqa: ANN401 - marshmallow's own signature
        **kwargs: Any,  # noqa: ANN401 - marshmallow's own signature
    ) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("Give a whole number.")
        return value
