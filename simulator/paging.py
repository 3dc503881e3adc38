"""How paged lists are cut, each in its own way.

People and instances go on by ``next_url``, API keys by ``next``, policies by
``next.start``, access groups by ``next.href``.

Knows no account; takes shaped items and the query.
"""

import base64
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from simulator.errors import Json

_USERS_LIMIT = 100
_INSTANCES_LIMIT = (100, 100)
# The most policies on a page is not published; the default is the sample's.
_POLICIES_LIMIT = (50, 100)
_GROUPS_LIMIT = (50, 100)
_KEYS_LIMIT = (20, 100)  # default, highest
_SERVICE_PREFIX = "iam-ServiceId-"
_KEPT = (
    "account_id",
    "iam_id",
    "scope",
    "type",
    "sort",
    "order",
    "pagesize",
    "include_history",
    "name",
)


def _number(text: str | None, default: int, highest: int) -> int:
    is_number = text is not None and text.isdecimal() and int(text) > 0
    return min(int(text or 0), highest) if is_number else default


def users_page(people: list[Json], path: str, query: Mapping[str, str]) -> Json:
    """Cut a page of the user list.

    ``limit`` is 100 unless smaller, ``_start`` is opaque; ``next_url`` is a path with
    query, and absent on the last page (verified in IBM's SDK).
    """
    limit = _number(query.get("limit"), _USERS_LIMIT, _USERS_LIMIT)
    start = _number(query.get("_start", "").removeprefix("from-"), 0, len(people))
    page: Json = {
        "total_results": len(people),
        "limit": limit,
        "first_url": path,
        "resources": people[start : start + limit],
    }
    if start + limit < len(people):
        following = urlencode({"limit": limit, "_start": f"from-{start + limit}"})
        page["next_url"] = f"{path}?{following}"
    return page


def instances_page(instances: list[Json], path: str, query: Mapping[str, str]) -> Json:
    """Cut a page of the resource instances.

    ``next_url`` is a path with query and null on the last page; ``start`` is opaque.
    """
    limit = _number(query.get("limit"), *_INSTANCES_LIMIT)
    start = _number(query.get("start", "").removeprefix("from-"), 0, len(instances))
    shown = instances[start : start + limit]
    asked = {n: v for n, v in query.items() if n not in {"limit", "start"}}
    following = {**asked, "limit": limit, "start": f"from-{start + limit}"}
    is_last = start + limit >= len(instances)
    return {
        "rows_count": len(shown),
        "next_url": None if is_last else f"{path}?{urlencode(following)}",
        "resources": shown,
    }


def policies_page(
    policies: list[Json], base_url: str, query: Mapping[str, str]
) -> Json:
    """Cut a page of the policies; ``next`` is absent at the end, its start opaque."""
    limit = _number(query.get("limit"), *_POLICIES_LIMIT)
    start = _number(query.get("start", "").removeprefix("page-"), 0, len(policies))
    asked = {n: v for n, v in query.items() if n not in {"limit", "start"}}

    def link(token: str | None) -> Json:
        at = {**asked, "limit": limit, **({"start": token} if token else {})}
        shown = {"href": f"{base_url}?{urlencode(at)}"}
        return {**shown, "start": token} if token else {**shown}

    page: Json = {
        "limit": limit,
        "first": link(None),
        "policies": policies[start : start + limit],
    }
    if start + limit < len(policies):
        page["next"] = link(f"page-{start + limit}")
    return page


def groups_page(groups: list[Json], base_url: str, query: Mapping[str, str]) -> Json:
    """Cut a page of the access groups; ``next.href`` has the offset it goes on at."""
    limit = _number(query.get("limit"), *_GROUPS_LIMIT)
    start = _number(query.get("offset"), 0, len(groups))
    asked = {n: v for n, v in query.items() if n not in {"limit", "offset"}}

    def link(offset: int) -> Json:
        at = {**asked, "limit": limit, "offset": offset}
        return {"href": f"{base_url}?{urlencode(at)}"}

    page: Json = {
        "limit": limit,
        "offset": start,
        "total_count": len(groups),
        "first": link(0),
        "last": link(max(len(groups) - 1, 0) // limit * limit),
        "groups": groups[start : start + limit],
    }
    if start + limit < len(groups):
        page["next"] = link(start + limit)
    return page


def key_query(query: Mapping[str, str]) -> dict[str, str]:
    """Answer what is asked of the key list; a page token brings the first question."""
    asked = {name: query[name] for name in _KEPT if name in query}
    token = query.get("pagetoken")
    return asked | _unpacked(token) if token else asked


def chosen_keys(keys: list[Json], asked: Mapping[str, str], caller: str) -> list[Json]:
    """Choose and sort the keys asked for; without ``scope=account`` one identity's."""
    if asked.get("scope") != "account":
        whose = asked.get("iam_id", caller)
        keys = [key for key in keys if key["iam_id"] == whose]
    if "type" in asked:
        wants_service = asked["type"] == "serviceid"
        keys = [
            key
            for key in keys
            if str(key["iam_id"]).startswith(_SERVICE_PREFIX) == wants_service
        ]
    if "sort" in asked:
        is_falling = asked.get("order") == "desc"
        keys = sorted(keys, key=lambda k: str(k[asked["sort"]]), reverse=is_falling)
    if asked.get("include_history") == "true":
        keys = [{**key, "history": []} for key in keys]
    return keys


def identities_page(
    name: str, items: list[Json], base_url: str, asked: Mapping[str, str]
) -> Json:
    """Cut a page of a list of the identity service: ``apikeys`` or ``serviceids``.

    ``pagesize`` is 20 unless given, at most 100; ``next`` is an absolute URL whose
    ``pagetoken`` is opaque, and absent on the last page (verified in IBM's SDK).
    """
    size = _number(asked.get("pagesize"), *_KEYS_LIMIT)
    start = _number(asked.get("offset"), 0, len(items))
    question = {name: value for name, value in asked.items() if name != "offset"}
    shown = {n: v for n, v in question.items() if n in {"account_id", "scope"}}

    def page_at(offset: int) -> str:
        token = _packed(question | {"offset": str(offset)})
        return f"{base_url}?{urlencode({'pagetoken': token, **shown})}"

    page: Json = {
        "offset": start,
        "limit": size,
        "first": f"{base_url}?{urlencode(shown)}",
        name: items[start : start + size],
    }
    if start > 0:
        page["previous"] = page_at(max(start - size, 0))
    if start + size < len(items):
        page["next"] = page_at(start + size)
    return page


def _packed(question: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(question).encode()).decode()


def _unpacked(token: str) -> dict[str, str]:
    try:
        question = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in question.items()}
