"""What a planning that looks again has seen already, so that it is not read anew.

One account that cannot be seen would otherwise have all others read at each look, and
use up what IBM Cloud grants to every departure. In one process and for a few minutes:
whoever does not find it looks at everything. Another process may have planned in
between, so a view is given out only where it was asked for as much.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from workers.offboarding.model import Scope
from workers.offboarding.view import View

_LIFE: Final = timedelta(minutes=5)
# Views are large where accounts are; whoever is dropped looks at everything.
_CASES: Final = 32


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was seen, since when, for which scope, and which targets were not read."""

    began: datetime
    scope: Scope | None
    known: frozenset[str]
    views: dict[str, View]


class KeptViews:
    """Views by case; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def of(
        self,
        case_id: str,
        at: datetime,
        scope: Scope | None = None,
        known: Collection[str] = (),
    ) -> dict[str, View] | None:
        """Return what a case has seen whole, by account; None if it did not look.

        What was seen for another *scope* counts for nothing, nor what left out a target
        that is not *known* any more: a joined departure or a retry asks for more.
        """
        with self._lock:
            kept = self._kept.get(case_id)
        if kept is None or at - kept.began > _LIFE:
            return None
        is_enough = kept.scope == scope and kept.known.issubset(known)
        return dict(kept.views) if is_enough else None

    def keep(
        self,
        case_id: str,
        at: datetime,
        views: Sequence[View],
        scope: Scope | None = None,
        known: Collection[str] = (),
    ) -> None:
        """Keep views of a look that began at *at*, until the case has planned.

        Args:
            case_id: Whose planning it is.
            at: When the look began.
            views: What it saw whole.
            scope: What it was narrowed to.
            known: Ids of targets whose owners it did not read.
        """
        by_account = {one.account_id: one for one in views}
        with self._lock:
            before = self._kept.pop(case_id, None)
            # The life counts from the first look.
            began = at if before is None else before.began
            kept = _Kept(began, scope, frozenset(known), by_account)
            self._kept[case_id] = kept
            while len(self._kept) > _CASES:
                del self._kept[next(iter(self._kept))]

    def drop(self, case_id: str) -> None:
        """Forget what a case has seen: it looks no more, or for something else."""
        with self._lock:
            self._kept.pop(case_id, None)
