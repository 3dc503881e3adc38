"""The generic body with an id at its top, of senders whose envelope carries none.

Without an id a repeat could not be told from a second event, so it is demanded.
"""

import hashlib
from datetime import datetime
from typing import Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length

from service.bodies import strict_json
from service.sources.generic import read_generic
from service.sources.proof import key_of
from service.sources.source import Part
from service.words import said
from workers.offboarding.heard import Authn, SourceEvent


class OwnId(Schema):
    """The sender's own id of an event; the same in a repeat."""

    class Meta:
        """The rest is the generic body's."""

        unknown = EXCLUDE

    id = fields.String(required=True, validate=[Length(1, 255), said])


_OWN_ID: Final = OwnId()


def part_of(source: str, raw: bytes) -> Part:
    """Make the one part of a delivery; MalformedError.

    Where the id cannot be used, the key is one of the content, so that what is kept
    for a person to see is kept once.
    """
    body = strict_json(raw)
    if _OWN_ID.validate(body):
        return Part(key_of(source, "sha256", hashlib.sha256(raw).hexdigest()), body)
    return Part(key_of(source, body["id"]), body)


def read_with_id(
    part: Part, *, source: str, now: datetime, authn: Authn
) -> SourceEvent:
    """Read a generic body that has its id.

    Raises:
        ValidationError: It has none, or says nothing we can act on.
    """
    faults = _OWN_ID.validate(part.body)
    if faults:
        raise ValidationError(faults)
    return read_generic(
        part.body, source=source, event_key=part.key, now=now, authn=authn
    )
