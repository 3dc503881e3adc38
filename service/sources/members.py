"""What a member of a sender's JSON holds, whatever stands there. Knows no source."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError

from service.sources.proof import key_of
from service.words import email_of

_LONGEST: Final = 255


def object_at(body: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the object at *path*; an empty one where there is none."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text_at(body: Mapping[str, Any], *path: str) -> str:
    """Return the text at *path* exactly as it came; empty where there is no plain one.

    Plain is what is printable and has 255 characters at most: nothing longer is a name,
    an id or a word of a protocol.
    """
    *above, last = path
    found = object_at(body, *above).get(last)
    if not isinstance(found, str) or len(found) > _LONGEST or not found.isprintable():
        return ""
    return found


def emails_in(*texts: str) -> tuple[str, ...]:
    """Return those of *texts* that are e-mails, lower-cased, each once."""
    found = []
    for text in texts:
        try:
            found.append(email_of(text))
        except ValidationError:
            continue
    return tuple(dict.fromkeys(found))


def key_by_content(source: str, element: object) -> str:
    """Make the key of an element that brought none: its repeat has the same."""
    text = json.dumps(element, sort_keys=True, ensure_ascii=True)
    return key_of(source, "sha256", hashlib.sha256(text.encode()).hexdigest())
