"""The delta query of Microsoft Graph: who is there, who changed, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.directories.graph_client import GraphClient
from workers.directories.graph_users import SELECT, GraphUser, user_of
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import UnreadableError


@dataclass(frozen=True, slots=True)
class Listed:
    """One user of a page; ``is_removed`` is True of one who was deleted."""

    user: GraphUser
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page; of the two links there is one: to the next, or for the next time."""

    users: tuple[Listed, ...]
    next_link: str | None
    delta_link: str | None


def page_at(client: GraphClient, link: str) -> Page:
    """Read the page at *link*; the first of all users where it is empty.

    Raises:
        TransientError: Nobody can say now.
        PermanentError: Refused, or no page of ours.
        ResyncError: Everybody has to be listed anew.
    """
    found = client.follow(link) if link else client.read(*_first())
    listed = found.get("value") if found else None
    if found is None or not isinstance(listed, list):
        raise TransientError(
            "Microsoft Graph's list of users is no list.",
            reason=Reason.UNEXPECTED_ANSWER,
        )
    next_link, delta_link = _link(found, "next"), _link(found, "delta")
    if next_link == link or not (next_link or delta_link):
        raise PermanentError(
            "Microsoft Graph's list of users does not say how it goes on.",
            reason=Reason.UNEXPECTED_ANSWER,
        )
    proves_none = client.may_read_leave_dates()
    users = [_listed(one, proves_none) for one in listed if _id_of(one)]
    return Page(tuple(users), next_link, delta_link)


def _first() -> tuple[str, Mapping[str, str]]:
    return "/users/delta", {"$select": SELECT}


def _link(found: Mapping[str, Any], kind: str) -> str | None:
    link = found.get(f"@odata.{kind}Link")
    return link if isinstance(link, str) and link else None


def _id_of(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _listed(item: Mapping[str, Any], proves_none: bool) -> Listed:
    object_id = _id_of(item)
    if "@removed" in item:
        return Listed(GraphUser(object_id, None), is_removed=True)
    # Here a property that is not there may be one that did not change.
    is_said = "employeeLeaveDateTime" in item
    try:
        return Listed(user_of(item, object_id, proves_none and is_said))
    except UnreadableError:
        # Looking them up says so again, and then it is kept in quarantine.
        return Listed(GraphUser(object_id, None))
