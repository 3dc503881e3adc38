"""The budget of calls to IBM Cloud, shared by all workers through the store.

A token bucket of burst B would let nearly 2B calls through one window, so this is a
sliding window of the times from which calls count.
"""

import uuid
from copy import copy
from typing import Final

import redis

from workers.offboarding.ports import Grant
from workers.store.connection import Scripts

WINDOW_SECONDS: Final = 10.0
# IBM Cloud counts a call when it arrives, we count it when it is let go. One that takes
# long to get there and a later one that does not come closer together than they were
# let go; this is more than such times differ.
_MARGIN_SECONDS: Final = 0.2
_LONGEST_BACK_OFF_SECONDS: Final = 300.0
# Whoever was refused comes back when told to; so much later surveys may ask again.
_GIVE_WAY_SECONDS: Final = 1.0


class Budget:
    """The slots of one window; implements the port of the same name.

    Times are the server's, so that the workers' clocks need not agree.
    """

    def __init__(
        self,
        client: "redis.Redis",
        limit: int,
        *,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self._scripts = Scripts(client)
        self._account_id: str | None = None
        self._of: dict[str, Budget] = {}
        self._limit = limit
        self._survey_limit = max(1, limit // 4)
        self._window_ms = _millis(window_seconds + _MARGIN_SECONDS)

    def of(self, account_id: str) -> "Budget":
        """Return the same budget as one account takes of it, which may wait alone."""
        if account_id not in self._of:
            mine = copy(self)
            mine._account_id, mine._of = account_id, {}
            self._of[account_id] = mine
        return self._of[account_id]

    def take(self, calls: int = 1, *, is_survey: bool = False) -> Grant:
        """Take *calls* slots at once, or none and be told how long to wait.

        A survey gets a quarter of the limit at most. It gets nothing until whoever else
        was refused has had the time to come back: till the wait that was told is over,
        and a second more.

        Raises:
            ValueError: So many are never given at once.
            StoreAwayError: Nobody can count now, so nothing was given.
        """
        most = self._survey_limit if is_survey else self._limit
        if not 1 <= calls <= most:
            raise ValueError(
                f"{calls} slots at once are never given, only 1 to {most}."
            )
        ticket = f"{'s' if is_survey else 'c'}{calls}-{uuid.uuid4().hex}"
        wait_ms = self._scripts.call(
            "budget",
            does="take",
            window_ms=self._window_ms,
            ticket=ticket,
            calls=calls,
            limit=self._limit,
            survey_limit=most if is_survey else None,
            give_way_ms=_millis(_GIVE_WAY_SECONDS),
            account=self._account_id,
        )
        if wait_ms:
            return Grant(wait_seconds=abs(wait_ms) / 1000, is_alone=wait_ms < 0)
        return Grant(ticket)

    def sent(self, ticket: str) -> None:
        """Count the last slot of *ticket* from now on, when its call is really sent.

        Those before it went out when it was given: before a reset that is the last
        look. A ticket older than the window lost its place; it is added again, since
        its call goes out all the same. There may be too many then, and nobody gets a
        slot until there are not: take anew rather than use an old ticket.
        """
        self._scripts.call(
            "budget",
            does="sent",
            window_ms=self._window_ms,
            ticket=ticket,
            calls=_calls_of(ticket),
        )

    def back_off(self, seconds: float) -> None:
        """Give nobody a slot for so long, 300 s at most; never shortens an earlier one.

        Slots that were given before stay given.
        """
        self._back_off(seconds)

    def back_off_alone(self, seconds: float) -> None:
        """Give this account alone no slot for so long; as ``back_off``."""
        self._back_off(seconds, account=self._account_id)

    def _back_off(self, seconds: float, *, account: str | None = None) -> None:
        for_ms = _millis(min(seconds, _LONGEST_BACK_OFF_SECONDS))
        if for_ms > 0:
            self._scripts.call(
                "budget",
                does="back_off",
                window_ms=self._window_ms,
                for_ms=for_ms,
                account=account,
            )


def _calls_of(ticket: str) -> int:
    return int(ticket[1:].partition("-")[0])


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
