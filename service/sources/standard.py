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
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from config.settings import Secret, Settings
from service.bodies import strict_json
from service.errors import NotAuthenticError
from service.sources.generic import read_generic
from workers.offboarding.model import Event

# Both ways: long enough for a sender's clock and retries, short for a stolen copy.
WINDOW_SECONDS: Final = 300
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class Standard:
    """The source ``standard``."""

    name = "standard"

    def is_on(self, settings: Settings) -> bool:
        """Tell whether it has a secret."""
        return bool(settings.source_standard_secret)

    def read(
        self,
        request_headers: Mapping[str, str],
        raw: bytes,
        settings: Settings,
        now: datetime,
    ) -> Event:
        """Check the signature over the raw bytes, then read the generic body."""
        message_id = authenticate(
            request_headers, raw, settings.source_standard_secret, now
        )
        return read_generic(
            strict_json(raw),
            source=self.name,
            event_key=f"{self.name}:{message_id}",
            now=now,
        )


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
