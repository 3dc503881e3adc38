"""Standard Webhooks: signed with a shared secret (v1) or a key pair (v1a).

v1 is HMAC-SHA256, written with the standard library, v1a Ed25519. The published library
knows v1 alone, lets bad headers escape as other exceptions than its own, and takes
fractions of a second for a timestamp; here whatever the headers hold ends in one and
the same refusal.

Source: Standard Webhooks, spec/standard-webhooks.md. Stricter on purpose: the
timestamp is digits only, the id printable ASCII without a full stop, each signature has
exactly one comma.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from config.settings import Secret, Settings
from service.bodies import LIMIT_BYTES, strict_json
from service.errors import NotAuthenticError
from service.sources.generic import read_generic
from service.sources.proof import key_of
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import Authn, SourceEvent

# Both ways: long enough for a sender's clock and retries, short for a stolen copy.
WINDOW_SECONDS: Final = 300
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
SHARED: Final = "whsec_"
PUBLIC: Final = "whpk_"


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
        return read_generic(
            part.body,
            source=self.name,
            event_key=part.key,
            now=now,
            authn=_authn(settings.sources.standard.secret),
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
    listed = _listed(signatures)
    if not any([_is_signed(signed, by, listed) for by in secrets]):  # noqa: C419 - a list compares every pair: the time taken tells nothing
        raise NotAuthenticError("signature")
    return message_id


def sign_v1(secret: Secret, signed: bytes) -> str:
    """Return the signature that a shared secret gives, as it stands in the header."""
    text = hmac.new(_bytes_of(secret, SHARED), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(text).decode()}"


def _listed(signatures: str) -> list[tuple[str, str]]:
    """Take the list apart: version and text of each; NotAuthenticError."""
    items = signatures.split(" ")
    if any(item.count(",") != 1 for item in items):
        raise NotAuthenticError("header")
    return [(version, text) for version, _, text in (i.partition(",") for i in items)]


def _is_signed(signed: bytes, by: Secret, listed: list[tuple[str, str]]) -> bool:
    """Tell whether one of the listed signatures is *by* this secret or public key."""
    if by.reveal().startswith(PUBLIC):
        key = Ed25519PublicKey.from_public_bytes(_bytes_of(by, PUBLIC))
        return any([_verifies(key, text, signed) for v, text in listed if v == "v1a"])  # noqa: C419 - as above
    expected = sign_v1(by, signed).removeprefix("v1,").encode()
    given = [text.encode("utf-8", "replace") for v, text in listed if v == "v1"]
    return any([hmac.compare_digest(one, expected) for one in given])  # noqa: C419 - as above


def _verifies(key: Ed25519PublicKey, text: str, signed: bytes) -> bool:
    try:
        key.verify(base64.b64decode(text, validate=True), signed)
    # ValueError: not ASCII. The library takes any length for a wrong signature.
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _bytes_of(secret: Secret, prefix: str) -> bytes:
    text = secret.reveal().removeprefix(prefix)
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _authn(secrets: Sequence[Secret]) -> Authn | None:
    """Tell how it was proven; None while one kind of key replaces the other."""
    kinds = {one.reveal().startswith(PUBLIC) for one in secrets}
    if len(kinds) != 1:
        return None
    return Authn.ED25519 if kinds.pop() else Authn.HMAC
