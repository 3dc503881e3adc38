"""Answers that serve more than one question: asked for once, and kept for a while.

A look at an account and one at its functional IDs ask for some of the same. Faults are
never kept.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[_T]):
    """What was answered, and when that was asked, on the monotonic clock."""

    value: _T
    asked_at: float


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Answer[object] | None = None


class Recent:
    """One answer a question; safe to share between threads.

    Of those who ask the same at a time one asks, and the others wait for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept] = {}

    def of(self, question: Hashable, since: float, ask: Callable[[], _T]) -> Answer[_T]:
        """Return an answer that was asked for later than *since*.

        That is on the monotonic clock; now always asks, or shares with who asks next.
        """
        kept = self._of(question)
        with kept.lock:
            if kept.answer is None or kept.answer.asked_at <= since:
                now = time.monotonic()
                kept.answer = Answer(ask(), now)
            return cast("Answer[_T]", kept.answer)

    def put(self, question: Hashable, value: object, asked_at: float) -> None:
        """Keep what was answered along with something else."""
        kept = self._of(question)
        with kept.lock:
            if kept.answer is None or kept.answer.asked_at < asked_at:
                kept.answer = Answer(value, asked_at)

    def _of(self, question: Hashable) -> _Kept:
        with self._lock:
            return self._kept.setdefault(question, _Kept())
