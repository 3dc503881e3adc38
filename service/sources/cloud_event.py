"""One CloudEvent in its two forms, and what of it is the generic body. Knows no sender.

Source: CloudEvents 1.0, HTTP protocol binding and JSON event format.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from marshmallow import ValidationError

from service.bodies import strict_json
from service.errors import MalformedError

VERSION: Final = "1.0"
_REQUIRED: Final = ("id", "source", "specversion", "type")
_KEPT: Final = (*_REQUIRED, "time", "data", "data_base64")


def structured(raw: bytes) -> dict[str, Any]:
    """Read an event whose attributes are in the body; MalformedError."""
    return demanded(strict_json(raw))


def binary(headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
    """Read an event whose attributes are in the headers; MalformedError."""
    event: dict[str, Any] = {
        name: _decoded(headers[f"ce-{name}"])
        for name in (*_REQUIRED, "time")
        if f"ce-{name}" in headers
    }
    return demanded(event) | {"data": strict_json(raw)}


def demanded(event: object) -> dict[str, Any]:
    """Return what we need of an event that has all it must have; MalformedError."""
    if not isinstance(event, dict):
        raise MalformedError
    needed = [event.get(name) for name in _REQUIRED]
    if not all(isinstance(one, str) and one for one in needed):
        raise MalformedError
    if event["specversion"] != VERSION:
        raise MalformedError
    return {name: event[name] for name in _KEPT if name in event}


def generic_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generic body that an event carries; ValidationError."""
    body = {"type": event["type"], "timestamp": event.get("time")}
    if "data_base64" in event:
        body["data"] = _unpacked(event)
    elif "data" in event:
        body["data"] = event["data"]
    return body


def native_key(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return source and id, so written that no two pairs look alike in one line."""
    own = event["id"].replace("%", "%25").replace(":", "%3A")
    return event["source"], own


def _unpacked(event: Mapping[str, Any]) -> dict[str, Any]:
    if "data" in event:
        raise ValidationError({"data_base64": ["Give it or data, not both."]})
    try:
        return strict_json(base64.b64decode(event["data_base64"], validate=True))
    # TypeError: it is no text.
    except (MalformedError, binascii.Error, TypeError, ValueError):
        fault = {"data_base64": ["Give a JSON object in base64."]}
        raise ValidationError(fault) from None


def _decoded(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise MalformedError
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise MalformedError from None
