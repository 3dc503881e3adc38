"""One field, or one kind of value, of the OpenAPI document in words."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from service.words import NO_CONTROLS_PATTERN

Schema = Mapping[str, Any]

_LIMITS: Final = {
    "minLength": "length at least {}",
    "maxLength": "length at most {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}


@dataclass(frozen=True, slots=True)
class Ref:
    """An object that has a section of its own."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, an object or a request."""

    name: str
    kind: tuple[str | Ref, ...]
    is_required: bool
    about: str
    limits: str
    pattern: str | None
    where: str = ""


def fields_of(schema: Schema) -> Iterator[Field]:
    """Return the fields of an object."""
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield field_of(name, inner, is_required=name in required)


def field_of(name: str, schema: Schema, *, is_required: bool) -> Field:
    """Put one field into words: what it is, what it means, how far it goes."""
    limits = [
        text.format(schema[key]) for key, text in _LIMITS.items() if key in schema
    ]
    if "default" in schema and schema["default"] is not None:
        limits.append(f"else {json.dumps(schema['default'])}")
    pattern = schema.get("pattern")
    if pattern == NO_CONTROLS_PATTERN:
        limits.append("no control characters")
    return Field(
        name,
        kind_of(schema),
        is_required,
        schema.get("description", ""),
        ", ".join(limits),
        None if pattern == NO_CONTROLS_PATTERN else pattern,
    )


def kind_of(schema: Schema) -> tuple[str | Ref, ...]:
    """Say what a value is, in words and names of objects."""
    name = name_of(schema)
    if name:
        return (Ref(name),)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return _joined([kind_of(one) for one in schema[word]])
    if "enum" in schema:
        return (" or ".join(json.dumps(one) for one in schema["enum"]),)
    types = schema.get("type", "object")
    several = types if isinstance(types, list) else [types]
    return _joined([_plain(one, schema) for one in several])


def _plain(one: str, schema: Schema) -> tuple[str | Ref, ...]:
    if one == "array":
        return "list of ", *kind_of(schema.get("items", {}))
    known = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    if schema.get("format") == "date-time" and one == "string":
        return ("time",)
    return (known.get(one, one),)


def _joined(kinds: list[tuple[str | Ref, ...]]) -> tuple[str | Ref, ...]:
    found: list[str | Ref] = []
    for kind in kinds:
        found += [" or ", *kind] if found else kind
    return tuple(found)


def name_of(schema: Schema) -> str | None:
    """Return the name of the object that *schema* points to, if it does."""
    return schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None
