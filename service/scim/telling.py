"""What a write to the table tells: an event about the person, in the common form."""

import unicodedata
from datetime import datetime
from typing import Final

from marshmallow import ValidationError

from service.words import email_of
from workers.desk.scim_users import SOURCE
from workers.offboarding.heard import Authn, Heard, Names
from workers.offboarding.scim_users import ScimUser, told_by

_LONGEST_ID: Final = 254


def event_of(
    before: ScimUser, after: ScimUser | None, method: str, at: datetime
) -> Heard | None:
    """Return the event that a write is; None where it tells nothing.

    The key is the row's version, so that a repeat of the request, which changes
    nothing any more, is no second event.
    """
    kind = told_by(before, after)
    if kind is None:
        return None
    return Heard(
        source=SOURCE,
        event_key=f"{SOURCE}:{before.id}:{before.version + 1}",
        native_type=f"{method} /Users",
        kind=kind,
        names=names_of(before, after or before),
        occurred_at=at,
        authn=Authn.BEARER,
    )


def names_of(before: ScimUser, after: ScimUser) -> Names:
    """Collect by what names the person goes, before the write and after it.

    Both, since some clients rename whom they deactivate in the same request.
    """
    rows = (before, after)
    mails = [_email(row.user_name) for row in rows]
    mails += [_email(one.value or "") for row in rows for one in row.emails]
    # The client's: two users may have the same.
    numbers = [
        one for row in rows for one in (row.external_id, row.employee_number) if one
    ]
    return Names(
        emails=tuple(dict.fromkeys(one for one in mails if one)),
        ids=(before.id,),
        numbers=tuple(dict.fromkeys(one for one in numbers if _is_id(one))),
    )


def _email(text: str) -> str | None:
    try:
        return email_of(text)
    except ValidationError:
        return None


def _is_id(text: str) -> bool:
    if len(text) > _LONGEST_ID:
        return False
    return not any(unicodedata.category(one).startswith("C") for one in text)
