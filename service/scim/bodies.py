"""The body of a SCIM request: strict JSON, in bounds, its keys made plain.

Attribute names have no case and may carry the schema they belong to; here each is said
in one way, so that what follows need not know the others.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from service.bodies import strict_json, whole_body
from service.scim.errors import ScimError
from service.scim.resources import CORE, ENTERPRISE

_DEEPEST: Final = 12
_MOST_VALUES: Final = 2000
# Ours to say: a client's word on them is passed over (RFC 7643 section 3.1), since
# clients send back what they were given.
_OURS: Final = frozenset({"id", "meta", "groups", "schemas"})


def read_body() -> dict[str, Any]:
    """Return the body as one JSON object.

    Raises:
        UnsupportedMediaType: It is said to be anything but JSON. Okta's own examples
            say nothing, which is taken for JSON.
        MalformedError: It is not.
        ScimError: ``invalidSyntax``: nested too deep, too many values, or one
            attribute twice.
    """
    kind = request.mimetype
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType
    body = strict_json(whole_body())
    refuse_odd(body)
    return body


def refuse_odd(value: object) -> None:
    """Let a JSON value pass whose size and keys hold no surprise.

    Raises:
        ScimError: ``invalidSyntax``.
    """
    left, level = [value], 0
    seen = 0
    while left:
        level, seen = level + 1, seen + len(left)
        if level > _DEEPEST or seen > _MOST_VALUES:
            raise ScimError("invalidSyntax")
        below: list[object] = []
        for one in left:
            if isinstance(one, dict):
                if len({name.casefold() for name in one}) != len(one):
                    raise ScimError("invalidSyntax")
                below += one.values()
            elif isinstance(one, list):
                below += one
        left = below


def plain_resource(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource whose core attributes stand at the top, without their schema.

    Raises:
        ScimError: ``invalidSyntax``: one attribute twice.
    """
    found: dict[str, Any] = {}
    for key, value in body.items():
        name = without_core(key)
        if name == "" and isinstance(value, dict):
            inner = plain_resource(value)
        elif name.casefold() == ENTERPRISE.casefold():
            # The extension named, and nothing of it said.
            inner = {ENTERPRISE: value} if value is not None else {}
        else:
            inner = {name: value}
        for each, one in inner.items():
            if each.casefold() in {known.casefold() for known in found}:
                raise ScimError("invalidSyntax")
            if each.casefold() not in _OURS:
                found[each] = one
    return found


def without_core(name: str) -> str:
    """Return an attribute's name without the core schema's; empty if it is that."""
    if name.casefold() == CORE.casefold():
        return ""
    prefix = f"{CORE}:"
    if name.casefold().startswith(prefix.casefold()):
        return name[len(prefix) :]
    return name
