"""Calls a dead man's switch once a minute while the service works, and only then.

Whoever runs the switch tells people when the calls stop. So nothing here may call on
behalf of a service that stands still: a task does it, which beat had sent and a worker
took, and it looks at the store first.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import requests
import structlog

from config.settings import LOOPBACK, Secret
from workers.offboarding.failing import Failing
from workers.offboarding.health import Check, Verdict
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.vouched import Vouches

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 5
_SWEPT_WITHIN: Final = timedelta(seconds=30)
# A survey takes its time, and may be short of calls: with short intervals too.
_SURVEYED_WITHIN_AT_LEAST: Final = timedelta(minutes=15)
# Three turns missed.
_LATE: Final = timedelta(minutes=3)

NO_SWEEP: Final = "no sweep for 30 s"
NO_SURVEY: Final = "no account was surveyed within twice the interval"


class Vouching:
    """Looks whether the service works, and vouches for it.

    Args:
        url: Of the switch; None: there is none.
        vouches: The turns, in the store.
        switches: Knows when workers swept last.
        owners: Knows when accounts were surveyed last.
        notes: Knows which surveys fail.
        account_ids: The accounts there are.
        every: How often each is surveyed.
        clock: Now.
    """

    def __init__(
        self,
        url: Secret | None,
        vouches: Vouches,
        *,
        switches: Switches,
        owners: Owners,
        notes: SurveyNotes,
        account_ids: Collection[str],
        every: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._url = url
        self._vouches = vouches
        self._switches = switches
        self._owners = owners
        self._notes = notes
        self._account_ids = account_ids
        self._every = every
        self._clock = clock

    def look(self) -> None:
        """Call the switch if it is time to and all is well; StoreAwayError."""
        if self._url is None or not self._vouches.turn():
            return
        why = self._why_silent()
        fault = "" if why else call(self._url)
        is_news = self._vouches.note(why or fault, self._clock())
        if is_news and why:
            log.error("vouch.withheld", why=why)
        elif is_news and fault:
            log.error("vouch.failed", fault=fault)
        elif is_news:
            log.info("vouch.given")
        if why or fault:
            self._vouches.give_back()

    def checks(self) -> tuple[Check, ...]:
        """Say for the doctor how the switch fares; StoreAwayError."""
        what = "dead_man_switch"
        if self._url is None:
            text = "None is set up: where all of the service stops, nobody is told."
            mend = "Set OFFBOARD_HEARTBEAT_URL to the address of one, for workers."
            return (Check(what, Verdict.WARNING, text, mend),)
        last, now = self._vouches.last(), self._clock()
        if last is None or now - last.at > _LATE:
            text = "It was not called lately."
            mend = "See that beat runs; within a minute it is called again."
            return (Check(what, Verdict.UNPROVEN, text, mend),)
        if not last.why:
            seconds = max(0.0, (now - last.at).total_seconds())
            text = f"It was called {seconds:.0f} s ago, and took it."
            return (Check(what, Verdict.OK, text),)
        text = f"It was not called since {last.since:%Y-%m-%d %H:%M} UTC: {last.why}."
        mend = "See docs/monitoring.md for what that means."
        return (Check(what, Verdict.FAILED, text, mend),)

    def _why_silent(self) -> str:
        now = self._clock()
        swept_at = self._switches.swept_at()
        if swept_at is None or now - swept_at > _SWEPT_WITHIN:
            return NO_SWEEP
        if self._account_ids and not self._is_any_surveyed(now):
            return NO_SURVEY
        return ""

    def _is_any_surveyed(self, now: datetime) -> bool:
        """One account that is at fault is told elsewhere; here all of them are."""
        within = max(2 * self._every, _SURVEYED_WITHIN_AT_LEAST)
        failing = {
            one.account_id
            for one in self._notes.failing(self._account_ids)
            if _is_over(one, now, within)
        }
        return any(
            one.surveyed_at is not None
            and now - one.surveyed_at <= within
            and one.account_id not in failing
            for one in self._owners.all(self._account_ids)
        )


def _is_over(one: Failing, now: datetime, within: timedelta) -> bool:
    return bool(one.why) and now - one.since > within


def call(url: Secret) -> str:
    """Call the switch once; return what kept it from being told, else nothing.

    A plain GET, which every service of this kind takes. No redirect is followed, and
    what it answers is not read.
    """
    address = url.reveal()
    with requests.Session() as session:
        # Else a proxy of the environment would be asked for this very machine.
        session.trust_env = urlsplit(address).hostname not in LOOPBACK
        try:
            with session.get(
                address,
                # Else a .netrc entry would say more than the address does.
                auth=lambda request: request,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        # The exception's own text has the address.
        except (requests.RequestException, ValueError) as error:
            return f"it cannot be reached ({type(error).__name__})"
    return "" if 200 <= status < 300 else f"it answered {status}"
