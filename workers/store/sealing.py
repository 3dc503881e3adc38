"""Bodies sealed before they are stored: encrypted, and proven unchanged when opened."""

from cryptography.fernet import Fernet, InvalidToken

from workers.store.own_key import OwnKey


class Sealer:
    """Seals and opens; its key is found at its first use."""

    def __init__(self, own_key: OwnKey) -> None:
        self._own_key = own_key
        self._own: Fernet | None = None

    def seal(self, plain: bytes) -> str:
        """Seal *plain* under the key that holds now."""
        if self._own is None:
            self._own = Fernet(self._own_key.given() or self._own_key.made())
        return self._own.encrypt(plain).decode()

    def open(self, sealed: str) -> bytes | None:
        """Open what was sealed; None where it was under a key that is gone."""
        for each in self._all():
            try:
                return each.decrypt(sealed)
            except InvalidToken:
                continue
        return None

    def _all(self) -> list[Fernet]:
        """Return every key there is: the setting may have come after the store's."""
        every = (self._own_key.given(), self._own_key.kept())
        return [Fernet(one) for one in every if one]
