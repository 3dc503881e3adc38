"""Answers that Slack gets later, by an address of its own: kept until they are sent.

Such an address lets anybody answer in Slack, so it is sealed, with what is to be said.
Slack takes five answers within half an hour; what is not sent by then is given up.
"""

import uuid
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import redis

from config.secret import Secret
from workers.offboarding.model import Leaver
from workers.store.codec import decode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.own_key import OwnKey
from workers.store.sealing import Sealer

_LIFE_SECONDS: Final = 1800
# Who keeps it sends it at once; if that is lost, the sweep finds it after this.
_FIRST_SECONDS: Final = 2
# Taken by the sweep and sent: if that is lost, it is sent again after this.
_SENT_SECONDS: Final = 20
# Who dies over it leaves it to the next after this.
_SAYING_SECONDS: Final = 20
_READING_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Late:
    """What is to be answered, and where.

    Attributes:
        response_url: Slack's address for it: a secret.
        body: What is sent; None where the gate is to be asked first.
        leaver: Whom the gate is asked about.
        user: The same, as whoever asks named them.
        is_viewer: Whether whoever asks may not hear of departures that are to come.
    """

    response_url: str
    body: dict[str, Any] | None = None
    leaver: Leaver | None = None
    user: str = ""
    is_viewer: bool = True


@dataclass(frozen=True, slots=True)
class Claimed:
    """An answer that is this worker's for a while; ``late`` None: its key is gone."""

    id: str
    token: str
    tries: int
    late: Late | None


class LateAnswers:
    """The answers that wait."""

    def __init__(
        self, client: "redis.Redis", *, secret_key: Secret | None = None
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._sealer = Sealer(OwnKey(client, secret_key))

    def keep(self, late: Late) -> str:
        """Keep an answer until it is sent; return its id."""
        late_id = uuid.uuid4().hex
        seconds = _SAYING_SECONDS if late.leaver is None else _READING_SECONDS
        self._call(
            "keep",
            id=late_id,
            box=self._sealer.seal(msgspec.json.encode(late)),
            lease_ms=seconds * 1000,
            life_ms=_LIFE_SECONDS * 1000,
            first_ms=_FIRST_SECONDS * 1000,
        )
        return late_id

    def due(self, limit: int) -> list[str]:
        """Take the answers to be sent now; nobody else gets them for a while."""
        taken = self._call("take", limit=limit, sent_ms=_SENT_SECONDS * 1000)
        return [str(one) for one in taken]

    def claim(self, late_id: str) -> Claimed | None:
        """Take one for this worker; None if it is another's, or over."""
        token = uuid.uuid4().hex
        tries = self._call("claim", id=late_id, token=token)
        if not tries:
            return None
        with faults():
            box = self._client.hget(f"{PREFIX}late:{late_id}", "box")
        plain = None if box is None else self._sealer.open(str(box))
        late = None if plain is None else decode(plain, Late)
        return Claimed(late_id, token, int(tries), late)

    def again(self, claimed: Claimed, seconds: float, *, is_try: bool = True) -> None:
        """Have it sent again later; it was no try where nothing was sent."""
        self._call(
            "again",
            id=claimed.id,
            token=claimed.token,
            wait_ms=int(seconds * 1000),
            is_try=is_try,
        )

    def done(self, late_id: str) -> None:
        """Let an answer go that is sent, or given up."""
        self._call("done", id=late_id)

    def _call(self, does: str, **asked: Any) -> Any:  # noqa: ANN401 - a script's answer
        return self._scripts.call("late", does=does, **asked)
