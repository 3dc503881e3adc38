"""One line of evidence, taken apart: it is exactly what it should be, or it is nothing.

Every byte of a line is either hashed, signed, or held here to the one form it can have.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from workers.offboarding.evidence import FORMAT, VERSION, canonical, fingerprint_of

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_KEY: Final = re.compile(r"ed25519:[0-9a-f]{32}")
_CASE: Final = re.compile(r"[0-9A-Z]{1,26}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)

Is = Callable[[object], bool]


class BadLineError(ValueError):
    """A line is not what evidence has; the message says what is amiss."""


def _text(pattern: re.Pattern[str]) -> Is:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _count(value: object) -> bool:
    return type(value) is int and 0 < value < 2**53


def _fields(value: object) -> bool:
    return isinstance(value, Mapping)


def _keys(value: object) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    is_hex = all(isinstance(one, str) and _HEX.fullmatch(one) for one in value.values())
    return is_hex and all(fingerprint_of(one) == name for name, one in value.items())


def _exactly(wanted: object) -> Is:
    return lambda value: type(value) is type(wanted) and value == wanted


_SIGNED: Final[dict[str, Is]] = {
    "at": _text(_MOMENT),
    "key": _text(_KEY),
    "signature": _text(_SIGNATURE),
}
_HEADER: Final[dict[str, Is]] = {
    "format": _exactly(FORMAT),
    "version": _exactly(VERSION),
    "keys": _keys,
}
_SHAPES: Final[dict[str, dict[str, Is]]] = {
    "header case": {**_HEADER, "about": _exactly("case"), "case": _text(_CASE)},
    "header register": {**_HEADER, "about": _exactly("register")},
    "entry": {"n": _count, "entry": _fields, "hash": _text(_HEX)},
    "head": {
        "case": _text(_CASE),
        "n": _count,
        "hash": _text(_HEX),
        "items": _count,
        "items_hash": _text(_HEX),
        **_SIGNED,
    },
    "item": {
        "seq": _count,
        "case": _text(_CASE),
        "n": _count,
        "case_hash": _text(_HEX),
        "prev": _text(_HEX),
        "at": _text(_MOMENT),
    },
    "register": {"count": _count, "hash": _text(_HEX), **_SIGNED},
}


def line_of(raw: bytes) -> dict[str, Any]:
    """Take a line apart.

    Raises:
        BadLineError: It is not exactly a line of evidence.
    """
    if not raw.endswith(b"\n"):
        raise BadLineError("the line is cut off")
    if raw.endswith(b"\r\n"):
        raise BadLineError("its line end was changed to CR LF, as mail and git may do")
    found = _object(raw[:-1])
    kind = found.get("kind")
    name = f"header {found.get('about')}" if kind == "header" else kind
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise BadLineError("it is no line that evidence has")
    unknown = sorted(found.keys() - shape.keys() - {"kind"})
    missing = sorted(shape.keys() - found.keys())
    if unknown or missing:
        raise BadLineError(f"fields do not fit: {', '.join([*unknown, *missing])}")
    wrong = [name for name, fits in shape.items() if not fits(found[name])]
    if wrong:
        raise BadLineError(f"what it says does not fit: {', '.join(wrong)}")
    return found


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        found = json.loads(text, parse_constant=_refused)
        is_same = isinstance(found, dict) and canonical(found) == text
    except (ValueError, RecursionError):
        raise BadLineError("it cannot be read") from None
    if not is_same:
        raise BadLineError("it is not in the one form that evidence has")
    return dict(found)


def _refused(name: str) -> object:
    raise BadLineError(f"{name} is no value")
