"""API keys as IAM lists them: an identity's own, and an account's cluster API keys.

A list is whole or it is an error. That a key is listed does not prove that it is in
use: a reset leaves the former one where it is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Final

from ibm_platform_services import IamIdentityV1
from marshmallow import fields

from workers.ibmcloud.abreast import begun
from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.descriptions import Place, place_in
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.paging import PAGE, Trail
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.model import KeyList, ListedKey

CLUSTER_KEY: Final = "containers-kubernetes-key"
_TO_THE_MINUTE: Final = re.compile(r"T\d\d:?\d\d(?![\d:])")
OWN: Final = "Listing the functional ID's API keys"
_ALL: Final = "Listing the account's API keys"
_NEW: Final = "Listing the account's newest API keys"
_KINDS: Final = ("user", "serviceid")
_A_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as IAM lists it. ``created_at`` is the latest time it can mean.

    IAM has been seen to give times to the minute, without seconds. ``is_locked`` is
    True also where the answer does not say it.
    """

    id: str
    iam_id: str | None
    name: str
    description: str
    created_at: datetime | None
    is_locked: bool = True
    is_disabled: bool = False


class _Key(Lenient):
    id = fields.String(load_default="")
    iam_id = fields.Raw(load_default=None, allow_none=True)
    name = fields.Raw(load_default=None, allow_none=True)
    description = fields.Raw(load_default=None, allow_none=True)
    created_at = fields.Raw(load_default=None, allow_none=True)
    locked = fields.Raw(load_default=None, allow_none=True)
    disabled = fields.Raw(load_default=None, allow_none=True)


class _KeyPage(Lenient):
    apikeys = fields.List(fields.Nested(_Key), required=True)
    next = fields.String(load_default=None, allow_none=True)


_KEYS: Final = _KeyPage()


def own_keys(
    client: IamIdentityV1, tokens: Tokens, account_id: str, iam_id: str
) -> tuple[ApiKey, ...]:
    """List the API keys of the identity that asks, all pages.

    Raises:
        TransientError: Any page failed or makes no sense.
        PermanentError: The key or its roles do not let us.

    Source: IAM Identity API, GET /v1/apikeys.
    """
    asked = {"account_id": account_id, "iam_id": iam_id, "scope": "entity"}
    return tuple(_all_of(client, tokens, OWN, asked))


def cluster_keys(
    client: IamIdentityV1,
    tokens: Tokens,
    account_id: str,
    *,
    regions: Iterable[str] = (),
) -> KeyList:
    """List every cluster API key of the account, users' and service IDs', all pages.

    A caller who may not manage others' keys gets a shorter list, or a refusal: which
    one is not confirmed against a live account. *regions* are names in use here.

    Raises:
        TransientError: Any page failed or makes no sense, or a cluster API key does
            not say whose it is.
        PermanentError: The key or its roles do not let us.

    Source: IAM Identity API, GET /v1/apikeys. That service IDs' keys need a list of
    their own is not confirmed against a live account.
    """
    found: dict[object, ApiKey] = {}
    for kind in _KINDS:
        asked = {**_whose(account_id, kind), "sort": "name"}
        for key in _all_of(client, tokens, _ALL, asked):
            found.setdefault(key.id or key, key)
    mine = tokens.claims().iam_id
    seen = tuple(regions)
    return KeyList(
        keys=tuple(
            _listed(
                key, place_in(key.description, regions=seen, no_groups=[account_id])
            )
            for key in found.values()
            if key.name == CLUSTER_KEY
        ),
        has_own=any(key.iam_id == mine for key in found.values()),
    )


def cluster_keys_since(
    client: IamIdentityV1,
    tokens: Tokens,
    account_id: str,
    moment: datetime,
    *,
    regions: Iterable[str] = (),
) -> tuple[ListedKey, ...]:
    """List the cluster API keys made at or after *moment*; mostly one call a kind.

    The newest come first, so pages are read until one has an older key; where a page
    shows that the far side does not keep to that order, all are read. A key without a
    time counts as new.
    Raises as ``cluster_keys`` does, and may be as short as that.
    """
    kinds = [
        begun(partial(_since, client, tokens, _whose(account_id, kind), moment))
        for kind in _KINDS
    ]
    found = {key.id or key: key for each in kinds for key in each.result()}
    seen = tuple(regions)
    return tuple(
        _listed(key, place_in(key.description, regions=seen, no_groups=[account_id]))
        for key in found.values()
        if key.name == CLUSTER_KEY
    )


def _since(
    client: IamIdentityV1, tokens: Tokens, asked: dict[str, str], moment: datetime
) -> list[ApiKey]:
    found: list[ApiKey] = []
    last: datetime | None = None
    is_falling = True
    newest_first = {"sort": "created_at", "order": "desc"}
    for page in _pages(client, tokens, _NEW, {**asked, **newest_first}):
        for key in page:
            at = key.created_at
            # Times to the minute are read as their last second, and may seem to rise.
            is_falling &= last is None or at is None or at <= last + _A_MINUTE
            last = at or last
            if at is None or at >= moment:
                found.append(key)
        # Only a whole page says in which order it is: its first key may be the oldest.
        if is_falling and last is not None and last < moment - _A_MINUTE:
            break
    return found


def _whose(account_id: str, kind: str) -> dict[str, str]:
    return {"account_id": account_id, "scope": "account", "type": kind}


def _all_of(
    client: IamIdentityV1, tokens: Tokens, doing: str, asked: dict[str, str]
) -> Iterator[ApiKey]:
    return chain.from_iterable(_pages(client, tokens, doing, asked))


def _pages(
    client: IamIdentityV1, tokens: Tokens, doing: str, asked: dict[str, str]
) -> Iterator[list[ApiKey]]:
    trail = Trail(doing)
    page_token: str | None = None
    while True:
        with reading(tokens, doing):
            answer = client.list_api_keys(
                **asked, pagesize=PAGE, pagetoken=page_token
            ).get_result()
        page = checked(_KEYS, answer, doing)
        yield [_key(item) for item in page["apikeys"]]
        page_token = trail.by_address(page["next"], "pagetoken")
        if page_token is None:
            return


def _listed(key: ApiKey, place: Place) -> ListedKey:
    if key.iam_id is None:
        raise odd_answer(_ALL, "a cluster API key does not say whose it is")
    return ListedKey(
        key.iam_id,
        place.region,
        place.group_id,
        key.created_at,
        key.id,
        is_locked=key.is_locked,
        is_disabled=key.is_disabled,
    )


def _key(item: dict[str, Any]) -> ApiKey:
    return ApiKey(
        id=item["id"],
        iam_id=text_of(item["iam_id"]),
        name=text_of(item["name"]) or "",
        description=text_of(item["description"]) or "",
        created_at=_latest(text_of(item["created_at"])),
        # A locked key is never retired, so whoever is silent counts as locked.
        is_locked=item["locked"] is not False,
        is_disabled=item["disabled"] is True,
    )


def time_of(text: str | None) -> datetime | None:
    """Read a time as IAM writes it; None where it is none."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _latest(text: str | None) -> datetime | None:
    """Read a time; one given to the minute means any second of it, so its last."""
    at = time_of(text)
    if at is None or text is None:
        return None
    return at + timedelta(seconds=59) if _TO_THE_MINUTE.search(text) else at
