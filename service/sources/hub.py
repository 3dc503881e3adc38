"""The generic body signed as GitHub signs: HMAC-SHA256 over the body, and no timestamp.

A copy of a delivery is therefore as good as the first; what makes it harmless is the
``id`` in the body, which is part of what is signed. ``X-Hub-Signature``, made with
SHA-1, proves nothing here.

Source: GitHub Docs, "Validating webhook deliveries".
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from config.settings import Settings
from service.bodies import LIMIT_BYTES
from service.errors import NotAuthenticError
from service.sources.own_id import part_of, read_with_id
from service.sources.proof import demand_signature
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import Authn, SourceEvent

HEADER: Final = "X-Hub-Signature-256"
_SIGNATURE: Final = re.compile(r"sha256=[0-9a-f]{64}")


class Hub(Source):
    """The source ``hub``."""

    name = "hub"
    limit_bytes = LIMIT_BYTES
    is_strict = True

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the signature over the raw bytes; the body's own id is the key."""
        given = delivery.headers.get(HEADER.lower(), "")
        if not _SIGNATURE.fullmatch(given):
            raise NotAuthenticError("header")
        demand_signature(
            given.encode("ascii"),
            settings.sources.hub.secret,
            lambda key: sign(key, delivery.raw),
        )
        return [part_of(self.name, delivery.raw)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the generic body."""
        return read_with_id(
            part, source=self.name, now=now, authn=Authn.HMAC, or_timestamp=True
        )


def sign(key: bytes, raw: bytes) -> bytes:
    """Return what the header holds for these bytes."""
    return b"sha256=" + hmac.new(key, raw, hashlib.sha256).hexdigest().encode()
