"""People of an account."""

from typing import Any, Final

from ibm_platform_services import UserManagementV1
from ibm_platform_services.user_management_v1 import UsersPager
from marshmallow import fields
from marshmallow.validate import Length

from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.listed_keys import time_of
from workers.ibmcloud.paging import PAGE, Trail
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.model import Person

_PEOPLE: Final = "Listing the account's users"


class _User(Lenient):
    iam_id = fields.String(required=True, validate=Length(1))
    email = fields.Raw(load_default=None, allow_none=True)
    user_id = fields.Raw(load_default=None, allow_none=True)
    firstname = fields.Raw(load_default=None, allow_none=True)
    lastname = fields.Raw(load_default=None, allow_none=True)
    state = fields.Raw(load_default=None, allow_none=True)
    added_on = fields.Raw(load_default=None, allow_none=True)


class _UserPage(Lenient):
    resources = fields.List(fields.Nested(_User), required=True)
    next_url = fields.String(load_default=None, allow_none=True)
    # The SDK's model says the one, its pager's published pages say the other.
    total_results = fields.Integer(load_default=0, strict=True)
    total_count = fields.Integer(load_default=0, strict=True)


# Made once: that takes several times as long as reading with it.
_USERS: Final = _UserPage()


class _CountedPages:
    """Stands before ``list_users``: the SDK's pager hides totals and trusts shapes."""

    def __init__(self, client: UserManagementV1) -> None:
        self._client = client
        self._trail = Trail(_PEOPLE)
        self.total = 0

    def list_users(self, **asked: object) -> Any:  # noqa: ANN401 - the SDK's answer, untyped
        answer = self._client.list_users(**asked)
        page = checked(_USERS, answer.get_result(), _PEOPLE)
        self.total = max(self.total, page["total_results"], page["total_count"])
        self._trail.by_address(page["next_url"], "_start")
        return answer


def people(
    client: UserManagementV1, tokens: Tokens, account_id: str
) -> tuple[Person, ...]:
    """List every user of the account, all pages; e-mails are lower-cased.

    Raises:
        TransientError: Any page failed, or fewer users came than the far side counts.
        PermanentError: The key or its roles do not let us.

    Source: User Management API, GET /v2/accounts/{id}/users.
    """
    pages = _CountedPages(client)
    with reading(tokens, _PEOPLE):
        pager = UsersPager(client=pages, account_id=account_id, limit=PAGE)
        found = [_person(item) for item in pager.get_all()]
    # Somebody twice, as where pages shift meanwhile, must not stand for somebody else.
    different = len({one.iam_id for one in found})
    if different < pages.total:
        what = f"{different} users came of {pages.total} the far side counts"
        raise odd_answer(_PEOPLE, what)
    return tuple(dict.fromkeys(found))


def _person(user: dict[str, object]) -> Person:
    """Take a user out of a page that has been checked."""
    email, login = text_of(user.get("email")), text_of(user.get("user_id"))
    names = (text_of(user.get("firstname")), text_of(user.get("lastname")))
    return Person(
        iam_id=text_of(user["iam_id"]) or "",
        email=email.lower() if email else None,
        user_id=login,
        name=" ".join(one for one in names if one) or None,
        state=text_of(user.get("state")),
        added_at=time_of(text_of(user.get("added_on"))),
    )
