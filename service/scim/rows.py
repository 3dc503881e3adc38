"""How a user on the wire becomes a row of the table, and a row a user."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from scim2_models import Context, Meta, ResponseParameters

from service.scim.errors import ScimError
from service.scim.resources import (
    CORE,
    ENTERPRISE,
    LENIENT,
    Email,
    EnterpriseUser,
    FullUser,
)
from workers.offboarding.scim_users import ScimEmail, ScimUser

_MOST_EMAILS: Final = 100


def user_from(body: Mapping[str, Any], context: Context, like: ScimUser) -> FullUser:
    """Read a whole user of a body whose keys are plain.

    Args:
        body: As ``plain_resource`` returns it.
        context: Whether the user is created or replaced.
        like: The row as it is; what it says of ``active`` stays if the body is silent.

    Raises:
        ValidationError: A value does not fit.
        ScimError: The same, by our own rules.
    """
    schemas = [CORE] + [ENTERPRISE] * (ENTERPRISE in body)
    stays = {} if has(body, "active") else {"active": like.active}
    user: FullUser = FullUser.model_validate(
        {**body, **stays, "schemas": schemas}, scim_ctx=context, scim_policy=LENIENT
    )
    return checked(user)


def has(body: Mapping[str, Any], name: str) -> bool:
    """Tell whether a body has a member of that lower-case name."""
    return any(key.casefold() == name for key in body)


def checked(user: FullUser) -> FullUser:
    """Return *user* if it can be kept; ScimError."""
    if not (user.user_name or "").strip():
        raise ScimError("invalidValue")
    emails = user.emails or []
    if len(emails) > _MOST_EMAILS:
        raise ScimError("invalidValue")
    # What a path selects by is written into an entry that is made for it.
    if not all(is_whole(text) for one in emails for text in (one.value, one.type)):
        raise ScimError("invalidValue")
    return user


def is_whole(text: str | None) -> bool:
    """Tell whether a text can be stored: half a surrogate pair cannot.

    Bodies are free of it, and the texts inside filters and paths have escapes of their
    own.
    """
    return not any("\ud800" <= one <= "\udfff" for one in text or "")


def row_of(user: FullUser, like: ScimUser) -> ScimUser:
    """Make the row that *user* becomes."""
    extension = user[EnterpriseUser]
    return ScimUser(
        id=like.id,
        user_name=user.user_name or "",
        active=bool(user.active),
        version=like.version,
        created_at=like.created_at,
        changed_at=like.changed_at,
        external_id=user.external_id or None,
        employee_number=(extension and extension.employee_number) or None,
        emails=tuple(
            ScimEmail(one.value, one.type, one.primary) for one in user.emails or []
        ),
    )


def user_of(row: ScimUser) -> FullUser:
    """Show a row as a user, without what only an answer has."""
    user: FullUser = FullUser(
        id=row.id,
        external_id=row.external_id,
        user_name=row.user_name,
        active=row.active,
        emails=[
            Email(value=one.value, type=one.type, primary=one.primary)
            for one in row.emails
        ]
        or None,
    )
    if row.employee_number:
        user[EnterpriseUser] = EnterpriseUser(employee_number=row.employee_number)
    return user


def shown(row: ScimUser, base: str, asked: ResponseParameters[Any]) -> dict[str, Any]:
    """Write a row as an answer has it.

    Args:
        row: Whom.
        base: The address of this service provider.
        asked: Which attributes the client wants.
    """
    user = user_of(row)
    user.meta = meta("User", f"{base}/Users/{row.id}", row.created_at, row.changed_at)
    return user.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked
    )


def meta(
    kind: str,
    place: str,
    created: datetime | None = None,
    changed: datetime | None = None,
) -> Meta:
    """Say what a resource is and where it stands."""
    return Meta(
        resource_type=kind, location=place, created=created, last_modified=changed
    )
