"""What Slack sent lately, by a digest of its signature: nothing is done twice.

It is noted before anything is done, so that a copy does nothing, whoever sends it; and
with its answer afterwards, sealed, so that a copy is told what came of it. Whose answer
is missing was perhaps cut off, and is told that.
"""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Final

import redis

from config.secret import Secret
from workers.store.connection import PREFIX, faults
from workers.store.own_key import OwnKey
from workers.store.sealing import Sealer

# Longer than a signature holds: 300 s before and behind its own time.
_LIFE_SECONDS: Final = 600
_DONE: Final = "done:"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a signature that came again; None: its first is not answered."""

    answer: str | None


class Presses:
    """Presses and commands of the last ten minutes."""

    def __init__(
        self, client: "redis.Redis", *, secret_key: Secret | None = None
    ) -> None:
        self._client = client
        self._sealer = Sealer(OwnKey(client, secret_key))

    def begin(self, signature: str) -> Known | None:
        """Note what is about to be done; None where it is new, and ours to do."""
        mine = f"begun:{uuid.uuid4().hex}"
        with faults():
            is_new = self._client.set(_key(signature), mine, nx=True, ex=_LIFE_SECONDS)
            found = mine if is_new else self._client.get(_key(signature))
        # Sent again after its answer was lost, the first finds itself there.
        if found == mine:
            return None
        return Known(self._answer(str(found or "")))

    def end(self, signature: str, answer: str) -> None:
        """Keep what was answered, for whoever sends the same again."""
        sealed = _DONE + self._sealer.seal(answer.encode())
        with faults():
            self._client.set(_key(signature), sealed, ex=_LIFE_SECONDS)

    def _answer(self, kept: str) -> str | None:
        if not kept.startswith(_DONE):
            return None
        plain = self._sealer.open(kept.removeprefix(_DONE))
        return None if plain is None else plain.decode()


def _key(signature: str) -> str:
    digest = hashlib.sha256(signature.encode("utf-8", "replace")).hexdigest()
    return f"{PREFIX}slack:press:{digest}"
