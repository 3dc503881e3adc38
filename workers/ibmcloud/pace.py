"""How fast IBM Cloud may be asked: waiting for a slot, and one process's own budget.

Knows nothing of what is asked. The budget that all workers share is in the store.
"""

import itertools
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

import structlog

from workers.ibmcloud.apart import WINDOW_SECONDS, Apart, Whose
from workers.ibmcloud.errors import RateLimitedError
from workers.ibmcloud.meter import Meter
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.ports import Budget, Grant

# Whoever has to wait longer gives his thread back and is due again later.
_LONGEST_WAIT_SECONDS: Final = 30.0
# A survey has no better to do, and what it gave up would be read again all the same.
_LONGEST_WAIT_OF_A_SURVEY_SECONDS: Final = 900.0
# Slots may be given sooner than was told, as when a worker dies with its turn.
_NAP_SECONDS: Final = 0.5
# Dozens of a survey's calls wait for most of their time, and are in no hurry.
_NAP_OF_A_SURVEY_SECONDS: Final = 2.5
# Where IBM Cloud gives no figure: its window, as it is documented.
_USUAL_BACK_OFF_SECONDS: Final = 10.0
_LONGEST_BACK_OFF_SECONDS: Final = 300.0
# One call takes longer to arrive than another, so what was let go in a little more than
# ten seconds may arrive in ten.
_MARGIN_SECONDS: Final = 0.2
# Whoever was refused is back well within this, and then a survey may ask again.
_GIVE_WAY_SECONDS: Final = 1.0
# Below the window, so that the slot still counts when the look comes.
_PAID_FOR_SECONDS: Final = 8.0
_paid_for = threading.local()
_log = structlog.get_logger(__name__)


def _is_paid_for(budget: Budget) -> bool:
    """Tell whether this thread's next call has its slot already, and use that up."""
    by, until = getattr(_paid_for, "slot", (None, 0.0))
    _paid_for.slot = None, 0.0
    return by is budget and time.monotonic() < until


class Pace:
    """Waits for slots of a budget; without a budget there is no limit."""

    def __init__(
        self,
        budget: Budget | None = None,
        *,
        is_survey: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        meter: Meter | None = None,
        account_id: str = "",
        apart: Apart | None = None,
    ) -> None:
        self.meter = meter or Meter()
        self._budget = budget
        self._is_survey = is_survey
        self._sleep = sleep
        self._account_id = account_id
        self._apart = apart

    def wait(self) -> str:
        """Take the slot of one call, and return its ticket; empty if it is paid for.

        Raises:
            RateLimitedError: There is none within half a minute, for a survey within a
                quarter of an hour; it says how long still to wait.
            StoreAwayError: Nobody can count now.
        """
        if self._budget is None or _is_paid_for(self._budget):
            return ""
        return self._wait(self._budget, calls=1)

    def wait_for_reset(self) -> str:
        """Take the slots of a reset and of the last look before it, under one ticket.

        The next call of this thread, within a few seconds, is that look. So nothing is
        waited for between the two, however many others wait. Raises as ``wait`` does.
        """
        if self._budget is None:
            return ""
        ticket = self._wait(self._budget, calls=2)
        _paid_for.slot = self._budget, time.monotonic() + _PAID_FOR_SECONDS
        return ticket

    def wait_for_write(self) -> None:
        """Take the slot of a write that is no reset; raises as ``wait`` does.

        Never the one that a reset has paid for its last look with.
        """
        if self._budget is not None:
            self._wait(self._budget, calls=1)

    def _wait(self, budget: Budget, *, calls: int) -> str:
        left, longest_nap = _LONGEST_WAIT_SECONDS, _NAP_SECONDS
        if self._is_survey:
            left = _LONGEST_WAIT_OF_A_SURVEY_SECONDS
            longest_nap = _NAP_OF_A_SURVEY_SECONDS
        while True:
            grant = budget.take(calls, is_survey=self._is_survey)
            if grant.is_given:
                self.meter.granted(calls)
                return grant.ticket
            # Who waits alone gives his thread to the others.
            if grant.wait_seconds > left or grant.is_alone:
                raise RateLimitedError(
                    "Too many requests to IBM Cloud are under way; this one waits",
                    retry_after_seconds=grant.wait_seconds,
                )
            nap = min(max(grant.wait_seconds, 0.01), longest_nap)
            self._sleep(nap)
            left -= nap

    def sent(self, ticket: str) -> None:
        """Count the slot of *ticket* from now on; a fault here stops no reset."""
        if self._budget is None:
            return
        try:
            self._budget.sent(ticket)
        except StoreAwayError as error:
            _log.warning("budget.not_counted", cause=str(error))

    def answered(self, sent_at: float) -> None:
        """Note that a call that went out at *sent_at* was not told to slow down."""
        if self._apart is not None:
            self._apart.answered(self._account_id, sent_at)

    def back_off(self, asked_seconds: float | None) -> None:
        """Give no slot for as long as IBM Cloud asked, ten seconds by default.

        To nobody, unless other accounts are served meanwhile: then to this one alone.
        That it asked is known all the same where the budget cannot be told.
        """
        if self._budget is None:
            return
        seconds = _USUAL_BACK_OFF_SECONDS if asked_seconds is None else asked_seconds
        whose = Whose.EVERYBODY
        if self._apart is not None:
            whose = self._apart.refused(self._account_id)
        _log.warning(
            "budget.backed_off",
            seconds=seconds,
            whose=whose.value,
            account_id=self._account_id or None,
        )
        try:
            _wait_for(self._budget, seconds, whose)
        except StoreAwayError as error:
            _log.warning("budget.not_told", cause=str(error))


