"""Standard Webhooks, played: v1 with the shared secret, v1a with ``--key``."""

import base64
import json
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service.sources.samples.generic import samples_in
from service.sources.samples.sample import Asked, Outgoing
from service.sources.standard import SHARED, sign_v1

_NEEDED: Final = (
    "The service has public keys alone: give --key, the sender's private key"
    " (Ed25519, as PEM or whsk_…)."
)


def _signed(asked: Asked, event_id: str, body: dict[str, Any]) -> Outgoing:
    raw = json.dumps(body).encode()
    stamp = str(int(asked.at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": _signature(asked, f"{event_id}.{stamp}.".encode() + raw),
    }
    return Outgoing("/events/standard", raw, headers)


def _signature(asked: Asked, signed: bytes) -> str:
    if asked.signing_key is not None:
        text = _private_key(asked.signing_key).sign(signed)
        return f"v1a,{base64.b64encode(text).decode()}"
    for secret in asked.settings.sources.standard.secret:
        if secret.reveal().startswith(SHARED):
            return sign_v1(secret, signed)
    raise ValueError(_NEEDED)


def _private_key(text: str) -> Ed25519PrivateKey:
    text = text.strip()
    try:
        if text.startswith("whsk_"):
            both = base64.b64decode(text.removeprefix("whsk_") + "==")
            return Ed25519PrivateKey.from_private_bytes(both[:32])
        key = load_pem_private_key(text.encode(), None)
    # TypeError: it has a passphrase.
    except (ValueError, TypeError):
        raise ValueError(_NEEDED) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(_NEEDED)  # noqa: TRY004 - what a sample lacks is one kind of error
    return key


SAMPLES: Final = samples_in(_signed)
