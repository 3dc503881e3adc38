"""The generic body with an id at its top, of senders whose envelope carries none.

Without an id a repeat could not be told from a second event, so it is demanded.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length

from service.bodies import strict_json
from service.sources.generic import read_generic
from service.sources.proof import key_of
from service.sources.source import Part
from service.words import said
from workers.offboarding.heard import Authn, SourceEvent, UnreadableError
from workers.offboarding.times import moment_of


class OwnId(Schema):
    """The sender's own id of an event; the same in a repeat."""

    class Meta:
        """The rest is the generic body's."""

        unknown = EXCLUDE

    id = fields.String(required=True, validate=[Length(1, 255), said])


_OWN_ID: Final = OwnId()


def part_of(source: str, raw: bytes) -> Part:
    """Make the one part of a delivery; MalformedError.

    Where the id cannot be used, the key is one of the content, so that a repeat is the
    same event all the same.
    """
    body = strict_json(raw)
    if _OWN_ID.validate(body):
        return Part(key_of(source, "sha256", hashlib.sha256(raw).hexdigest()), body)
    return Part(key_of(source, body["id"]), body)


def read_with_id(
    part: Part,
    *,
    source: str,
    now: datetime,
    authn: Authn,
    or_timestamp: bool = False,
) -> SourceEvent:
    """Read a generic body that has its id.

    Args:
        part: The body.
        source: Who sent it.
        now: Our clock.
        authn: How it was proven.
        or_timestamp: Whether its ``timestamp`` will do: the bytes are signed, so the
            same bytes are the same event, and another time makes them others.

    Raises:
        ValidationError: It has none, or says nothing we can act on.
    """
    is_named = or_timestamp and "id" not in part.body and _has_timestamp(part.body)
    faults = {} if is_named else _OWN_ID.validate(part.body)
    if faults:
        raise ValidationError(faults)
    return read_generic(
        part.body, source=source, event_key=part.key, now=now, authn=authn
    )


def _has_timestamp(body: Mapping[str, Any]) -> bool:
    try:
        moment_of(body.get("timestamp"))
    except UnreadableError:
        return False
    return True
