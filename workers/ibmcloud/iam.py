"""People of an account, and the API keys IAM keeps for one identity.

A list is whole or it is an error: whoever reads a part for all of it takes "not shown"
for "not there".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from ibm_platform_services import IamIdentityV1, UserManagementV1
from ibm_platform_services.user_management_v1 import UsersPager
from marshmallow import fields
from marshmallow.validate import Length

from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.regions import all_names
from workers.ibmcloud.tokens import Tokens, text_of
from workers.offboarding.model import Person, Target

_PAGE: Final = 100
_CLUSTER_KEY: Final = "containers-kubernetes-key"
# IBM Cloud stamps keys by its own clock, and workers may run behind or ahead of it. Too
# much costs a wait and a person's look, too little a second reset.
_CLOCK_DIFFERENCE: Final = timedelta(seconds=60)
_TO_THE_MINUTE: Final = re.compile(r"T\d\d:?\d\d(?![\d:])")
_WORDS: Final = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_GROUP_ID: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")
_REGION: Final = re.compile(r"[a-z]{2,3}-[a-z]{2,8}(-[0-9]+)?")
_PEOPLE: Final = "Listing the account's users"
_KEYS: Final = "Listing the functional ID's API keys"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as IAM lists it. ``created_at`` is the latest time it can mean.

    IAM has been seen to give times to the minute, without seconds.
    """

    id: str
    iam_id: str | None
    name: str
    description: str
    created_at: datetime | None


class _User(Lenient):
    iam_id = fields.String(required=True, validate=Length(1))
    email = fields.Raw(load_default=None, allow_none=True)
    user_id = fields.Raw(load_default=None, allow_none=True)
    firstname = fields.Raw(load_default=None, allow_none=True)
    lastname = fields.Raw(load_default=None, allow_none=True)
    state = fields.Raw(load_default=None, allow_none=True)


class _UserPage(Lenient):
    resources = fields.List(fields.Nested(_User), required=True)
    next_url = fields.String(load_default=None, allow_none=True)
    # The SDK's model says the one, its pager's published pages say the other.
    total_results = fields.Integer(load_default=0, strict=True)
    total_count = fields.Integer(load_default=0, strict=True)


class _Key(Lenient):
    id = fields.String(load_default="")
    iam_id = fields.Raw(load_default=None, allow_none=True)
    name = fields.Raw(load_default=None, allow_none=True)
    description = fields.Raw(load_default=None, allow_none=True)
    created_at = fields.Raw(load_default=None, allow_none=True)


class _KeyPage(Lenient):
    apikeys = fields.List(fields.Nested(_Key), required=True)
    next = fields.String(load_default=None, allow_none=True)


class _CountedPages:
    """Stands before ``list_users``: the SDK's pager hides totals and trusts shapes."""

    def __init__(self, client: UserManagementV1) -> None:
        self._client = client
        self._starts: set[str] = set()
        self.total = 0

    def list_users(self, **asked: object) -> Any:  # noqa: ANN401 - the SDK's answer, untyped
        answer = self._client.list_users(**asked)
        page = checked(_UserPage(), answer.get_result(), _PEOPLE)
        self.total = max(self.total, page["total_results"], page["total_count"])
        _following(page["next_url"], "_start", self._starts, _PEOPLE)
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
        pager = UsersPager(client=pages, account_id=account_id, limit=_PAGE)
        found = [_person(item) for item in pager.get_all()]
    if len(found) < pages.total:
        what = f"{len(found)} users came of {pages.total} the far side counts"
        raise odd_answer(_PEOPLE, what)
    return tuple(dict.fromkeys(found))


def own_keys(
    client: IamIdentityV1, tokens: Tokens, account_id: str, iam_id: str
) -> tuple[ApiKey, ...]:
    """List the API keys of the identity that asks, all pages.

    Raises:
        TransientError: Any page failed or makes no sense.
        PermanentError: The key or its roles do not let us.

    Source: IAM Identity API, GET /v1/apikeys.
    """
    return tuple(_pages_of_keys(client, tokens, account_id, iam_id))


