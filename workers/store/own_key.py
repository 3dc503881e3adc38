"""The service's own key, from which one for each end is derived.

It is OFFBOARD_SECRET_KEY; without one it is made once and kept in the store, where it
protects copies of single values and no copy of the whole store.
"""

import base64

import redis
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.secret import Secret
from workers.store.connection import PREFIX, faults

# What it is called goes back to its first use; a store in use has it under this name.
_KEY = f"{PREFIX}intake:key"


class OwnKey:
    """Derives keys; where they come from is found at the first use."""

    def __init__(self, client: "redis.Redis", secret: Secret | None) -> None:
        self._client = client
        self._secret = secret

    def for_sessions(self) -> bytes:
        """Return the 32 bytes by which people's sessions are signed."""
        secret = self._secret.reveal() if self._secret else self.made().decode()
        return derived(secret, b"offboard sessions 1")

    def made(self) -> bytes:
        """Return the store's own, making it where there is none, as Fernet wants it."""
        with faults():
            # The first of all processes makes it; the others take that one.
            self._client.set(_KEY, Fernet.generate_key().decode(), nx=True)
            return str(self._client.get(_KEY)).encode()

    def kept(self) -> bytes | None:
        """Return the store's own, if one was ever made."""
        with faults():
            found = self._client.get(_KEY)
        return str(found).encode() if found else None

    def given(self) -> bytes | None:
        """Return the key for sealing that the setting gives, if it is set."""
        if self._secret is None:
            return None
        plain = derived(self._secret.reveal(), b"offboard intake 1")
        return base64.urlsafe_b64encode(plain)


def derived(secret: str, purpose: bytes) -> bytes:
    """Derive 32 bytes: what they are for is part of the key."""
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
