"""The OpenAPI document in the words of a page: routes, fields, answers, a call to copy.

It takes the document as programs get it, so that the page cannot promise another thing.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from service.pages.api_fields import (
    Field,
    Ref,
    Schema,
    field_of,
    fields_of,
    kind_of,
    name_of,
)

_METHODS: Final = ("get", "post", "put", "patch", "delete", "options")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers where nothing is wrong."""

    status: str
    about: str
    kind: tuple[str | Ref, ...]
    fields: tuple[Field, ...]
    headers: tuple[Field, ...]
    example: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. ``errors`` are the statuses of its problems."""

    id: str
    method: str
    path: str
    role: str
    summary: str
    about: str
    given: tuple[Field, ...]
    body: tuple[Field, ...]
    needs_body: bool
    answers: tuple[Answer, ...]
    errors: tuple[str, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """Routes that belong together."""

    name: str
    about: str
    routes: tuple[Route, ...]


def groups_of(document: Schema) -> list[Group]:
    """Return every route of the document, in the order of its tags."""
    by_tag: dict[str, list[Route]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                made = _route(document, path, method, item)
                by_tag.setdefault(item[method]["tags"][0], []).append(made)
    return [
        Group(tag["name"], tag["description"], tuple(by_tag.get(tag["name"], ())))
        for tag in document["tags"]
    ]


def objects_of(document: Schema) -> dict[str, tuple[Field, ...]]:
    """Return the fields of each object that the document names."""
    named = document["components"]["schemas"]
    return {name: tuple(fields_of(named[name])) for name in sorted(named)}


def _route(document: Schema, path: str, method: str, item: Schema) -> Route:
    said = item[method]
    given = [*item.get("parameters", ()), *said.get("parameters", ())]
    body = said.get("requestBody", {})
    media = _media(body)
    return Route(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        role=said["x-role"],
        summary=said.get("summary", ""),
        about=said.get("description", "").replace("``", ""),
        given=tuple(_given(one) for one in given),
        body=tuple(fields_of(_resolved(document, media.get("schema", {})))),
        needs_body=bool(body.get("required")),
        answers=tuple(_answers(said["responses"])),
        errors=tuple(one for one in said["responses"] if int(one) >= 400),
        curl=_curl(path, method, said, given, media.get("example")),
    )


def _media(holder: Schema) -> Schema:
    found: Schema = next(iter(holder.get("content", {}).values()), {})
    return found


def _answers(responses: Schema) -> Iterator[Answer]:
    for status, said in responses.items():
        if int(status) < 400:
            media = _media(said)
            schema, example = media.get("schema", {}), media.get("example")
            yield Answer(
                status,
                said["description"],
                kind_of(schema),
                tuple(fields_of(schema)),
                tuple(_headers(said.get("headers", {}))),
                None if example is None else json.dumps(example, indent=2),
            )


def _headers(headers: Schema) -> Iterator[Field]:
    for name, said in headers.items():
        yield field_of(name, {**said["schema"], **said}, is_required=False)


def _resolved(document: Schema, schema: Schema) -> Schema:
    name = name_of(schema)
    found: Schema = document["components"]["schemas"][name] if name else schema
    return found


def _given(one: Schema) -> Field:
    schema = {**one["schema"], "description": one.get("description", "")}
    made = field_of(one["name"], schema, is_required=bool(one.get("required")))
    return replace(made, where=one["in"])


def _curl(
    path: str, method: str, said: Schema, given: list[Schema], example: object
) -> str:
    examples = {one["name"]: one["schema"].get("example") for one in given}
    filled = re.sub(
        r"\{(\w+)\}", lambda one: examples.get(one[1]) or one[1].upper(), path
    )
    words = ["curl", "-sS"]
    if method != "get":
        words += ["-X", method.upper()]
    if said["security"]:
        words += ["-H", '"Authorization: Bearer $OFFBOARD_TOKEN"']
    if example is not None:
        words += ["-H", "'Content-Type: application/json'"]
        words += ["-d", shlex.quote(json.dumps(example))]
    return " ".join([*words, f'"$OFFBOARD_URL{filled}"'])
