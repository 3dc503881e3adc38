"""When something was last done for a case, read for many cases at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.model import CaseStatus, Entry
from workers.offboarding.stuck import Still
from workers.store.codec import CANNOT_BE_READ, decode
from workers.store.connection import PREFIX, faults
from workers.store.damaged import Damaged

_TOLD: Final = f"{PREFIX}stuck:told"
# Those that stand still now, by when that was last seen, in ms.
_STUCK: Final = f"{PREFIX}stuck"
# Since the last one: what is forgotten then is told once more.
_REMEMBERED_SECONDS: Final = 90 * 86_400


class Progress:
    """Walks the cases of a status from the oldest, a page at a time."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._damaged = Damaged(client)

    def oldest(self, status: CaseStatus, *, after: str, limit: int) -> list[str]:
        """List case ids of a status, oldest first, that come after *after*."""
        start = f"({after}" if after else "-"
        index = f"{PREFIX}index:status:{status}"
        with faults():
            found = self._client.zrangebylex(index, start, "+", 0, limit)
        return [str(one) for one in found]

    def untold(self, stills: Sequence[Still]) -> list[Still]:
        """Return those that nobody was told of yet."""
        with faults():
            told = self._client.hmget(_TOLD, [one.case_id for one in stills] or [""])
        pairs = zip(stills, told, strict=False)
        return [one for one, said in pairs if said != _mark(one)]

    def told(self, stills: Sequence[Still]) -> None:
        """Write down that people were told of these."""
        with faults():
            self._client.hset(
                _TOLD, mapping={one.case_id: _mark(one) for one in stills}
            )
            self._client.expire(_TOLD, _REMEMBERED_SECONDS)

    def stuck(self, limit: int) -> list[str]:
        """List ids of cases that stood still when they were last looked at.

        The one that was not looked at for longest comes first.
        """
        with faults():
            found = self._client.zrange(_STUCK, 0, limit - 1)
        return [str(one) for one in found]

    def looked_at(
        self, case_ids: Sequence[str], stills: Sequence[Still], at: datetime
    ) -> None:
        """Write down which of the cases that were looked at stand still."""
        still = {one.case_id: round(at.timestamp() * 1000) for one in stills}
        on = [one for one in case_ids if one not in still]
        with faults(), self._client.pipeline(transaction=True) as pipe:
            if on:
                pipe.zrem(_STUCK, *on)
            if still:
                pipe.zadd(_STUCK, still)
            pipe.execute()

    def last_entries(self, case_ids: Sequence[str]) -> dict[str, Entry]:
        """Read the last entry of each ledger; a case without any is left out.

        So is one whose last entry cannot be read, which is listed for people.
        """
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for each in case_ids:
                pipe.lindex(f"{PREFIX}case:{each}:ledger", -1)
            lines = pipe.execute()
        found, damaged = dict[str, Entry](), list[str]()
        for each, line in zip(case_ids, lines, strict=True):
            try:
                found |= {each: decode(line, Entry)} if line else {}
            except CANNOT_BE_READ:
                damaged.append(each)
        self._damaged.met(damaged)
        return found


def _mark(one: Still) -> str:
    return one.since.isoformat()
