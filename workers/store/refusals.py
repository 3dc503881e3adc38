"""Which channels refuse for good what they are told, until they take something."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import redis
import structlog

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Channel
from workers.offboarding.refusals import Refusal
from workers.store.codec import CANNOT_BE_READ, decode, encode
from workers.store.connection import PREFIX, faults

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KEY: Final = f"{PREFIX}channels:refusing"
# Between a channel and the account whose room it is; no channel's name has one.
_IN: Final = "@"


class Refusals:
    """One record a channel that refuses; none for a channel that does not.

    A *room* is named by its account; empty: the service's own channel.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def listed(self) -> Mapping[Channel, Refusal]:
        """Return the service's own channels that refuse; StoreAwayError."""
        found = self._all().items()
        return {channel: one for (channel, room), one in found if not room}

    def in_rooms(self) -> Mapping[tuple[Channel, str], Refusal]:
        """Return the rooms that refuse, by channel and account; StoreAwayError."""
        return {place: one for place, one in self._all().items() if place[1]}

    def _all(self) -> dict[tuple[Channel, str], Refusal]:
        with faults():
            found = self._client.hgetall(_KEY)
        known = {str(one) for one in Channel}
        mine: dict[tuple[Channel, str], Refusal] = {}
        for name, text in found.items():
            channel, _, room = str(name).partition(_IN)
            if channel in known:
                try:
                    mine[Channel(channel), room] = decode(text, Refusal)
                except CANNOT_BE_READ:
                    continue
        return mine

    def refused(
        self, channel: Channel, code: str, at: datetime, room: str = ""
    ) -> None:
        """Note that a channel refused; the first time with a code counts.

        Best effort: the report's own line says it too.
        """
        try:
            before = self._all().get((channel, room))
            if before is not None and before.code == code:
                return
            with faults():
                self._client.hset(_KEY, _name(channel, room), encode(Refusal(code, at)))
        except StoreAwayError as error:
            log.warning("channel.refusal_not_noted", fault=str(error))

    def took(self, channel: Channel, room: str = "") -> None:
        """Note that a channel took something; best effort."""
        try:
            with faults():
                self._client.hdel(_KEY, _name(channel, room))
        except StoreAwayError as error:
            log.warning("channel.refusal_not_noted", fault=str(error))

    def told(self, channel: Channel, refusal: Refusal, room: str = "") -> None:
        """Write down that people were told, where it is this refusal still."""
        if self._all().get((channel, room)) == refusal:
            with faults():
                told = replace(refusal, is_told=True)
                self._client.hset(_KEY, _name(channel, room), encode(told))


def _name(channel: Channel, room: str) -> str:
    return f"{channel}{_IN}{room}" if room else str(channel)
