"""Ed25519, known here alone: a key that signs, and whether a signature holds.

What holds is told by the public key alone, and nothing made of that can sign.
"""

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from config.secret import Secret


def new_seed() -> str:
    """Make the seed of a new key: 32 bytes in hex."""
    return secrets.token_hex(32)


class SigningKey:
    """A key that signs evidence; implements the domain's ``Signer``."""

    def __init__(self, seed: Secret) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.reveal()))
        self._public = self._key.public_key().public_bytes_raw().hex()

    @property
    def public_key(self) -> str:
        """Return the public key, its 32 bytes in hex."""
        return self._public

    def sign(self, message: bytes) -> str:
        """Return the signature of *message*, its 64 bytes in hex."""
        return self._key.sign(message).hex()


def signature_holds(public_key: str, message: bytes, signature: str) -> bool:
    """Tell whether *signature* is that key's of *message*; both are given in hex."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
