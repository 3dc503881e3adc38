"""Answers what the front door asks and only a worker can see: gate and doctor."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.desk.seeing import DOCTOR, GATE, GateQuestion
from workers.offboarding.checkup import checks_of
from workers.offboarding.discovery import look_at_all
from workers.offboarding.exposure import GateAnswer
from workers.offboarding.gate import Asked, answer_of, meant
from workers.offboarding.health import Check
from workers.offboarding.model import Case, SamePerson
from workers.offboarding.plan import Resolved
from workers.offboarding.ports import Cloud
from workers.store.cases import Cases
from workers.store.codec import decode, encode
from workers.store.owners import Owners
from workers.store.questions import Questions

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The newest of one person under one name: far more than are ever open at once.
_CASES: Final = 50


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
        clock: Callable[[], datetime],
    ) -> None:
        self._clouds = clouds
        self._questions = questions
        self._owners = owners
        self._cases = cases
        self._settle = settle
        self._same_people = same_people
        self._clock = clock

    def answer(self, question_id: str) -> None:
        """Answer a question, unless another worker does or nobody waits any more.

        Raises:
            StoreAwayError: Whoever asked asks again.
        """
        found = self._questions.question(question_id)
        if found is None or not self._questions.claim(question_id):
            return
        kind, subject = found
        if kind == GATE:
            text = encode(self._gate(decode(subject, GateQuestion)))
        elif kind == DOCTOR:
            text = encode(self._doctor())
        else:
            log.warning("question.unknown", kind=kind)
            return
        self._questions.answer(question_id, text)

    def _gate(self, question: GateQuestion) -> GateAnswer:
        asked = Asked(
            user=question.user,
            leaver=question.leaver,
            views=look_at_all(self._clouds.values(), None),
            indexes=self._owners.all(self._clouds),
            settle=self._settle,
            at=self._clock(),
            same_people=self._same_people,
        )
        resolved = meant(asked)
        return answer_of(asked, resolved, self._cases_of(resolved))

    def _cases_of(self, resolved: Resolved) -> list[Case]:
        names = {*resolved.leaver.refs, *(f"email:{one}" for one in resolved.names)}
        ids = {each for ref in names for each in self._cases.ids(ref=ref, limit=_CASES)}
        return self._cases.load_all(sorted(ids)) if ids else []

    def _doctor(self) -> tuple[Check, ...]:
        views = look_at_all(self._clouds.values(), None)
        return tuple(check for view in views for check in checks_of(view))
