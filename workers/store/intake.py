"""Deliveries that wait in the store: for their look-up, or for people, in quarantine.

What a delivery says is sealed, and so are its key and its hint; beside that stands what
may be listed: its source, its reason, its times. A record is found by its event's key
through a digest of it.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import redis
from ulid import ULID

from config.secret import Secret
from workers.offboarding.heard import Hint, Unreadable
from workers.offboarding.intake import (
    WARNED_AHEAD,
    Kept,
    KeptBody,
    KeptState,
)
from workers.store.codec import decode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.kinds import Kinds, millis_of, moment_of
from workers.store.own_key import OwnKey
from workers.store.sealing import Sealer

# Longer than a look-up takes; who dies over it leaves it to the next after this.
LEASE_SECONDS: Final = 120
# Who stores it sends it at once; if that is lost, the sweep finds it after this.
_FIRST_SECONDS: Final = 2
# Taken by the sweep and sent: if that is lost, it is sent again after this.
_SENT_SECONDS: Final = 60
# Left by a worker that has enough of them, it is sent again after this.
_BUSY_SECONDS: Final = 2
_LISTED: Final = (
    "source",
    "state",
    "reason",
    "text",
    "received_at",
    "expires_at",
    "size",
    "digest",
)
_IN_QUARANTINE: Final = {KeptState.QUARANTINE: True, KeptState.EXPIRED: True}
_ANY: Final = {**_IN_QUARANTINE, KeptState.LOOK_UP: True}


@dataclass(frozen=True, slots=True)
class _Box:
    """What is sealed of a delivery."""

    key: str
    body: dict[str, Any]
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class LookUp:
    """A look-up that is this worker's for a while.

    Attributes:
        hint: What is to be looked up; None where it was sealed with a key that is gone.
        waits_since: When it began to wait.
        begun: How many workers began it since the last word on it, this one included.
    """

    id: str
    source: str
    hint: Hint | None
    waits_since: datetime
    tries: int
    begun: int
    token: str


class Deliveries:
    """The deliveries that wait."""

    def __init__(
        self,
        client: "redis.Redis",
        *,
        secret_key: Secret | None = None,
        life: timedelta = timedelta(days=30),
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._sealer = Sealer(OwnKey(client, secret_key))
        self._life = life
        # What is told of them as kinds, and counted, has a file of its own.
        kinds = Kinds(client)
        self.untold, self.told = kinds.untold, kinds.told
        self.running_out, self.warned = kinds.running_out, kinds.warned
        self.counts = kinds.counts

    def keep_look_up(self, hint: Hint, body: Mapping[str, Any], at: datetime) -> str:
        """Keep an event until it is looked up; return its id, a repeat's as well.

        One that was given up and comes again is looked up again.
        """
        fields = {"state": KeptState.LOOK_UP, "since": millis_of(at), "tries": "0"}
        return self._keep(hint.source, hint.event_key, body, hint, fields, at)

    def keep_unreadable(
        self,
        source: str,
        key: str,
        body: Mapping[str, Any],
        reason: Unreadable,
        text: str,
        at: datetime,
    ) -> str:
        """Keep a delivery that cannot be acted on; return its id, a repeat's as well.

        Of a repeat the reason is the last one; when its body ends stays as it was. Who
        came under a key of somebody else's stands by what it says, too.
        """
        fields = self._quarantine(reason, text, at)
        # Under its key another event is known, which is no word about this one.
        is_another = reason is Unreadable.KEY_REUSED
        name = name_of(f"{key} {_digest(body)}") if is_another else None
        return self._keep(source, key, body, None, fields, at, name=name)

    def _keep(
        self,
        source: str,
        key: str,
        body: Mapping[str, Any],
        hint: Hint | None,
        fields: Mapping[str, str],
        at: datetime,
        *,
        name: str | None = None,
    ) -> str:
        name = name or name_of(key)
        raw = msgspec.json.encode(body)
        box = msgspec.json.encode(_Box(key, dict(body), hint))
        kept_id = self._call(
            "keep",
            id=str(ULID.from_datetime(at)),
            event=name,
            first_ms=_FIRST_SECONDS * 1000,
            fields={
                **fields,
                "name": name,
                "source": source,
                "received_at": millis_of(at),
                "size": str(len(raw)),
                "digest": _digest(body),
                "box": self._sealer.seal(box),
            },
        )
        return str(kept_id)

    def _quarantine(
        self, reason: Unreadable, text: str, at: datetime
    ) -> dict[str, str]:
        ahead = min(WARNED_AHEAD, self._life / 2)
        return {
            "state": KeptState.QUARANTINE,
            "reason": reason,
            "text": text,
            "expires_at": millis_of(at + self._life),
            "warn_at": millis_of(at + self._life - ahead),
        }

    def resolved(self, key: str) -> bool:
        """Let the delivery of an event go that was acted on; tell if there was one.

        Raises:
            StoreAwayError: It may still be there; a repeat of the event takes it.
        """
        with faults():
            kept_id = self._client.hget(f"{PREFIX}deliveries:names", name_of(key))
        return kept_id is not None and self.let_go(str(kept_id))

    def let_go(self, kept_id: str) -> bool:
        """Let the delivery of this id go; tell if there was one."""
        return self._remove(kept_id, _ANY)

    def drop(self, kept_id: str) -> bool:
        """Let a delivery in quarantine go; False if there is none of this id."""
        return self._remove(kept_id, _IN_QUARANTINE)

    def _remove(self, kept_id: str, only: Mapping[KeptState, bool]) -> bool:
        gone = self._call("remove", id=kept_id, op=uuid.uuid4().hex, only=dict(only))
        return bool(gone)

    def page(self, after: str | None = None, limit: int = 100) -> tuple[Kept, ...]:
        """List what is in quarantine, oldest first, from behind the id *after* on."""
        first = f"({after}" if after else "-"
        with faults():
            ids = self._client.zrangebylex(
                f"{PREFIX}quarantine", first, "+", start=0, num=limit
            )
        return self._load_all([str(one) for one in ids])

    def load(self, kept_id: str) -> Kept | None:
        """Read one that is in quarantine; None if there is none of this id."""
        found = self._load_all([kept_id])
        return found[0] if found else None

    def _load_all(self, ids: list[str]) -> tuple[Kept, ...]:
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in ids:
                pipe.hmget(f"{PREFIX}delivery:{one}", _LISTED)
            rows = pipe.execute()
        pairs = zip(ids, rows, strict=True)
        # What a newer version keeps for a reason of its own is listed by that.
        return tuple(
            _kept(one, row)
            for one, row in pairs
            if row[1] in _IN_QUARANTINE and row[2] in set(Unreadable)
        )

    def open(self, kept_id: str) -> KeptBody | None:
        """Open what a delivery says; None where it was removed, or its key is gone."""
        with faults():
            found = self._client.hmget(f"{PREFIX}delivery:{kept_id}", ["source", "box"])
        source, sealed = found
        box = self._opened(sealed)
        return KeptBody(str(source), box.key, box.body) if box else None

    def _opened(self, sealed: object) -> _Box | None:
        plain = self._sealer.open(str(sealed)) if sealed is not None else None
        return None if plain is None else decode(plain, _Box)

    def due(self, limit: int) -> list[str]:
        """Take the look-ups to be sent now; nobody else gets them for a minute."""
        taken = self._call("take", limit=limit, lease_ms=_SENT_SECONDS * 1000)
        return [str(one) for one in taken]

    def claim(self, kept_id: str) -> LookUp | None:
        """Take one look-up for this worker; None if it is another's, or over."""
        token = uuid.uuid4().hex
        begun = self._call(
            "claim", id=kept_id, token=token, lease_ms=LEASE_SECONDS * 1000
        )
        if not begun:
            return None
        with faults():
            found = self._client.hmget(
                f"{PREFIX}delivery:{kept_id}", ["source", "since", "tries", "box"]
            )
        source, since, tries, sealed = found
        if since is None:
            return None
        box = self._opened(sealed)
        return LookUp(
            kept_id,
            str(source),
            box.hint if box else None,
            moment_of(str(since)),
            int(tries or 0),
            int(begun),
            token,
        )

    def again(self, look_up: LookUp, at: datetime) -> None:
        """Have a look-up made again at *at*, unless another worker has it by now."""
        self._call(
            "again",
            id=look_up.id,
            token=look_up.token,
            tries=str(look_up.tries + 1),
            at=int(millis_of(at)),
        )

    def busy(self, kept_id: str) -> None:
        """Have a look-up sent again soon: this worker has enough of them."""
        self._call("busy", id=kept_id, wait_ms=_BUSY_SECONDS * 1000)

    def fail(
        self, look_up: LookUp, reason: Unreadable, text: str, at: datetime
    ) -> bool:
        """Give a look-up up, to quarantine; False if another has it, or it is over."""
        fields = self._quarantine(reason, text, at)
        done = self._call("fail", id=look_up.id, token=look_up.token, fields=fields)
        return bool(done)

    def done(self, look_up: LookUp) -> None:
        """Let a look-up go that is made."""
        self._remove(look_up.id, {KeptState.LOOK_UP: True})

    def expire(self, now: datetime, limit: int = 1000) -> int:
        """Remove the bodies whose time is over; each stays listed as expired."""
        gone = self._call("expire", until_ms=int(millis_of(now)), limit=limit)
        return len(gone)

    def _call(self, does: str, **asked: Any) -> Any:  # noqa: ANN401 - a script's answer
        return self._scripts.call("intake", does=does, **asked)


def name_of(key: str) -> str:
    """Name what is kept of an event: a digest of its key, which may name a person."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


def _kept(kept_id: str, row: Sequence[str | None]) -> Kept:
    source, state, reason, text, received, expires, size, digest = row
    return Kept(
        id=kept_id,
        source=source or "",
        state=KeptState(state or ""),
        reason=Unreadable(reason or ""),
        text=text or "",
        received_at=moment_of(received),
        expires_at=moment_of(expires),
        size=int(size or 0),
        digest=digest or "",
    )
