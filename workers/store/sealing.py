"""Bodies sealed before they are stored: encrypted, and proven unchanged when opened.

The key is derived from OFFBOARD_SECRET_KEY; without one it is made once and kept in the
store, where it protects copies of single values and no copy of the whole store.
"""

import base64

import redis
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.secret import Secret
from workers.store.connection import PREFIX, faults

_KEY = f"{PREFIX}intake:key"


class Sealer:
    """Seals and opens; its key is found at its first use."""

    def __init__(self, client: "redis.Redis", secret: Secret | None) -> None:
        self._client = client
        self._secret = secret
        self._own: Fernet | None = None

    def seal(self, plain: bytes) -> str:
        """Seal *plain* under the key that holds now."""
        if self._own is None:
            self._own = self._made()
        return self._own.encrypt(plain).decode()

    def open(self, sealed: str) -> bytes | None:
        """Open what was sealed; None where it was under a key that is gone."""
        for each in self._all():
            try:
                return each.decrypt(sealed)
            except InvalidToken:
                continue
        return None

    def _made(self) -> Fernet:
        if self._secret is not None:
            return Fernet(_derived(self._secret.reveal()))
        with faults():
            # The first of all processes makes it; the others take that one.
            self._client.set(_KEY, Fernet.generate_key().decode(), nx=True)
            return Fernet(str(self._client.get(_KEY)))

    def _all(self) -> list[Fernet]:
        """Return every key there is: the setting may have come after the store's."""
        with faults():
            kept = self._client.get(_KEY)
        found = [Fernet(_derived(self._secret.reveal()))] if self._secret else []
        return [*found, Fernet(str(kept))] if kept else found


def _derived(secret: str) -> bytes:
    # The setting serves other ends too: what it is for is part of the key.
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"offboard intake 1")
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
