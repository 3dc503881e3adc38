"""A person as a SCIM client knows them here, and what a change of them tells. Pure.

Only what tells people apart is kept of what a client sends: neither name nor password.
"""

from dataclasses import dataclass
from datetime import datetime

from workers.offboarding.heard import HeardKind


@dataclass(frozen=True, slots=True)
class ScimEmail:
    """One e-mail, with the marks its client gave it."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


@dataclass(frozen=True, slots=True)
class ScimUser:
    """One row of the table.

    Attributes:
        id: Ours; a client learns it when it creates or searches the user.
        user_name: As it came; one user has it, whatever its case.
        active: Whether the client says that the person is there.
        version: 1 when created; one more with each change.
        created_at: Our clock, aware UTC; so is ``changed_at``.
        external_id: The client's own id; it need not be one user's alone.
    """

    id: str
    user_name: str
    active: bool
    version: int
    created_at: datetime
    changed_at: datetime
    external_id: str | None = None
    employee_number: str | None = None
    emails: tuple[ScimEmail, ...] = ()


def told_by(before: ScimUser, after: ScimUser | None) -> HeardKind | None:
    """Tell what a write means for cases; None for nothing.

    Args:
        before: The row as it was. A row that is new tells nothing, active or not.
        after: As it is now; None where it was deleted. Who was inactive by then has
            been told of before.
    """
    if before.active and after is None:
        return HeardKind.DELETED
    if after is None or before.active is after.active:
        return None
    return HeardKind.REACTIVATED if after.active else HeardKind.DISABLED
