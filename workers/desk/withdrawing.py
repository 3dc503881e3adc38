"""Departures taken back by an event: whose word counts, and for how much."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from workers.app import Sender
from workers.desk.deciding import changed
from workers.offboarding.errors import CaseDamagedError, ConflictError
from workers.offboarding.joining import folded, moved, told_of
from workers.offboarding.model import (
    Case,
    CaseStatus,
    Departure,
    Entry,
    Leaver,
    Step,
    Told,
    Withdrawal,
    Work,
)
from workers.store.cases import Cases

log = structlog.get_logger()

_BY_ANOTHER = "departure.withdrawn_by_another"
_OF_ANOTHER = "departure.withdrawn_of_another_person"
_BEFORE = "departure.withdrawn_before_it_was_told"
_LEFT = "departure.left_to_others"
# That source told nothing of such a case, or not of that person.
_NO_WORD = (_BY_ANOTHER, _OF_ANOTHER)
_TRIES = 5


class Withdrawing:
    """Takes departures back. Raises StoreAwayError, or ConflictError ``changed``."""

    def __init__(
        self,
        cases: Cases,
        sender: Sender,
        authoritative: tuple[str, ...],
        lead_time: timedelta,
        *,
        cancel: Callable[[Case, str], Case],
        clock: Callable[[], datetime],
    ) -> None:
        self._cases = cases
        self._sender = sender
        self._authoritative = authoritative
        self._lead_time = lead_time
        self._cancel = cancel
        self._clock = clock

    def withdraw(self, withdrawal: Withdrawal) -> Case | None:
        """Take back what the same source told, where nothing was written yet.

        What another source told is taken back only by one that is set up as
        authoritative; where other sources told of the departure too, their word stays,
        and their day. What happened before the departure was told takes nothing back,
        and a repeat does nothing: it must not cancel a newer departure.

        Returns:
            The case as it is now, whether or not it could be cancelled, or None where
            that source has none.
        """
        known = self._cases.withdrawn(withdrawal.event_key)
        if known is not None:
            # It may have been archived meanwhile.
            return next(iter(self._cases.load_all([known])), None) if known else None
        refs = (
            *withdrawal.leaver.refs,
            *(f"email:{one}" for one in withdrawal.aliases),
        )
        # Before any case is looked for: what is opened from here on sees it.
        self._cases.note_return(withdrawal, refs)
        ids = self._found(refs)
        done = self._all_withdrawn(ids, withdrawal)
        mine = next((each for each, what in done.items() if what not in _NO_WORD), None)
        case_id = mine or next(iter(ids), None)
        self._cases.note_withdrawal(
            withdrawal,
            case_id,
            self._entry(withdrawal, done.get(case_id or "")),
            answer=mine or "",
        )
        return self._cases.load(mine) if mine else None

    def _found(self, refs: tuple[str, ...]) -> list[str]:
        """Find the cases it may mean: open ones, and scheduled ones, dry or not.

        Two open ones were not found to be one person yet. A case that awaits its day
        while the service is not armed is a dry run, and is none any more once it is.
        """
        found = [*self._cases.open_cases_of(refs), *self._cases.scheduled_of(refs)]
        return list(dict.fromkeys(found))

    def _entry(self, withdrawal: Withdrawal, what: str | None) -> Entry:
        return Entry(
            at=self._clock(),
            what=what or "departure.withdrawn_unknown",
            actor=withdrawal.source,
            request_id=withdrawal.request_id,
            detail=withdrawal.event_key,
            leaver=withdrawal.leaver.id,
            source=withdrawal.source,
            event_key=withdrawal.event_key,
            delivery_sha256=withdrawal.delivery_sha256,
        )

    def _all_withdrawn(
        self, case_ids: list[str], withdrawal: Withdrawal
    ) -> dict[str, str]:
        """Take back what may be in each case; one that cannot be read costs no other.

        Raises:
            CaseDamagedError: One could not be read. The event counts as not heard yet.
        """
        done, damaged = dict[str, str](), list[CaseDamagedError]()
        for each in case_ids:
            try:
                done[each] = self._withdrawn(each, withdrawal)
            except CaseDamagedError as error:
                damaged.append(error)
        if damaged:
            raise damaged[0]
        return done

    def _withdrawn(self, case_id: str, withdrawal: Withdrawal) -> str:
        """Take back what may be, and name what became of the withdrawal."""
        for _ in range(_TRIES):
            what = self._tried(case_id, withdrawal)
            if what is not None:
                return what
        raise changed()

    def _tried(self, case_id: str, withdrawal: Withdrawal) -> str | None:
        """Try once; None where the case changed meanwhile."""
        read = self._cases.load(case_id)
        case = folded(read, self._lead_time, self._clock())
        if _is_another(withdrawal, case):
            return _OF_ANOTHER
        counts = [one for one in told_of(case) if self._counts(withdrawal, one, case)]
        theirs = [one for one in counts if not _is_earlier(withdrawal, one)]
        if not theirs:
            return _BEFORE if counts else _BY_ANOTHER
        left = tuple(one for one in told_of(case) if one not in theirs)
        if left:
            return self._left_to_others(read, case, left, withdrawal)
        return self._cancelled(read, withdrawal)

    def _cancelled(self, read: Case, withdrawal: Withdrawal) -> str | None:
        try:
            self._cancel(read, f"event {withdrawal.event_key}")
        except ConflictError as error:
            # Work already begun is never taken back: it is finished.
            is_over = error.reason != "changed"
            return "departure.withdrawn_too_late" if is_over else None
        return "departure.withdrawn"

    def _counts(self, withdrawal: Withdrawal, told: Told, case: Case) -> bool:
        """Tell whether it takes that word back.

        Who ranks above other sources cannot undo a removal either: keys that IBM Cloud
        deleted stay deleted.
        """
        is_above = withdrawal.source in self._authoritative and not case.gone_from
        return told.source == withdrawal.source or is_above

    def _left_to_others(
        self, read: Case, case: Case, left: tuple[Told, ...], withdrawal: Withdrawal
    ) -> str | None:
        """Leave a case to what the other sources told."""
        entry = self._entry(withdrawal, _LEFT)
        if case.status is not CaseStatus.SCHEDULED:
            # What has begun goes on, and what waits goes on waiting: others told of
            # it, too. That their word is all that counts its next plan takes in.
            kept = {one.source for one in left}
            gone = sorted(one.source for one in told_of(case) if one.source not in kept)
            word = Departure(withdrawal.source, Leaver(), takes_back=tuple(gone))
            answer = self._cases.take_back(read, word, entry)
            return None if answer == "changed" else _BY_ANOTHER
        answer = self._cases.turn(
            moved(case, left, self._lead_time, self._clock()),
            entry,
            expected=(CaseStatus.SCHEDULED,),
            takes=True,
            after=(Work(case.id, Step.FORESEE),),
            folded=len(read.departures),
        )
        if answer != "ok":
            return None
        self._sender.send(Work(case.id, Step.PLAN))
        return _LEFT


def _is_another(withdrawal: Withdrawal, case: Case) -> bool:
    """Tell whether an e-mail led to the case of somebody else, by their IAM IDs."""
    return len({withdrawal.leaver.iam_id, case.leaver.iam_id} - {None}) > 1


def _is_earlier(withdrawal: Withdrawal, told: Told) -> bool:
    """Tell whether it happened before what was told: deliveries come in any order."""
    if withdrawal.occurred_at is None or told.occurred_at is None:
        return False
    return withdrawal.occurred_at < told.occurred_at
