"""A settings file in TOML: read, held against its schema, each fault with its path.

No fault holds a value: a key may have been pasted where it does not belong.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Range

_NEEDED: Final = "Needed."
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LINE: Final = re.compile(r"at line (\d+)")

Fault = tuple[str, str]
"""A path such as ``account[1].name``, and the sentence about it."""


class Strict(Schema):
    """A table that knows its settings and refuses every other."""

    error_messages = {  # noqa: RUF012 - marshmallow reads it from the class
        "unknown": "There is no such setting.",
        "type": "Must be a table.",
    }


def line(*checks: Callable[[str], Any], needed: bool = False) -> fields.String:
    """Declare a text of one line."""
    return fields.String(
        required=needed,
        validate=[_one_line, *checks],
        error_messages={"required": _NEEDED, "invalid": "Write it in quotes."},
    )


def lines(*checks: Callable[[str], Any]) -> fields.List[Any]:
    """Declare a list of such texts."""
    return fields.List(
        line(*checks),
        validate=_not_empty,
        error_messages={"invalid": "Write it as a list, in brackets."},
    )


def whole_number(low: int, high: int) -> fields.Integer:
    """Declare a whole number within bounds."""
    fault = f"Give a whole number from {low} to {high}."
    return fields.Integer(
        strict=True,
        validate=Range(low, high, error=fault),
        error_messages={"invalid": fault, "too_large": fault},
    )


def tables(
    schema: type[Strict], heading: str, *, needed: bool = False
) -> fields.List[Any]:
    """Declare a list of tables, each written under its own *heading*."""
    return fields.List(
        fields.Nested(schema),
        required=needed,
        validate=_not_empty,
        error_messages={"required": _NEEDED, "invalid": f"Write it as {heading}."},
    )


def _one_line(text: str) -> None:
    if not text or text != text.strip() or not text.isprintable():
        raise ValidationError("Needs one line of text, without blanks around it.")


def _not_empty(entries: list[Any]) -> None:
    # Of what a key may own, nothing would be a strange wish and everything a strange
    # reading of it.
    if not entries:
        raise ValidationError("Name at least one, or leave it out.")


def load(
    path: Path, schema: Strict, check: Callable[[Mapping[str, Any]], Iterable[Fault]]
) -> dict[str, Any]:
    """Read a file as *schema* says.

    Args:
        path: The file.
        schema: What may stand in it.
        check: Finds in what was written the faults that no single table shows.

    Raises:
        ValidationError: A sentence where it is no TOML, else every fault by its path.
    """
    raw = _parsed(path)
    loaded: dict[str, Any] = {}
    found: list[Fault] = []
    try:
        loaded = schema.load(raw)
    except ValidationError as error:
        found += _walk("", error.messages)
    faults: dict[str, list[str]] = {}
    for where, sentence in (*found, *check(raw)):
        faults.setdefault(where, []).append(sentence)
    if faults:
        raise ValidationError(faults)
    return loaded


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote the file.
        found = _LINE.search(str(error))
        where = f"see line {found[1]}" if found else "see its last line"
        raise ValidationError(f"Not TOML: {where}.") from None
    except (OSError, ValueError):
        raise ValidationError("The file cannot be read.") from None


def entries_of(table: Mapping[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the tables that were written under *name*, numbered.

    What is not a table there is left out: the schema says that it is none.
    """
    entries = table.get(name)
    return [
        (index, entry)
        for index, entry in enumerate(entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    ]


def twice(table: Mapping[str, Any], entries: str, name: str) -> Iterator[Fault]:
    """Find the entries whose *name* an earlier one has."""
    first: dict[str, int] = {}
    for index, entry in entries_of(table, entries):
        text = entry.get(name)
        if isinstance(text, str) and first.setdefault(text, index) != index:
            yield (
                f"{entries}[{index}].{name}",
                f"The same as that of {entries}[{first[text]}].",
            )


def _walk(path: str, said: Any) -> Iterator[Fault]:  # noqa: ANN401 - marshmallow's own
    if isinstance(said, dict):
        for key, inner in said.items():
            yield from _walk(_below(path, key), inner)
    else:
        yield path, " ".join(dict.fromkeys(said))


def _below(path: str, key: object) -> str:
    if key == "_schema":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    # What is not even a name may be a secret that lost its place.
    name = str(key) if _NAME.fullmatch(str(key)) else "(an odd name)"
    return f"{path}.{name}" if path else name
