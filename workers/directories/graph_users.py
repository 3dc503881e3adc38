"""A user as Microsoft Graph gives them: read, and put into our words.

The reading of a user who is deleted is inferred where a comment says so; not confirmed
against a live tenant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from workers.directories.graph_client import GraphClient
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import Names
from workers.offboarding.seen_user import SeenUser, UserStanding
from workers.offboarding.times import moment_of
from workers.offboarding.values import KELVIN

_PLAIN: Final = "id,userPrincipalName,mail,accountEnabled,employeeId"
SELECT: Final = f"{_PLAIN},employeeLeaveDateTime"
# What Graph writes for a date that is none.
_NO_DATE: Final = "0001-01-01"


@dataclass(frozen=True, slots=True)
class GraphUser:
    """One user.

    Attributes:
        id: The object id.
        standing: None where Graph did not say whether the account is enabled.
        leaves_at: When they leave; None where no date is there.
        knows_leave: Whether *leaves_at* may be relied on: an empty date is none.
        emails: Mail first, then the name they sign in with.
        employee_id: The HR system's, if there is one.
        deleted_at: When they were deleted, if Graph says it.
    """

    id: str
    standing: UserStanding | None
    leaves_at: datetime | None = None
    knows_leave: bool = False
    emails: tuple[str, ...] = ()
    employee_id: str | None = None
    deleted_at: datetime | None = None

    @property
    def names(self) -> Names:
        """Return what the person may be known by."""
        # A bare number may be somebody else's in another system, so it is named only
        # where nothing better is.
        more = (self.employee_id,) if self.employee_id and not self.emails else ()
        return Names(emails=self.emails, ids=(self.id, *more))

    def after(self, before: SeenUser | None) -> SeenUser:
        """Return how they stand; what was not seen stays as it was before."""
        standing = before.standing if before else UserStanding.ENABLED
        kept = before.leaves_at if before else None
        return SeenUser(
            self.standing or standing, self.leaves_at if self.knows_leave else kept
        )


def read_user(client: GraphClient, object_id: str) -> GraphUser:
    """Read a user, among the deleted ones too; gone from both is deleted.

    Raises:
        TransientError: Nobody can say now.
        PermanentError: Refused.
        UnreadableError: A time cannot be read.
    """
    place = quote(object_id, safe="")
    found = _with_leave_date(client, f"/users/{place}")
    if found is not None:
        return _checked(user_of(found, object_id, client.may_read_leave_dates()))
    gone = client.read(f"/directory/deletedItems/{place}")
    if gone is None:
        return GraphUser(object_id, UserStanding.DELETED)
    return GraphUser(
        object_id,
        UserStanding.DELETED,
        emails=_emails_of(gone, object_id),
        employee_id=_text(gone, "employeeId"),
        deleted_at=_moment(gone, "deletedDateTime"),
    )


def user_of(found: Mapping[str, Any], object_id: str, proves_none: bool) -> GraphUser:
    """Put what Graph gives of a user into our words.

    Args:
        found: Graph's object.
        object_id: Whose it is.
        proves_none: Whether an empty leave date says that there is none.
    """
    enabled = found.get("accountEnabled")
    leaves_at = _moment(found, "employeeLeaveDateTime")
    standing = None
    if isinstance(enabled, bool):
        standing = UserStanding.ENABLED if enabled else UserStanding.DISABLED
    return GraphUser(
        object_id,
        standing,
        leaves_at,
        leaves_at is not None or proves_none,
        _emails_of(found, object_id),
        _text(found, "employeeId"),
    )


def _with_leave_date(client: GraphClient, path: str) -> Mapping[str, Any] | None:
    """Read a user; without the leave date where that alone is refused."""
    try:
        return client.read(path, {"$select": SELECT})
    except PermanentError as error:
        if error.reason is not Reason.NO_ROLE:
            raise
    # Some tenants refuse the whole call for want of User-LifeCycleInfo.Read.All, which
    # departures by disabling do not need.
    return client.read(path, {"$select": _PLAIN})


def _checked(user: GraphUser) -> GraphUser:
    if user.standing is None:
        raise TransientError(
            "Microsoft Graph does not say whether the account is enabled.",
            reason=Reason.UNEXPECTED_ANSWER,
        )
    return user


def _emails_of(found: Mapping[str, Any], object_id: str) -> tuple[str, ...]:
    signed_in = _text(found, "userPrincipalName") or ""
    # Inferred: of a deleted user the object id without its dashes stands in front, so
    # that the name is free for another.
    prefix = object_id.replace("-", "").lower()
    if signed_in.lower().startswith(prefix):
        signed_in = signed_in[len(prefix) :]
    # Of a guest it is made up, and nobody's e-mail.
    if "#ext#" in signed_in.lower():
        signed_in = ""
    both = (_text(found, "mail") or "", signed_in)
    clean = [one.strip().lower() for one in both if KELVIN not in one]
    return tuple(dict.fromkeys(one for one in clean if _is_email(one)))


def _is_email(text: str) -> bool:
    local, _, domain = text.partition("@")
    is_whole = bool(local) and bool(domain) and "@" not in domain
    return is_whole and text.isprintable() and " " not in text and len(text) <= 254


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _moment(found: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(found, name)
    if text is None or text.startswith(_NO_DATE):
        return None
    return moment_of(text)
