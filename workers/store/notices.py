"""Notices in the store: remembered, told on every channel, those that failed listed."""

import math
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.model import Channel
from workers.offboarding.notice import Notice, NoticeLine
from workers.offboarding.rooms import Rooms, id_in_room, in_room
from workers.offboarding.trial_notice import TRIAL
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.formats import refuse_newer

# The same finding is told once in this time.
REMEMBERED_SECONDS: Final = 90 * 86_400
# Longer than telling takes; who dies over it leaves it to the next after this.
_LEASE_SECONDS: Final = 60
# Whoever tries the channels looks right away; and a channel is no place for many.
_TRIAL_SECONDS: Final = 86_400
_BETWEEN_TRIALS_MS: Final = 10_000
_TURN: Final = f"{PREFIX}notices:turn"


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is to try the channels, and for how long."""

    notice_id: str
    ends_in_seconds: float


class Notices:
    """The outbox of what the channels are told outside of any case.

    *rooms* are those of accounts: what is about one account is told there, too.
    """

    def __init__(self, client: "redis.Redis", rooms: Rooms | None = None) -> None:
        self._client = client
        self._rooms = rooms or {}
        self._scripts = Scripts(client)

    def know(self, rooms: Rooms) -> None:
        """Take in which rooms there are now."""
        self._rooms = rooms

    def add(self, notice: Notice, channels: Iterable[Channel]) -> bool:
        """Have *channels* told of *notice*; False if it is remembered already.

        Without any channel nothing is remembered, so that it is told once there is one.
        The room of the account that it is about is told of it by a notice of its own,
        made before: who dies between the two makes both again.
        """
        mine = tuple(channels)
        room = self._rooms.get(notice.account_id)
        if mine and room is not None:
            self._add_in(notice.account_id, room, notice, REMEMBERED_SECONDS)
        return self._add(notice, mine, REMEMBERED_SECONDS)

    def add_trial(self, notice: Notice, channels: Iterable[Channel]) -> None:
        """Have *channels* and every room told of a trial; it is kept for a day."""
        for account_id, room in self._rooms.items():
            self._add_in(account_id, room, notice, _TRIAL_SECONDS)
        self._add(notice, channels, _TRIAL_SECONDS)

    def add_trial_in(self, account_id: str, notice: Notice) -> None:
        """Have the room of one account told of a trial, and nobody else."""
        room = self._rooms.get(account_id, ())
        self._add(notice, room, _TRIAL_SECONDS, account_id)

    @property
    def rooms(self) -> Rooms:
        """Return the rooms that are told."""
        return self._rooms

    def _add_in(
        self, account_id: str, room: tuple[Channel, ...], notice: Notice, ttl: int
    ) -> None:
        self._add(in_room(notice, account_id), room, ttl, account_id)

    def turn(self, notice_id: str) -> Turn:
        """Take the turn to try the channels, where nobody has it; tell who has."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(_TURN, notice_id, nx=True, px=_BETWEEN_TRIALS_MS)
            pipe.get(_TURN)
            pipe.pttl(_TURN)
            _, whose, left_ms = pipe.execute()
        return Turn(str(whose), max(int(left_ms), 0) / 1000)

    def _add(
        self, notice: Notice, channels: Iterable[Channel], ttl: int, room: str = ""
    ) -> bool:
        lines = {one: encode(NoticeLine(one, room=room)) for one in channels}
        if not lines:
            return False
        is_new = self._scripts.call(
            "notice_add",
            id=notice.id,
            op=uuid.uuid4().hex,
            notice=encode(notice),
            lines=lines,
            ttl=ttl,
        )
        return bool(is_new)

    def due(self, limit: int) -> list[tuple[str, Channel]]:
        """Take what is to be told now; nobody else gets it for a minute."""
        members = self._scripts.call(
            "notice_due", limit=limit, lease_ms=_LEASE_SECONDS * 1000
        )
        # What a newer version tells elsewhere stays due for it, and holds nothing up.
        return [_parts(member) for member in members if _is_ours(member)]

    def load(self, notice_id: str) -> Notice | None:
        """Read a notice; None once it is forgotten.

        Raises:
            NewerError: A newer version made it, and tells it.
        """
        with faults():
            found, made = self._client.hmget(
                f"{PREFIX}notice:{notice_id}", ["notice", "format"]
            )
        refuse_newer(None if made is None else str(made))
        return None if found is None else decode(str(found), Notice)

    def line(self, notice_id: str, channel: Channel) -> NoticeLine | None:
        """Read how far one channel is; None if it is not to be told of this."""
        found = self._read(notice_id, f"line:{channel}")
        return None if found is None else decode(found, NoticeLine)

    def lines(self, notice_id: str) -> tuple[NoticeLine, ...]:
        """Read how far every channel is, those of the rooms behind the others."""
        ids = [notice_id, *(id_in_room(notice_id, one) for one in sorted(self._rooms))]
        found = (self.line(each, one) for each in ids for one in Channel)
        return tuple(one for one in found if one is not None)

    def begin(self, notice_id: str, channel: Channel) -> int:
        """Count who begins to tell: this one, and all since the last word on it."""
        return int(self._scripts.call("notice_begin", id=notice_id, channel=channel))

    def put(self, notice_id: str, line: NoticeLine, again_at: datetime | None) -> None:
        """Write how a channel fared, and when it is told again; None: never.

        What was sent or failed stays so.
        """
        self._scripts.call(
            "notice_put",
            id=notice_id,
            channel=line.channel,
            line=encode(line),
            state=line.state,
            again_at=None if again_at is None else _millis(again_at),
            remembered_ms=REMEMBERED_SECONDS * 1000,
            is_trial=notice_id.startswith(TRIAL),
        )

    def waiting(self) -> int:
        """Count what is still to be told, each channel by itself."""
        with faults():
            return int(self._client.zcard(f"{PREFIX}notices:due"))

    def failed(self) -> list[tuple[str, Channel]]:
        """List what could not be told, oldest first: the last 90 days, at the least."""
        with faults():
            members = self._client.zrange(f"{PREFIX}notices:failed", 0, -1)
        return [_parts(str(member)) for member in members if _is_ours(str(member))]

    def failed_since(self, at: datetime) -> int:
        """Count what could not be told since a time, each channel by itself."""
        with faults():
            return int(
                self._client.zcount(f"{PREFIX}notices:failed", _millis(at), "+inf")
            )

    def _read(self, notice_id: str, part: str) -> str | None:
        with faults():
            found = self._client.hget(f"{PREFIX}notice:{notice_id}", part)
        return None if found is None else str(found)


def _millis(at: datetime) -> int:
    # Rounded up: never before the time that was asked for.
    return math.ceil(at.timestamp() * 1000)


def _is_ours(member: str) -> bool:
    return member.rpartition("|")[2] in set(Channel)


def _parts(member: str) -> tuple[str, Channel]:
    notice_id, _, channel = member.rpartition("|")
    return notice_id, Channel(channel)
