"""Standard Webhooks, version 1: signed by HMAC-SHA256 with a shared secret.

Written with the standard library. The published library lets bad headers escape as
other exceptions than its own, and takes fractions of a second for a timestamp; here
whatever the headers hold ends in one and the same refusal.

Source: Standard Webhooks, spec/standard-webhooks.md. Stricter on purpose: the
timestamp is digits only, the id printable ASCII without a full stop, each signature has
exactly one comma.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from config.settings import Secret, Settings
from service.bodies import LIMIT_BYTES, strict_json
from service.errors import NotAuthenticError
from service.sources.generic import read_generic
from service.sources.proof import key_of
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import SourceEvent

# Both ways: long enough for a sender's clock and retries, short for a stolen copy.
WINDOW_SECONDS: Final = 300
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class Standard(Source):
    """The source ``standard``."""

    name = "standard"
    limit_bytes = LIMIT_BYTES
    is_strict = True

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the signature over the raw bytes; the message's id is the key."""
        secrets = settings.sources.standard.secret
        message_id = authenticate(delivery.headers, delivery.raw, secrets, delivery.at)
        return [Part(key_of(self.name, message_id), strict_json(delivery.raw))]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the generic body."""
        return read_generic(part.body, source=self.name, event_key=part.key, now=now)


def authenticate(
    headers: Mapping[str, str], raw: bytes, secrets: tuple[Secret, ...], now: datetime
) -> str:
    """Return the id of a message that one of *secrets* signed, within the window.

    Args:
        headers: By lower-case name. A message under the ``svix-`` names is one too.
        raw: The body as it came; never one that was parsed and written again.
        secrets: Those active now; two while one replaces the other.
        now: Our clock.

    Raises:
        NotAuthenticError: Whatever is wrong; ``cause`` is for our log alone.
    """
    prefix = "webhook-" if "webhook-id" in headers else "svix-"
    message_id, timestamp, signatures = (
        headers.get(f"{prefix}{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise NotAuthenticError("header")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise NotAuthenticError("timestamp")
    signed = f"{message_id}.{timestamp}.".encode("ascii") + raw
    expected = [_signature(_key(secret), signed) for secret in secrets]
    given = _version_1(signatures)
    if not any([hmac.compare_digest(a, b) for a in given for b in expected]):  # noqa: C419 - a list compares every pair: the time taken tells nothing
        raise NotAuthenticError("signature")
    return message_id


def _version_1(signatures: str) -> list[bytes]:
    items = signatures.split(" ")
    if any(item.count(",") != 1 for item in items):
        raise NotAuthenticError("header")
    pairs = [item.split(",") for item in items]
    return [
        text.encode("utf-8", "replace") for version, text in pairs if version == "v1"
    ]


def _key(secret: Secret) -> bytes:
    text = secret.reveal().removeprefix("whsec_")
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
