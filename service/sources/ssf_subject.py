"""Whom a Security Event Token is about: subject identifiers, read into names.

Source: RFC 9493 section 3; Shared Signals Framework 1.0, "Subject members" (complex);
the older form of RISC, ``subject`` with ``subject_type`` inside the event.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from marshmallow import ValidationError

from service.words import email_of, without_controls
from workers.offboarding.heard import Names, Unreadable, UnreadableError

_WORD_LIMIT: Final = 255
_OLD_FORMATS: Final = {"email": "email", "iss_sub": "iss_sub", "iss-sub": "iss_sub"}


def names_of(
    claims: Mapping[str, Any], event: Mapping[str, Any], *, is_old_read: bool
) -> Names | None:
    """Return every name of the person; None where the subject is no person at all.

    Args:
        claims: Of the token.
        event: The one event in it.
        is_old_read: Whether a subject inside the event counts, where there is no other.

    Raises:
        UnreadableError: ``no_person``: nothing there by which a person can be found.
    """
    subject = claims.get("sub_id")
    if "sub_id" not in claims and "subject" in event:
        subject = _old(event["subject"], is_old_read=is_old_read)
    if isinstance(subject, dict) and subject.get("format") == "complex":
        if "user" not in subject:
            return None
        subject = subject["user"]
    names = _together(_each(subject))
    if names == Names():
        raise _nobody("The subject is of no format by which a person can be found.")
    return names


def _old(subject: object, *, is_old_read: bool) -> object:
    if not is_old_read:
        raise _nobody(
            "The subject stands inside the event, as older transmitters write it. Set"
            " OFFBOARD_SOURCE_SSF_LEGACY_SUBJECT=1, then replay it."
        )
    type_ = subject.get("subject_type") if isinstance(subject, dict) else None
    if not isinstance(subject, dict) or not isinstance(type_, str):
        return None
    return {**subject, "format": _OLD_FORMATS.get(type_)}


def _each(subject: object) -> Iterable[object]:
    """Yield the subject, or each of its aliases; aliases hold no aliases."""
    if isinstance(subject, dict) and subject.get("format") == "aliases":
        several = subject.get("identifiers")
        return several if isinstance(several, list) else []
    return [subject]


def _together(subjects: Iterable[object]) -> Names:
    emails, ids = [], []
    for one in subjects:
        shape = one.get("format") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(shape, str):
            continue
        # A name that cannot be read is not missed where another can.
        try:
            if shape in _EMAILS:
                emails.append(_EMAILS[shape](one))
            elif shape in _IDS:
                ids.append(_IDS[shape](one))
        except ValidationError:
            continue
    return Names(emails=tuple(dict.fromkeys(emails)), ids=tuple(dict.fromkeys(ids)))


def _email(subject: Mapping[str, Any]) -> str:
    return email_of(_word(subject, "email"))


def _account(subject: Mapping[str, Any]) -> str:
    """Read ``acct:dana.lee@example.com``; it looks like the e-mail and mostly is it."""
    scheme, _, rest = _word(subject, "uri").partition(":")
    if scheme.lower() != "acct":
        raise ValidationError("Not an acct URI.")
    return email_of(unquote(rest))


def _iss_sub(subject: Mapping[str, Any]) -> str:
    return f"{_word(subject, 'iss')} {_word(subject, 'sub')}"


def _opaque(subject: Mapping[str, Any]) -> str:
    return _word(subject, "id")


_EMAILS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "email": _email,
    "account": _account,
}
_IDS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "iss_sub": _iss_sub,
    "opaque": _opaque,
}


def _word(subject: Mapping[str, Any], name: str) -> str:
    value = subject.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _WORD_LIMIT:
        raise ValidationError({name: ["Give a short text."]})
    return without_controls(value)


def _nobody(text: str) -> UnreadableError:
    return UnreadableError(Unreadable.NO_PERSON, text)
