"""Keeps leases while their steps run: one thread for all steps of a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import Condition, Thread
from time import monotonic
from typing import Final, Protocol

import structlog

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.ports import Claim

log = structlog.get_logger()

# A lease is renewed at a third of its life; what failed, sooner than that.
_PARTS: Final = 3
_PARTS_WHERE_AWAY: Final = 12


class Renewing(Protocol):
    """What renews a lease: the store's works."""

    lease_seconds: float

    def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when it is no longer ours."""


class Keeper:
    """Renews what is under way; a thread a step would cost more than most steps."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: dict[object, tuple[float, Renewing, Claim]] = {}
        self._thread: Thread | None = None
        self._wakes_at = inf

    @contextmanager
    def keeps(self, works: Renewing, claim: Claim) -> Iterator[None]:
        """Keep the lease until the step is over."""
        key = object()
        with self._changed:
            at = self._next(works, _PARTS)
            self._held[key] = (at, works, claim)
            self._have_it_awake(at)
        try:
            yield
        finally:
            with self._changed:
                self._held.pop(key, None)

    def _have_it_awake(self, at: float) -> None:
        # A process that was forked has none of its parent's threads.
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        elif at < self._wakes_at:
            # Else it is awake in time: nearly all steps are over before that.
            self._changed.notify()

    @staticmethod
    def _next(works: Renewing, parts: int) -> float:
        return monotonic() + works.lease_seconds / parts

    def _begin(self) -> None:
        self._thread = Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                for key, works, claim in self._await_due():
                    self._renew(key, works, claim)
        finally:
            # A bug in one renewal ends this thread, is told, and costs no other lease.
            with self._changed:
                self._begin()

    def _await_due(self) -> list[tuple[object, Renewing, Claim]]:
        with self._changed:
            while True:
                now = monotonic()
                due = [
                    (key, works, claim)
                    for key, (at, works, claim) in self._held.items()
                    if at <= now
                ]
                if due:
                    return due
                self._wakes_at = min(
                    (at for at, *_ in self._held.values()), default=inf
                )
                is_idle = self._wakes_at == inf
                self._changed.wait(None if is_idle else self._wakes_at - now)

    def _renew(self, key: object, works: Renewing, claim: Claim) -> None:
        with self._changed:
            if key not in self._held:
                return
            # Before it is asked for, so that a bug there is not met again at once.
            self._held[key] = (self._next(works, _PARTS_WHERE_AWAY), works, claim)
        try:
            is_ours = works.renew(claim)
        except StoreAwayError as error:
            log.warning("lease.not_renewed", fault=str(error))
            is_ours, parts = True, _PARTS_WHERE_AWAY
        else:
            parts = _PARTS
        with self._changed:
            if key not in self._held:
                return
            if is_ours:
                self._held[key] = (self._next(works, parts), works, claim)
            else:
                del self._held[key]
