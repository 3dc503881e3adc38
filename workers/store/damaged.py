"""Cases of which something cannot be read: listed when it is met, and told of."""

from collections.abc import Mapping, Sequence
from typing import Final

import redis
import structlog

from workers.offboarding.errors import StoreAwayError
from workers.store.connection import PREFIX, faults
from workers.store.formats import NewerError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_MET: Final = f"{PREFIX}damaged"
_TOLD: Final = f"{PREFIX}damaged:told"
_MENDS: Final = f"{PREFIX}damaged:mends"


class Damaged:
    """The list of them, by case id; who reads a case, or its ledger, puts it there."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def met_unread(self, unread: Mapping[str, Exception]) -> None:
        """List cases by why each could not be read, but what a newer version wrote.

        That is no damage: it is read by that version, and told of to nobody.
        """
        newer = {one for one, why in unread.items() if isinstance(why, NewerError)}
        for case_id, why in unread.items():
            # No traceback: it would show the case.
            if case_id in newer:
                log.warning("case.of_newer_version", case_id=case_id)
            else:
                log.error("case.damaged", case_id=case_id, fault=str(why))
        self.met([one for one in unread if one not in newer])

    def met(self, case_ids: Sequence[str]) -> None:
        """List cases; best effort, since what can be read is to be read all the same.

        A store that takes no write may be read still.
        """
        if not case_ids:
            return
        try:
            with faults():
                self._client.sadd(_MET, *case_ids)
        except StoreAwayError as error:
            log.warning("case.damage_not_noted", fault=str(error))

    def listed(self) -> list[str]:
        """List the ids of those that were met and not mended since."""
        with faults():
            return sorted(str(one) for one in self._client.smembers(_MET))

    def mended(self, case_ids: Sequence[str]) -> None:
        """Take cases off the list; damaged anew, they are told of anew."""
        if case_ids:
            with faults(), self._client.pipeline(transaction=True) as pipe:
                pipe.srem(_MET, *case_ids)
                pipe.srem(_TOLD, *case_ids)
                pipe.incr(_MENDS)
                pipe.execute()

    def mends(self) -> int:
        """Count how often cases were taken off the list: each begins a new telling."""
        with faults():
            return int(self._client.get(_MENDS) or 0)

    def untold(self) -> list[str]:
        """List those that nobody was told of yet."""
        with faults():
            return sorted(str(one) for one in self._client.sdiff([_MET, _TOLD]))

    def told(self, case_ids: Sequence[str]) -> None:
        """Write down that people were told of these."""
        with faults():
            self._client.sadd(_TOLD, *case_ids)
