"""What can happen to a call that goes wrong.

Knows not when it happens (``faults``) nor how it is done (``gate``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from simulator.errors import CODES, published
from simulator.fields import checked

Kind = Literal[
    "status",
    "drop_before",
    "drop_after",
    "delay",
    "delay_after",
    "truncate",
    "cut_json",
    "half_list",
    "rival_before",
    "rival_after",
]
_ACTION_FIELDS: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "code": int,
    "body": str,
    "headers": Mapping,
    "content_type": str,
    "seconds": (int, float),
    "bytes": int,
    "account_id": str,
    "region": str,
    "resource_group": str,
    "iam_id": str,
}
_KINDS = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a call; made by the functions below.

    The last four fields say which target somebody else resets, and who; see
    ``rivals.rival_fault``.
    """

    kind: Kind
    code: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    seconds: float = 0.0
    bytes: int = 0
    account_id: str = ""
    region: str = ""
    resource_group: str = ""
    iam_id: str = ""


def status(
    code: int,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Action:
    """Answer this instead of doing anything; ``body`` is sent as it is."""
    return Action(
        "status",
        code=code,
        body=body or "",
        headers=dict(headers or {}),
        content_type=content_type,
    )


def drop_before() -> Action:
    """Close the connection; nothing is done."""
    return Action("drop_before")


def drop_after() -> Action:
    """Do it, then close the connection without an answer."""
    return Action("drop_after")


def delay(seconds: float) -> Action:
    """Wait, then go on; the effect comes even if the caller has given up."""
    return Action("delay", seconds=seconds)


def delay_after(seconds: float) -> Action:
    """Do it, wait, then answer."""
    return Action("delay_after", seconds=seconds)


def truncate(bytes: int) -> Action:
    """Do it, and answer only the first bytes of the body, as if that were all of it."""
    return Action("truncate", bytes=bytes)


def empty() -> Action:
    """Do it, and answer its status without any body."""
    return truncate(0)


def cut_json() -> Action:
    """Do it, and answer the first half of the body, as if that were all of it."""
    return Action("cut_json")


def half_list() -> Action:
    """Do it, and answer only the first half of the items of the list it answers.

    The rest of the body stays: a total that is counted, a link to the next page.
    """
    return Action("half_list")


def rate_limited(retry_after_seconds: int | None = None) -> Action:
    """Answer 429 in plain text, as IAM was seen to; Retry-After only if given."""
    wait = retry_after_seconds
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return status(
        429, "User based rate limit for this API", headers, content_type="text/plain"
    )


def bad_gateway() -> Action:
    """Answer 502 with a page of HTML, as a proxy in between does."""
    page = "<html><head><title>502 Bad Gateway</title></head><body></body></html>"
    return status(502, page, content_type="text/html")


def published_error(code: str) -> Action:
    """Answer the error that was published under this code; its ids are made now.

    Raises:
        ValueError: No published answer has this code.
    """
    if code not in CODES:
        raise ValueError("published is one of " + ", ".join(CODES))
    error = published(code)
    return status(error.status, json.dumps(error.body))


def action_from_json(given: Mapping[str, object]) -> Action:
    """Read an action from a JSON object with the fields' names.

    Raises:
        ValueError: ``kind`` is none of ours, or a field is unknown or of a wrong type.
    """
    fields = checked(given, _ACTION_FIELDS, {"kind"})
    if fields["kind"] not in _KINDS:
        raise ValueError("action.kind is one of " + ", ".join(_KINDS))
    return Action(**fields)
