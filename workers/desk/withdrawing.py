"""Departures taken back by an event: whose word counts, and for how much."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from workers.app import Sender
from workers.desk.deciding import changed
from workers.offboarding.errors import ConflictError
from workers.offboarding.joining import folded, moved, told_of
from workers.offboarding.model import (
    Case,
    CaseStatus,
    Entry,
    Step,
    Told,
    Withdrawal,
    Work,
)
from workers.store.cases import Cases

log = structlog.get_logger()

_BY_ANOTHER = "departure.withdrawn_by_another"
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
            return self._cases.load(known) if known else None
        refs = (
            *withdrawal.leaver.refs,
            *(f"email:{one}" for one in withdrawal.aliases),
        )
        ids = self._found(refs)
        done = {each: self._withdrawn(each, withdrawal) for each in ids}
        mine = next((each for each, what in done.items() if what != _BY_ANOTHER), None)
        case_id = mine or next(iter(ids), None)
        self._cases.note_withdrawal(
            withdrawal,
            refs,
            case_id,
            self._entry(withdrawal, done.get(case_id or "")),
            answer=mine or "",
        )
        return self._cases.load(mine) if mine else None

    def _found(self, refs: tuple[str, ...]) -> list[str]:
        """Find the cases it may mean: the open one, and scheduled ones, dry or not.

        A case that awaits its day while the service is not armed is a dry run, and is
        none any more once it is.
        """
        open_one = self._cases.open_case_of(refs)
        found = [*([open_one] if open_one else []), *self._cases.scheduled_of(refs)]
        return list(dict.fromkeys(found))

    def _entry(self, withdrawal: Withdrawal, what: str | None) -> Entry:
        return Entry(
            at=self._clock(),
            what=what or "departure.withdrawn_unknown",
            actor=withdrawal.source,
            request_id=withdrawal.request_id,
            detail=withdrawal.event_key,
        )

    def _withdrawn(self, case_id: str, withdrawal: Withdrawal) -> str:
        """Take back what may be, and name what became of the withdrawal."""
        for _ in range(_TRIES):
            what = self._tried(case_id, withdrawal)
            if what is not None:
                return what
        raise changed()

    def _tried(self, case_id: str, withdrawal: Withdrawal) -> str | None:
        """Try once; None where the case changed meanwhile."""
        now = self._clock()
        read = self._cases.load(case_id)
        case = folded(read, self._lead_time, now)
        theirs = [one for one in told_of(case) if self._counts(withdrawal, one)]
        if not theirs:
            return _BY_ANOTHER
        if any(_is_earlier(withdrawal, one) for one in theirs):
            return "departure.withdrawn_before_it_was_told"
        left = tuple(one for one in told_of(case) if one not in theirs)
        if left:
            return self._moved(read, case, left, withdrawal)
        try:
            self._cancel(read, f"event {withdrawal.event_key}")
        except ConflictError as error:
            if error.reason == "changed":
                return None
            # Work already begun is never taken back: it is finished.
            return "departure.withdrawn_too_late"
        return "departure.withdrawn"

    def _counts(self, withdrawal: Withdrawal, told: Told) -> bool:
        is_own = told.source == withdrawal.source
        return is_own or withdrawal.source in self._authoritative

    def _moved(
        self, read: Case, case: Case, left: tuple[Told, ...], withdrawal: Withdrawal
    ) -> str | None:
        """Leave a scheduled case to what the other sources told."""
        if case.status is not CaseStatus.SCHEDULED:
            # What has begun goes on: others told of it, too.
            return _BY_ANOTHER
        entry = self._entry(withdrawal, "departure.left_to_others")
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
        return "departure.left_to_others"


def _is_earlier(withdrawal: Withdrawal, told: Told) -> bool:
    """Tell whether it happened before what was told: deliveries come in any order."""
    if withdrawal.occurred_at is None or told.occurred_at is None:
        return False
    return withdrawal.occurred_at < told.occurred_at
