"""Cases that ended long ago: found without looking at the others, and removed.

``index:ended`` has every case that is over, by when it ended; the set ``traces`` of a
case names the keys outside of it that speak of it.
"""

import time
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.model import Case, Step, Work
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.work import member_of

_OURS: Final = f"{PREFIX}archiving"
# Longer than any turn; who dies over it leaves it to the next after this.
_TURN_SECONDS: Final = 120
# What is due for longer than this waits for workers that have enough to do.
_LATE_MS: Final = 2_000
_ON_TARGETS: Final = frozenset({Step.RESET, Step.VERIFY})
# An item comes with these alone; every other step has its case for an item.
_WITH_ITEMS: Final = _ON_TARGETS | {Step.DELIVER}


class OldCases:
    """Cases by when they ended. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def due(self, before: datetime, limit: int) -> list[str]:
        """Return ids of cases that ended before *before*, the longest ended first."""
        found = self._scripts.call(
            "old_cases", does="due", before_ms=_millis(before), limit=limit
        )
        return [str(one) for one in found]

    def put_off(self, case_id: str, at: datetime) -> None:
        """Have a case looked at again as if it had ended at *at*."""
        self._scripts.call("old_cases", does="put_off", id=case_id, at_ms=_millis(at))

    def length(self, case_id: str) -> int:
        """Count the entries of a case's ledger."""
        with faults():
            return int(self._client.llen(f"{PREFIX}case:{case_id}:ledger"))

    def remove(self, case: Case, entries: int) -> str:
        """Remove a case with every trace of it, if it is as it was read.

        Args:
            case: The case, with the revision it was read at.
            entries: How long its ledger was before it was read.

        Returns:
            ``removed``; ``gone`` where it was before; ``live`` where it is not over;
            ``work`` where something of it is still to be done; ``changed``.
        """
        targets = [one.target.id for one in case.targets]
        items = {
            **dict.fromkeys(_ON_TARGETS, targets),
            Step.DELIVER: [line.id for line in case.reports],
        }
        members = [
            member_of(Work(case.id, step, item))
            for step in Step
            for item in (items[step] if step in _WITH_ITEMS else [""])
        ]
        said: str = self._scripts.call(
            "old_cases",
            does="remove",
            id=case.id,
            rev=case.revision,
            entries=entries,
            members=members,
            targets=targets,
        )
        return said

    def drop(self, case_id: str) -> None:
        """Forget when a case ended that is not there."""
        asked = {"rev": -1, "entries": -1, "members": [], "targets": []}
        self._scripts.call("old_cases", does="remove", id=case_id, **asked)

    def begin(self) -> bool:
        """Take the turn; False while another worker has it, or after a failure."""
        with faults():
            return bool(
                self._client.set(f"{_OURS}:turn", "1", nx=True, ex=_TURN_SECONDS)
            )

    def end(self, *, rest_seconds: int = 0) -> None:
        """Give the turn back; nobody gets it for *rest_seconds*."""
        with faults():
            if rest_seconds:
                self._client.set(f"{_OURS}:turn", "1", ex=rest_seconds)
            else:
                self._client.delete(f"{_OURS}:turn")

    def is_busy(self) -> bool:
        """Tell whether other work waits for a worker."""
        late = int(time.time() * 1000) - _LATE_MS
        with faults():
            return bool(self._client.zcount(f"{PREFIX}due", "-inf", late))

    def failing_since(self, now: datetime) -> str:
        """Tell since when archiving fails: since *now* if it did not before."""
        with faults():
            self._client.set(f"{_OURS}:failing", now.isoformat(), nx=True)
            return str(self._client.get(f"{_OURS}:failing"))

    def works_again(self) -> None:
        """Write down that archiving does not fail any more."""
        with faults():
            self._client.delete(f"{_OURS}:failing")


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
