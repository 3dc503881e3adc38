"""Answers what the front door asks and only a worker can see: gate and doctor."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import Final

import structlog

from workers.desk.seeing import DOCTOR, GATE, GateQuestion
from workers.offboarding.checking import check_all
from workers.offboarding.discovery import at_once, look_at_all
from workers.offboarding.exposure import GateAnswer
from workers.offboarding.gate import Asked, answer_of, meant
from workers.offboarding.health import Check
from workers.offboarding.model import CaseResult, CaseStatus, SamePerson
from workers.offboarding.plan import Resolved
from workers.offboarding.ports import Cloud
from workers.store.cases import Cases, Read
from workers.store.codec import decode, encode
from workers.store.owners import Owners
from workers.store.questions import Questions

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The newest of one person under one name and in one state. Dry runs that are over have
# a result of their own, so that no number of them hides another case.
_CASES: Final = 50
_LIVE: Final = (CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING)
_ENDED: Final = (CaseResult.CLEAN, CaseResult.SAFE, CaseResult.ATTENTION)
# Each reads whole accounts: they must not take all threads of a worker.
_AT_ONCE: Final = 2


class Answers:
    """Answers questions from what is read for them."""

    def __init__(
        self,
        clouds: Mapping[str, Cloud],
        questions: Questions,
        owners: Owners,
        cases: Cases,
        *,
        settle: timedelta,
        same_people: tuple[SamePerson, ...],
        protected: tuple[str, ...] = (),
        checks: tuple[Check, ...] = (),
        asked: tuple[Callable[[], tuple[Check, ...]], ...] = (),
        clock: Callable[[], datetime],
    ) -> None:
        self._clouds = clouds
        self._questions = questions
        self._owners = owners
        self._cases = cases
        self._settle = settle
        self._same_people = same_people
        self._protected = protected
        self._checks = checks
        self._asked = asked
        self._clock = clock
        self._turns = BoundedSemaphore(_AT_ONCE)

    def answer(self, question_id: str) -> None:
        """Answer a question, unless another worker does or nobody waits any more.

        Raises:
            StoreAwayError: Whoever asked asks again.
        """
        if not self._turns.acquire(blocking=False):
            # Whoever asked sends it again, to this worker later or to another.
            return
        try:
            self._answer(question_id)
        finally:
            self._turns.release()

    def gate_now(self, question: GateQuestion) -> GateAnswer | None:
        """Answer the gate's question here; None where enough is being looked at."""
        if not self._turns.acquire(blocking=False):
            return None
        try:
            return None if self._is_behind() else self._gate(question)
        finally:
            self._turns.release()

    def _answer(self, question_id: str) -> None:
        found = self._questions.question(question_id)
        if found is None or not self._questions.claim(question_id):
            return
        text = ""
        try:
            text = self._said(*found)
        finally:
            # What broke must not look as if it were still under way.
            if text:
                self._questions.answer(question_id, text)
            else:
                self._questions.leave(question_id)

    def _said(self, kind: str, subject: str) -> str:
        if kind == GATE and self._is_behind():
            # Left to a worker that knows every account, or unanswered.
            log.warning("question.left", reason="accounts differ")
            return ""
        if kind == GATE:
            return encode(self._gate(decode(subject, GateQuestion)))
        if kind == DOCTOR:
            return encode(self._doctor())
        log.warning("question.unknown", kind=kind)
        return ""

    def _is_behind(self) -> bool:
        """Tell whether another worker knows an account that this one does not.

        The accounts file is read again by each worker at its own moment; what one that
        is behind does not look at must not count as seen.
        """
        return not self._clouds.keys() >= set(self._owners.accounts())

    def _gate(self, question: GateQuestion) -> GateAnswer:
        # Before the look: no reading in the answer is older than it says.
        began = self._clock()
        asked = Asked(
            user=question.user,
            leaver=question.leaver,
            views=look_at_all(self._clouds.values(), None),
            indexes=self._owners.all(self._clouds),
            settle=self._settle,
            at=began,
            same_people=self._same_people,
            protected=self._protected,
        )
        resolved = meant(asked)
        found = self._cases_of(resolved)
        return answer_of(asked, resolved, found.cases, damaged=found.damaged)

    def _cases_of(self, resolved: Resolved) -> Read:
        names = {*resolved.leaver.refs, *(f"email:{one}" for one in resolved.names)}
        ids: set[str] = set()
        for ref in names:
            for status in _LIVE:
                ids |= set(self._cases.ids(ref=ref, status=status, limit=_CASES))
            for result in _ENDED:
                ids |= set(self._cases.ids(ref=ref, result=result, limit=_CASES))
        return self._cases.read(sorted(ids)) if ids else Read([], [])

    def _doctor(self) -> tuple[Check, ...]:
        # Each waits for somebody else: hosts, servers, IBM Cloud.
        accounts = partial(check_all, self._clouds.values())
        asked: tuple[Callable[[], tuple[Check, ...]], ...] = (*self._asked, accounts)
        found = at_once(_called, asked)
        return (*self._checks, *(each for one in found for each in one))


def _called(ask: Callable[[], tuple[Check, ...]]) -> tuple[Check, ...]:
    return ask()
