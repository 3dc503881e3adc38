"""What can happen to a call that goes wrong.

Knows not when it happens (``faults``) nor how it is done (``gate``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "status", "drop_before", "drop_after", "delay", "delay_after", "truncate"
]
_ACTION_FIELDS: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "code": int,
    "body": str,
    "headers": Mapping,
    "content_type": str,
    "seconds": (int, float),
    "bytes": int,
}
_KINDS = ("status", "drop_before", "drop_after", "delay", "delay_after", "truncate")


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a call; made by the functions below."""

    kind: Kind
    code: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    seconds: float = 0.0
    bytes: int = 0


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


def action_from_json(given: Mapping[str, object]) -> Action:
    """Read an action from a JSON object with the fields' names.

    Raises:
        ValueError: ``kind`` is none of ours, or a field is unknown or of a wrong type.
    """
    fields = checked(given, _ACTION_FIELDS, {"kind"})
    if fields["kind"] not in _KINDS:
        raise ValueError("action.kind is one of " + ", ".join(_KINDS))
    return Action(**fields)


def checked(
    given: Mapping[str, object],
    fields: Mapping[str, type | tuple[type, ...]],
    needed: set[str],
) -> dict[str, Any]:
    """Answer an object's fields, if all are known, of their type, and none is missing.

    Raises:
        ValueError: It names the faulty fields.
    """
    faulty = [
        name
        for name in sorted(given.keys() | needed)
        if name not in fields or not isinstance(given.get(name), fields[name])
    ]
    if faulty:
        raise ValueError("missing, unknown or of a wrong type: " + ", ".join(faulty))
    return dict(given)
