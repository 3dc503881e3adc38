"""Looks at all accounts that several cases share, when many begin at once.

Dates without a time all end at midnight, so that everybody who leaves on one day begins
in the same second; a look at each account for each of them would use up in minutes what
IBM Cloud grants, and make the last of them late. Who asks is served by a look that
began after that, never by an older one: what a person changed before they left is seen.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import BoundedSemaphore, Lock
from typing import Final

from workers.offboarding.discovery import look_at_all
from workers.offboarding.ports import Cloud
from workers.offboarding.view import View

# Two, so that a case that begins alone never waits for the look of another; and two of
# those that wait for what is silent, so that they keep none waiting that does not.
_AT_ONCE: Final = 2
_Key = tuple[tuple[str, ...], float | None]


def _look(clouds: Sequence[Cloud], patience: float | None) -> list[View]:
    return look_at_all(clouds, None, patience=patience)


class SharedLooks:
    """One look for all who asked before it began, in one process."""

    def __init__(
        self,
        look: Callable[[Sequence[Cloud], float | None], list[View]] | None = None,
    ) -> None:
        self._look = look or _look
        self._lock = Lock()
        self._turns = BoundedSemaphore(_AT_ONCE)
        self._patient_turns = BoundedSemaphore(_AT_ONCE)
        self._next: dict[_Key, Future[list[View]]] = {}

    def at(
        self, clouds: Sequence[Cloud], *, patience: float | None = None
    ) -> list[View]:
        """Look at *clouds*, or share the next look at the same; in their order.

        With *patience* none waits longer for an account that is silent.
        """
        key = tuple(one.account_id for one in clouds), patience
        with self._lock:
            mine = self._next.get(key)
            leads = mine is None
            if mine is None:
                mine = self._next[key] = Future()
        if leads:
            self._lead(key, mine, clouds)
        return mine.result()

    def _lead(
        self,
        key: _Key,
        mine: "Future[list[View]]",
        clouds: Sequence[Cloud],
    ) -> None:
        with self._patient_turns if key[1] is None else self._turns:
            with self._lock:
                # Whoever asks from now on is served by the look after this one.
                del self._next[key]
            try:
                mine.set_result(self._look(clouds, key[1]))
            except BaseException as error:
                # So that nobody waits for ever; the leader raises it as it is, too.
                mine.set_exception(error)
                raise