def _wait_for(budget: Budget, seconds: float, whose: Whose) -> None:
    if whose is Whose.EVERYBODY:
        budget.back_off(seconds)
        return
    if whose is Whose.EVERYBODY_SHORTLY:
        budget.back_off(min(seconds, WINDOW_SECONDS))
    budget.back_off_alone(seconds)


@dataclass(frozen=True, slots=True)
class _Slots:
    at: float
    calls: int
    is_survey: bool


class LocalBudget:
    """A budget for one process alone; safe to share between threads.

    A sliding window of the times from which calls count: a bucket of tokens would let
    nearly twice its size through one window.
    """

    def __init__(
        self, limit: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        # In the order of their times, since each is put last when it is stamped.
        self._given: dict[str, _Slots] = {}
        self._until = 0.0
        self._others_until = 0.0

    def take(self, calls: int = 1, *, is_survey: bool = False) -> Grant:
        """Take *calls* slots at once, or none and be told how long to wait.

        Raises:
            ValueError: So many are never given at once.
        """
        most = max(1, self._limit // 4) if is_survey else self._limit
        if not 1 <= calls <= most:
            raise ValueError(f"{calls} slots at once are never given, only 1 to {most}")
        with self._lock:
            now = self._clock()
            wait = self._wait(calls, now, is_survey=is_survey)
            if wait > 0 and not is_survey:
                self._others_until = now + wait + _GIVE_WAY_SECONDS
            if wait > 0:
                return Grant(wait_seconds=wait)
            ticket = f"{calls}-{next(self._numbers)}"
            self._given[ticket] = _Slots(now, calls, is_survey)
            return Grant(ticket)

    def sent(self, ticket: str) -> None:
        """Count the last slot of *ticket* from now on, when its call is really sent.

        Those before it went out when it was given. One older than the window is counted
        again, since its call goes out all the same; there may be too many then, so take
        anew rather than use an old ticket.
        """
        last = f"{ticket}-last"
        with self._lock:
            now = self._clock()
            slots = self._given.get(ticket)
            if slots is not None and slots.calls > 1:
                self._given[ticket] = replace(slots, calls=slots.calls - 1)
            elif slots is not None:
                del self._given[ticket]
            is_survey = slots is not None and slots.is_survey
            self._given.pop(last, None)
            self._given[last] = _Slots(now, 1, is_survey)

    def back_off(self, seconds: float) -> None:
        """Give nobody a slot for so long; never shortens an earlier wait."""
        with self._lock:
            wait = min(seconds, _LONGEST_BACK_OFF_SECONDS)
            self._until = max(self._until, self._clock() + wait)

    def back_off_alone(self, seconds: float) -> None:
        """Give nobody a slot for so long: this budget tells no accounts apart."""
        self.back_off(seconds)

    def _wait(self, calls: int, now: float, *, is_survey: bool) -> float:
        self._let_go(now)
        given = self._given.values()
        waits = [self._until - now, _until_free(given, calls, self._limit, now)]
        if is_survey:
            quarter = max(1, self._limit // 4)
            surveys = [one for one in given if one.is_survey]
            waits.append(_until_free(surveys, calls, quarter, now))
            waits.append(self._others_until - now)
        return max(0.0, *waits)

    def _let_go(self, now: float) -> None:
        """Drop what counts no more; the oldest stands first."""
        since = now - WINDOW_SECONDS - _MARGIN_SECONDS
        over = []
        for ticket, one in self._given.items():
            if one.at > since:
                break
            over.append(ticket)
        for ticket in over:
            del self._given[ticket]


def _until_free(given: Collection[_Slots], calls: int, limit: int, now: float) -> float:
    """Tell when so many slots of *limit* are free, as the oldest fall out."""
    used = sum(one.calls for one in given)
    for one in given:
        if used + calls <= limit:
            break
        used -= one.calls
        now_free_at = one.at + WINDOW_SECONDS + _MARGIN_SECONDS
        if used + calls <= limit:
            return now_free_at - now
    return 0.0
