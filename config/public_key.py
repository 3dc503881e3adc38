"""A public key that proves signatures: its PEM, refused at start unless it is one."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from marshmallow import ValidationError

_SHORTEST_BITS: Final = 2048


def public_key(raw: str) -> str:
    """Read the PEM of an RSA public key; its newlines may be written as in JSON.

    Raises:
        ValidationError: Something else, a private key too, or one that is too short.
    """
    pem = raw.replace("\\n", "\n").strip()
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValidationError("Give an RSA public key as PEM.") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SHORTEST_BITS:
        raise ValidationError(f"Give an RSA key of {_SHORTEST_BITS} bits or more.")
    return pem
