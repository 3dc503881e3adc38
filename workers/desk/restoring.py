"""A restored store at the desk: what was found, and which cases are due in it."""

from datetime import datetime
from typing import Final

from workers.offboarding.model import Case, CaseStatus
from workers.offboarding.restored import SOON, Found, Restored
from workers.store.cases import Cases
from workers.store.restored import Restorations

_SHOWN: Final = 200
_LIVE: Final = (CaseStatus.OPEN, CaseStatus.WAITING)
_READ_AT_MOST: Final = 1_000


class Restoring:
    """What is known of a restored store. Every method raises StoreAwayError."""

    def __init__(self, cases: Cases, restorations: Restorations) -> None:
        self._cases = cases
        self._restorations = restorations
        self.told = restorations.told

    def is_restored(self) -> bool:
        """Tell whether everything is paused since the store may be an old copy."""
        return self.found() is not None

    def found(self) -> Found | None:
        """Return what was found and is not confirmed yet."""
        return self._restorations.found()

    def restored(self, *, with_scheduled: bool = True) -> Restored | None:
        """Tell what was found, and what is due; None for a sound store.

        Args:
            with_scheduled: Whether the caller may see who leaves on a later day.
        """
        found = self.found()
        if found is None:
            return None
        due = self._due(found)
        held_back = self._restorations.held_back()
        whole = Restored(
            found, due[:_SHOWN], max(0, len(due) - _SHOWN), held_back=held_back
        )
        return whole if with_scheduled else whole.without_confidential()

    def _due(self, found: Found) -> tuple[Case, ...]:
        """Read what is under way and what begins within a day, oldest first."""
        ids = {
            each
            for status in _LIVE
            for each in self._cases.ids(status=status, limit=_READ_AT_MOST)
        }
        soon = self._restorations.planned_until(found.at + SOON, _READ_AT_MOST)
        cases = self._cases.load_all(sorted(ids.union(soon)))
        live = (*_LIVE, CaseStatus.SCHEDULED)
        return tuple(sorted((one for one in cases if one.status in live), key=_start))


def _start(case: Case) -> tuple[datetime, str]:
    return case.starts_at, case.id
