"""Request bodies: how large, of which type, and strictly JSON. Knows no schema."""

import json
from typing import Any, Final

from flask import request
from werkzeug.exceptions import (
    LengthRequired,
    RequestEntityTooLarge,
    ServiceUnavailable,
    UnsupportedMediaType,
)

from service.errors import MalformedError

LIMIT_BYTES: Final = 64 * 1024
# So that whatever writes it again later, deeper in some call, can do so.
_DEEPEST: Final = 100


def refuse_unmeasured(limit_bytes: int = LIMIT_BYTES) -> None:
    """Turn a body away whose length is unknown (411) or too large (413).

    A chunked body is refused whole: some servers cut it off at the limit without a
    word, and half a body must never be taken for the whole.
    """
    asked = request._get_current_object()  # type: ignore[attr-defined]  # of the proxy, whose type hides it
    if "HTTP_TRANSFER_ENCODING" in asked.environ:
        raise LengthRequired("Send the body with a Content-Length.")
    asked.max_content_length = limit_bytes
    if (asked.content_length or 0) > limit_bytes:
        raise RequestEntityTooLarge(f"A body may have {limit_bytes} bytes.")


def whole_body() -> bytes:
    """Return the body as it came; 503 where it ended before its length.

    A connection that was hung up on ends so. Half a body proves nobody, and a sender
    that is told so may never send the event again.
    """
    raw = request.get_data()
    if len(raw) < (request.content_length or 0):
        raise ServiceUnavailable("The body did not arrive whole. Send it again.")
    return raw


def read_json_bytes() -> bytes:
    """Return the body as it came; 415 unless it is JSON, or nothing at all."""
    raw = whole_body()
    if not request.is_json and (raw or request.content_type):
        raise UnsupportedMediaType("Send the body as application/json.")
    return raw


def strict_json(raw: bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        MalformedError: Not UTF-8, not JSON, not an object at the top, a repeated key,
            NaN or Infinity in any spelling (1e999 too), half a surrogate pair, or
            nested deeper than 100 levels.
    """
    value = _strict(raw)
    if not isinstance(value, dict):
        raise MalformedError
    return value


def strict_json_list(raw: bytes) -> list[Any]:
    """Parse one JSON list, as strictly; MalformedError."""
    value = _strict(raw)
    if not isinstance(value, list):
        raise MalformedError
    return value


def _strict(raw: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repeats)
        # Writing it again finds what reading lets through: NaN, Infinity, 1e999 and
        # lone surrogates.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise MalformedError from error
    if _is_deep(value):
        raise MalformedError
    return value


def _is_deep(value: object) -> bool:
    """Tell whether something lies deeper than anybody nests who means it."""
    level = [value]
    for _ in range(_DEEPEST):
        held = [one for one in level if isinstance(one, dict | list)]
        level = [
            inner
            for one in held
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError
    return found
