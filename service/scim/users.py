"""Users: searched, created, read, replaced, patched, deleted.

Whatever way a client deactivates somebody, a row goes from active to inactive, and that
is the event. It is on disk before the answer.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from flask import Response, g, request
from scim2_models import Context, ListResponse, ResponseParameters
from ulid import ULID

from service.context import here
from service.scim.bodies import plain_resource, read_body
from service.scim.door import answer, base_url, serve
from service.scim.errors import MEDIA_TYPE, ScimError
from service.scim.filters import asked_by
from service.scim.patch import patched
from service.scim.resources import LENIENT, FullUser
from service.scim.rows import row_of, shown, user_from
from service.scim.telling import event_of
from service.words import CASE_ID_PATTERN
from workers.desk.scim_users import NoSuchUserError
from workers.offboarding.heard import Heard
from workers.offboarding.scim_users import ScimUser

MOST_AT_ONCE: Final = 200
_LONGEST: Final = 2048
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")
_ID: Final = re.compile(CASE_ID_PATTERN)

Change = Callable[[ScimUser], ScimUser]


def search() -> Response:
    """List users: all of them, or those a filter asks for."""
    wanted = _attributes()
    start = max(_number("startIndex", 1), 1)
    count = min(max(_number("count", MOST_AT_ONCE), 0), MOST_AT_ONCE)
    text = request.args.get("filter")
    users = here().desk.scim
    if text is None:
        rows, total = users.page(start - 1, count)
    else:
        asked = asked_by(text)
        found = users.among(asked.attribute, asked.value)
        fitting = [one for one in found if asked.fits(one)]
        rows, total = fitting[start - 1 :][:count], len(fitting)
    base = base_url()
    return answer(listed([shown(one, base, wanted) for one in rows], total, start))


def create() -> Response:
    """Create a user. One who is inactive from the start has left nothing here."""
    wanted = _attributes()
    body = plain_resource(read_body())
    now = here().clock()
    new = ScimUser(str(ULID.from_datetime(now)), "", True, 1, now, now)
    row = row_of(user_from(body, Context.RESOURCE_CREATION_REQUEST, new), new)
    here().desk.scim.create(row)
    place = {"Location": f"{base_url()}/Users/{row.id}"}
    return answer(shown(row, base_url(), wanted), 201, place)


def read(user_id: str) -> Response:
    """Show a user, active or not."""
    wanted = _attributes()
    return answer(shown(here().desk.scim.find(_known(user_id)), base_url(), wanted))


def replace(user_id: str) -> Response:
    """Replace a user as a whole; where ``active`` is left out it stays."""
    wanted = _attributes()
    body = plain_resource(read_body())

    def replaced(row: ScimUser) -> ScimUser:
        return row_of(user_from(body, Context.RESOURCE_REPLACEMENT_REQUEST, row), row)

    return _changed(user_id, replaced, wanted)


def patch(user_id: str) -> Response:
    """Change a user by operations."""
    wanted = _attributes()
    body = read_body()
    return _changed(user_id, lambda row: patched(row, body), wanted)


def delete(user_id: str) -> Response:
    """Delete a user; who was active until now leaves by it."""
    now = here().clock()

    def gone(row: ScimUser) -> tuple[None, Heard | None]:
        return None, event_of(row, None, request.method, now)

    here().desk.scim.change(_known(user_id), gone, request_id=g.request_id)
    return Response(status=204, mimetype=MEDIA_TYPE)


def _changed(
    user_id: str, how: Change, wanted: ResponseParameters[FullUser]
) -> Response:
    now = here().clock()

    def change(row: ScimUser) -> tuple[ScimUser, Heard | None]:
        after = how(row)
        if after == row:
            return row, None
        after = _next(after, row, now)
        return after, event_of(row, after, request.method, now)

    users = here().desk.scim
    row = users.change(_known(user_id), change, request_id=g.request_id)
    if row is None:
        raise NoSuchUserError(user_id)
    return answer(shown(row, base_url(), wanted))


def _next(after: ScimUser, before: ScimUser, now: datetime) -> ScimUser:
    return ScimUser(
        id=before.id,
        user_name=after.user_name,
        active=after.active,
        version=before.version + 1,
        created_at=before.created_at,
        changed_at=now,
        external_id=after.external_id,
        employee_number=after.employee_number,
        emails=after.emails,
    )


def listed(
    resources: Sequence[dict[str, Any]], total: int, start: int
) -> dict[str, Any]:
    """Make a list response; it has its resources even where there are none."""
    head = ListResponse[FullUser](
        total_results=total, start_index=start, items_per_page=len(resources)
    )
    return {**head.model_dump(), "Resources": list(resources)}


def _known(user_id: str) -> str:
    """Return an id that may be one of ours; NoSuchUserError."""
    if not _ID.fullmatch(user_id):
        raise NoSuchUserError(user_id)
    return user_id


def _attributes() -> ResponseParameters[FullUser]:
    given = {
        name: request.args[name]
        for name in ("attributes", "excludedAttributes")
        if request.args.get(name)
    }
    if any(len(one) > _LONGEST for one in given.values()):
        raise ScimError("invalidValue")
    found: ResponseParameters[FullUser] = ResponseParameters[FullUser].model_validate(
        given, scim_policy=LENIENT
    )
    return found


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "").strip()
    if not text:
        return default
    if not _NUMBER.fullmatch(text):
        raise ScimError("invalidValue")
    return int(text)


serve("/Users", GET=search, POST=create)
serve("/Users/<user_id>", GET=read, PUT=replace, PATCH=patch, DELETE=delete)