def names_target(key: ApiKey, target: Target) -> bool:
    """Tell whether a key is the cluster API key of exactly this target.

    That the description holds region and resource group id is known, its wording is
    not (not confirmed against a live account): so both are looked for as whole words,
    ``us-south`` not being a part of ``us-south-2``.
    """
    if key.name != _CLUSTER_KEY:
        return False
    words = set(_WORDS.findall(key.description))
    return _has_id(key.description, target.resource_group.id) and bool(
        words & all_names(target.region)
    )


def made_for(key: ApiKey, target: Target, since: datetime) -> bool:
    """Tell whether a key may be what a reset of *target* at *since* has made.

    Raises:
        TransientError: It is a new cluster API key, and says of no target that it is
            its own: the wording may have changed, and "no" would repeat a reset.
    """
    if names_target(key, target):
        return is_new(key, since)
    if key.name != _CLUSTER_KEY or not is_new(key, since):
        return False
    if _names_another(key.description, target):
        return False
    raise odd_answer(_KEYS, "a new cluster API key does not say for which target it is")


def _names_another(text: str, target: Target) -> bool:
    groups = set(_GROUP_ID.findall(text))
    regions = {one for one in _WORDS.findall(text) if _REGION.fullmatch(one)}
    is_other_group = bool(groups) and target.resource_group.id not in groups
    return is_other_group or bool(groups and regions - all_names(target.region))


def is_new(key: ApiKey, since: datetime) -> bool:
    """Tell whether a key may have been made at or after *since*.

    In doubt yes: taking an old key for new costs a wait and a person's look, taking a
    new one for old sends a reset twice.

    Raises:
        TransientError: Its time cannot be read.
    """
    if key.created_at is None:
        raise odd_answer(_KEYS, "a key of the target does not say when it was made")
    return key.created_at >= since - _CLOCK_DIFFERENCE


def _person(item: dict[str, object]) -> Person:
    user = _User().load(item)
    email, login = text_of(user["email"]), text_of(user["user_id"])
    names = (text_of(user["firstname"]), text_of(user["lastname"]))
    return Person(
        iam_id=user["iam_id"],
        email=email.lower() if email else None,
        user_id=login,
        name=" ".join(one for one in names if one) or None,
        state=text_of(user["state"]),
    )


def _pages_of_keys(
    client: IamIdentityV1, tokens: Tokens, account_id: str, iam_id: str
) -> Iterator[ApiKey]:
    seen: set[str] = set()
    page_token: str | None = None
    while True:
        with reading(tokens, _KEYS):
            answer = client.list_api_keys(
                account_id=account_id,
                iam_id=iam_id,
                pagesize=_PAGE,
                pagetoken=page_token,
                scope="entity",
            ).get_result()
        page = checked(_KeyPage(), answer, _KEYS)
        yield from (_key(item) for item in page["apikeys"])
        page_token = _following(page["next"], "pagetoken", seen, _KEYS)
        if page_token is None:
            return


def _key(item: dict[str, Any]) -> ApiKey:
    return ApiKey(
        id=item["id"],
        iam_id=text_of(item["iam_id"]),
        name=text_of(item["name"]) or "",
        description=text_of(item["description"]) or "",
        created_at=_latest(text_of(item["created_at"])),
    )


def _latest(text: str | None) -> datetime | None:
    """Read a time; one given to the minute means any second of it, so its last."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if at is None or text is None:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at + timedelta(seconds=59) if _TO_THE_MINUTE.search(text) else at


def _following(
    address: str | None, name: str, seen: set[str], doing: str
) -> str | None:
    """Return the next page's token; None where this page is the last.

    Raises:
        TransientError: There is a next page and no way to it, or we were there.
    """
    if not address:
        return None
    given = parse_qs(urlsplit(address).query).get(name)
    if not given or given[0] in seen:
        raise odd_answer(doing, "the way to the next page leads nowhere")
    seen.add(given[0])
    return given[0]


def _has_id(text: str, wanted: str) -> bool:
    bounded = rf"(?<![0-9A-Za-z]){re.escape(wanted)}(?![0-9A-Za-z])"
    return re.search(bounded, text) is not None
