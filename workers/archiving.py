"""Archiving: cases whose time is over go to a file, and then out of the store.

The file is whole and on the disk before anything is removed; who dies between the two
writes the same file again. What is not over in every respect stays.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from workers.offboarding.archive_notice import unwritable, written_beside
from workers.offboarding.errors import CaseDamagedError, NoSuchCaseError
from workers.offboarding.model import Case, CaseKind, CaseStatus, Channel, ReportState
from workers.store.archive import Archive, ArchiveError
from workers.store.backfill import Backfill
from workers.store.cases import Cases
from workers.store.graph import GraphMemory
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.old_cases import OldCases

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Of one turn, which also ends after some seconds: other work wants the worker.
_AT_ONCE: Final = 200
_LONGEST_SECONDS: Final = 15.0
# What cannot go yet is looked at again after this.
_LATER: Final = timedelta(days=1)
_REST_SECONDS: Final = 600
# Whose users have a state besides their name.
GRAPH: Final = "entra_graph"
_OVER: Final = frozenset({CaseStatus.SETTLED, CaseStatus.CANCELLED})


class Packs(Protocol):
    """The evidence of a case as one file."""

    def pack_of(self, case_id: str) -> Iterator[str]:
        """Give the lines of a case's evidence, the same each time."""

    def is_sealed(self, case_id: str) -> bool:
        """Tell whether all of its evidence is signed."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """Archives and removes what is old.

    Attributes:
        life: How long a case is kept after its end.
        sources: The names of the sources that may have taught us ids of people.
    """

    old: OldCases
    cases: Cases
    backfill: Backfill
    packs: Packs
    archive: Archive
    names: KnownNames
    graph: GraphMemory
    notices: Notices
    channels: tuple[Channel, ...]
    sources: tuple[str, ...]
    life: timedelta
    clock: Callable[[], datetime]

    def look(self) -> None:
        """Archive what is old, some of it at a time; other work goes first.

        Raises:
            StoreAwayError: What is not removed yet is archived anew at a later turn.
        """
        if self.old.is_busy() or not self.old.begin():
            return
        rest = 0
        try:
            if self.backfill.go_on():
                self._archive_some()
        except ArchiveError as error:
            rest = _REST_SECONDS
            self._tell(str(error))
        finally:
            self.old.end(rest_seconds=rest)

    def _archive_some(self) -> None:
        ends = time.monotonic() + _LONGEST_SECONDS
        now = self.clock()
        archived: list[tuple[Case, int]] = []
        try:
            for case_id in self.old.due(now - self.life, _AT_ONCE):
                if time.monotonic() > ends:
                    break
                found = self._archived(case_id, now)
                archived += [found] if found else []
        finally:
            # Also what came before a fault: it is in its files.
            self._remove(archived, now)

    def _archived(self, case_id: str, now: datetime) -> tuple[Case, int] | None:
        """Write one case to its file, if nothing is left to be done for it."""
        # Counted first: what is written after this is missed by nobody.
        entries = self.old.length(case_id)
        try:
            case = self.cases.load(case_id)
        except NoSuchCaseError:
            self.old.drop(case_id)
            return None
        except CaseDamagedError:
            self._later(case_id, now, "damaged")
            return None
        if not _is_over(case) or not self.packs.is_sealed(case_id):
            self._later(case_id, now, "open")
            return None
        ended_at = case.settled_at or case.received_at
        kept = self.archive.keep(case_id, ended_at.year, self.packs.pack_of(case_id))
        if kept.is_beside:
            self._tell_beside(case_id, kept.file, now)
        return case, entries

    def _remove(self, archived: list[tuple[Case, int]], now: datetime) -> None:
        if not archived:
            return
        # While the cases are there: who dies over it does all of it again.
        self._forget_people([case for case, _ in archived], now)
        for case, entries in archived:
            said = self.old.remove(case, entries)
            log.info("case.archived", case_id=case.id, removed=said)
            if said in ("work", "changed"):
                self._later(case.id, now, said)
        self.old.works_again()

    def _forget_people(self, cases: Sequence[Case], now: datetime) -> None:
        """Forget the ids by which sources knew who left, unless they are here again.

        Whose departure was taken back, or only tried, may work here still.
        """
        going = {case.id for case in cases}
        people = {
            ref.partition(":")[2]
            for case in cases
            if _has_left(case)
            for ref in (*case.claims, *case.as_named.refs)
            # Nobody stays known by cases that go together.
            if going.issuperset(self.cases.ids(ref=ref, limit=len(going) + 1))
        }
        for source in self.sources if people else ():
            ids = self.names.ids_of(source, people, now - self.life)
            if source == GRAPH:
                self.graph.forget_deleted(ids)
            self.names.forget(source, ids)

    def _later(self, case_id: str, now: datetime, why: str) -> None:
        log.info("case.kept", case_id=case_id, why=why)
        self.old.put_off(case_id, now - self.life + _LATER)

    def _tell_beside(self, case_id: str, file: str, now: datetime) -> None:
        log.error("case.archived_beside", case_id=case_id, file=file)
        if self.channels:
            self.notices.add(written_beside(case_id, file, at=now), self.channels)

    def _tell(self, fault: str) -> None:
        now = self.clock()
        since = self.old.failing_since(now)
        log.error("archive.failed", fault=fault, since=since)
        if self.channels:
            self.notices.add(unwritable(fault, since=since, at=now), self.channels)


def _has_left(case: Case) -> bool:
    is_departure = case.kind is CaseKind.DEPARTURE and not case.dry_run
    return is_departure and case.status is CaseStatus.SETTLED


def _is_over(case: Case) -> bool:
    """Tell whether nothing of a case is left to be done, told or ticked off."""
    is_told = all(one.state is not ReportState.PENDING for one in case.reports)
    is_done = all(
        one.done_at is not None for each in case.targets for one in each.follow_ups
    )
    return case.status in _OVER and is_told and is_done
