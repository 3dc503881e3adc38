"""What the front door may ask to see: exposure from the index, gate and doctor live.

Whoever asks live waits for a worker: only workers hold IBM Cloud keys.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from workers.app import Sender
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import (
    AccountExposure,
    Exposure,
    GateAnswer,
    exposure_of,
)
from workers.offboarding.health import Check
from workers.offboarding.heartbeat import Heartbeat
from workers.offboarding.model import Leaver, Note
from workers.offboarding.reasons import sentence
from workers.offboarding.trend import Day
from workers.store.codec import decode, encode
from workers.store.owners import Owners
from workers.store.questions import Questions

GATE: Final = "gate"
DOCTOR: Final = "doctor"
# As the contract says for the gate; a check-up may take the whole of a request's time.
_GATE_SECONDS: Final = 10.0
_DOCTOR_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05
_SEND_SECONDS: Final = 1.0
# Workers sweep every second; after so long they are late or gone.
_LATE: Final = timedelta(seconds=30)
_TREND: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class AccountWords:
    """What the accounts file says of an account that people are shown."""

    name: str = ""
    is_armed: bool = False


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """The gate's question, as it travels to a worker."""

    user: str
    leaver: Leaver


class Seeing:
    """Exposure, gate and doctor, for the desk."""

    def __init__(
        self,
        owners: Owners,
        questions: Questions,
        sender: Sender,
        *,
        clock: Callable[[], datetime],
        index_life: timedelta = timedelta(hours=12),
        swept_at: Callable[[], datetime | None] = lambda: None,
        conditions: Callable[[], tuple[Check, ...]] = tuple,
        days_since: Callable[[date], tuple[Day, ...]] = lambda _: (),
        accounts: Mapping[str, AccountWords] | None = None,
        heartbeats: Callable[[], tuple[Heartbeat, ...]] = tuple,
    ) -> None:
        self._accounts = accounts or {}
        # Who says that it lives, which the store knows as well.
        self.heartbeats = heartbeats
        # How store and broker are: no worker is asked for that.
        self.conditions = conditions
        self._days_since = days_since
        self._swept_at = swept_at
        self._index_life = index_life
        self._owners = owners
        self._questions = questions
        self._sender = sender
        self._clock = clock

    def exposure(self, account_ids: Collection[str] = ()) -> Exposure:
        """Tell who owns every target, as the last surveys read it.

        Args:
            account_ids: Only these; one that is not known here has no part in the
                answer. Empty means all.
        """
        known = self._owners.accounts()
        wanted = [one for one in known if not account_ids or one in account_ids]
        shown = exposure_of(self._owners.all(wanted))
        shown = replace(shown, accounts=self._by_name(shown.accounts))
        if shown.checked_at is None:
            return shown
        if self._clock() - shown.checked_at <= self._index_life:
            return shown
        text = f"The oldest survey is of {shown.checked_at:%Y-%m-%d %H:%M} UTC."
        stale = Note(Reason.INDEX_STALE, f"{text} {sentence(Reason.INDEX_STALE)}")
        return replace(shown, notes=(*shown.notes, stale))

    def _by_name(
        self, accounts: Collection[AccountExposure]
    ) -> tuple[AccountExposure, ...]:
        """Name the accounts as their file does, and say of which are too old."""
        since = self._clock() - self._index_life
        named = []
        for one in accounts:
            words = self._accounts.get(one.account_id, AccountWords())
            one = replace(one, name=words.name, is_armed=words.is_armed)
            if one.surveyed_at is not None and one.surveyed_at < since:
                one = replace(one, is_complete=False, reason=Reason.INDEX_STALE)
            named.append(one)
        return tuple(sorted(named, key=lambda one: (one.name, one.account_id)))

    def trend(self) -> tuple[Day, ...]:
        """Return the figures of the last 90 days, oldest first; days may be missing."""
        return self._days_since(self._clock().date() - _TREND + timedelta(days=1))

    def gate(self, leaver: Leaver, *, user: str) -> GateAnswer:
        """Ask whether a person may be removed; waits at most ten seconds.

        A reading that takes longer goes on; the next call gets what it found.
        """
        subject = encode(GateQuestion(user, leaver))
        text = self._ask(GATE, subject, _GATE_SECONDS)
        if text is not None:
            return decode(text, GateAnswer)
        note = Note(Reason.READING_UNDER_WAY, self._why_not_yet())
        return GateAnswer(user, False, (note,), (), self._clock())

    def _why_not_yet(self) -> str:
        swept_at = self._swept_at()
        is_lively = swept_at is not None and self._clock() - swept_at < _LATE
        if is_lively:
            return sentence(Reason.READING_UNDER_WAY)
        return (
            "No worker answered in time, and none has looked for work lately: see that "
            "a worker and beat run, and ask again."
        )

    def doctor(self) -> tuple[Check, ...] | None:
        """Have a worker check every account; None if no worker answered in time."""
        text = self._ask(DOCTOR, "", _DOCTOR_SECONDS)
        return None if text is None else decode(text, tuple[Check, ...])

    def _ask(self, kind: str, subject: str, seconds: float) -> str | None:
        began = time.monotonic()
        asked, sent_at = "", 0.0
        while True:
            # Before the look for an answer, which is there as soon as this is over.
            is_over = not asked or self._questions.question(asked) is None
            text = self._questions.answer_of(kind, subject)
            if text is not None:
                return text
            now = time.monotonic()
            if now >= began + seconds:
                return None
            # Somebody who asked the same may have taken the answer: then ask anew.
            if is_over:
                asked, sent_at = self._questions.ask(kind, subject).id, 0.0
            # A worker with enough to answer leaves it: it is sent till one has time.
            if now >= sent_at + _SEND_SECONDS:
                self._sender.ask(asked)
                sent_at = now
            time.sleep(_POLL_SECONDS)
