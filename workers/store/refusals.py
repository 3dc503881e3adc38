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


class Refusals:
    """One record a channel that refuses; none for a channel that does not."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def listed(self) -> Mapping[Channel, Refusal]:
        """Return the channels that refuse; StoreAwayError."""
        with faults():
            found = self._client.hgetall(_KEY)
        known = {str(one) for one in Channel}
        mine: dict[Channel, Refusal] = {}
        for name, text in found.items():
            if str(name) in known:
                try:
                    mine[Channel(str(name))] = decode(text, Refusal)
                except CANNOT_BE_READ:
                    continue
        return mine

    def refused(self, channel: Channel, code: str, at: datetime) -> None:
        """Note that a channel refused; the first time with a code counts.

        Best effort: the report's own line says it too.
        """
        try:
            before = self.listed().get(channel)
            if before is not None and before.code == code:
                return
            with faults():
                self._client.hset(_KEY, channel, encode(Refusal(code, at)))
        except StoreAwayError as error:
            log.warning("channel.refusal_not_noted", fault=str(error))

    def took(self, channel: Channel) -> None:
        """Note that a channel took something; best effort."""
        try:
            with faults():
                self._client.hdel(_KEY, channel)
        except StoreAwayError as error:
            log.warning("channel.refusal_not_noted", fault=str(error))

    def told(self, channel: Channel, refusal: Refusal) -> None:
        """Write down that people were told, where it is this refusal still."""
        if self.listed().get(channel) == refusal:
            with faults():
                told = replace(refusal, is_told=True)
                self._client.hset(_KEY, channel, encode(told))
