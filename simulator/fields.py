"""What a control route's body may hold: known fields of their type. Knows no route."""

from collections.abc import Mapping
from typing import Any

Kinds = type | tuple[type, ...]


def checked(
    given: Mapping[str, object], fields: Mapping[str, Kinds], needed: set[str]
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


def words(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Answer a list of texts; an absent one is empty.

    Raises:
        ValueError: It is no list, or something in it is no text.
    """
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is a list of texts")
    return tuple(value)
