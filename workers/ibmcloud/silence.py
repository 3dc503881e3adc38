"""Which calls of an account have no answer, and which are not made for that.

An account that hangs must not take the threads that others need. So what got no answer
in time is not asked for again at once, by kind of call: after a pause one call tries,
and the others wait a moment for what comes of it. Whoever is turned away is told so as
if the call had got no answer: nothing is ever called seen for it.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from requests import Timeout

from workers.offboarding.errors import TransientError

_FIRST_PAUSE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
# Of a worker's 64 threads some are always left for other accounts.
_UNDER_WAY: Final = 48
_WAIT_FOR_ROOM_SECONDS: Final = 2.0
_WAIT_FOR_PROBE_SECONDS: Final = 3.0
# A part of a path that is an id, and no word of the API.
_ID: Final = re.compile(r"/(?=[^/]*\d)[^/]{6,}|/[^/]{21,}")


@dataclass(slots=True)
class _Kind:
    """One kind of call: when it was last answered, and since when it is not."""

    answered_at: float = 0.0
    pause: float = 0.0
    until: float = 0.0
    is_tried: bool = False


class Silence:
    """The calls of one account in this process; safe to share between threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._kinds: dict[str, _Kind] = {}
        self._under_way: dict[int, float] = {}
        self._numbers = 0

    def seconds(self) -> float:
        """Tell for how long the oldest call under way has had no answer."""
        with self._changed:
            began = min(self._under_way.values(), default=None)
        return 0.0 if began is None else self._clock() - began

    @contextmanager
    def call(self, kind: str) -> Iterator[Callable[[], None]]:
        """Make a call of a kind; what is given is called when it is really sent.

        Raises:
            TransientError: Calls of this kind got no answer lately, or so many of this
                account are without one that others would have no thread left.
        """
        mine = self._admitted(kind)
        began: list[tuple[int, float]] = []

        def sent() -> None:
            with self._changed:
                self._numbers += 1
                began.append((self._numbers, self._clock()))
                self._under_way[self._numbers] = self._clock()

        try:
            yield sent
        except BaseException as error:
            is_answer = not _is_silence(error) if began else None
            self._over(mine, began, has_answer=is_answer)
            raise
        self._over(mine, began, has_answer=True)

    def _admitted(self, kind: str) -> _Kind:
        with self._changed:
            mine = self._kinds.setdefault(kind, _Kind())
            if mine.pause:
                self._try_or_wait(mine)
            has_room = self._changed.wait_for(
                lambda: len(self._under_way) < _UNDER_WAY, _WAIT_FOR_ROOM_SECONDS
            )
            if not has_room:
                mine.is_tried = False
                raise _unanswered("too many calls of this account have no answer", 2.0)
            return mine

    def _try_or_wait(self, mine: _Kind) -> None:
        left = mine.until - self._clock()
        if left > 0:
            raise _unanswered("no answer in time a moment ago", left)
        if mine.is_tried:
            self._changed.wait_for(lambda: not mine.is_tried, _WAIT_FOR_PROBE_SECONDS)
        if not mine.pause:
            return
        if mine.is_tried or mine.until > self._clock():
            left = max(1.0, mine.until - self._clock())
            raise _unanswered("no answer in time a moment ago", left)
        mine.is_tried = True

    def _over(
        self, mine: _Kind, began: list[tuple[int, float]], *, has_answer: bool | None
    ) -> None:
        with self._changed:
            for number, _ in began:
                del self._under_way[number]
            mine.is_tried = False
            if has_answer:
                mine.answered_at, mine.pause = self._clock(), 0.0
            elif has_answer is False and mine.answered_at <= began[0][1]:
                self._pause(mine)
            self._changed.notify_all()

    def _pause(self, mine: _Kind) -> None:
        now = self._clock()
        # Of many that got no answer at the same time one is enough to know.
        if now >= mine.until:
            pause = max(_FIRST_PAUSE_SECONDS, 2 * mine.pause)
            mine.pause = min(pause, _LONGEST_PAUSE_SECONDS)
            mine.until = now + mine.pause


def kind_of(url: str) -> str:
    """Name the kind of a call: its host and path without what is an id in it."""
    parts = urlsplit(url)
    return parts.netloc + _ID.sub("/*", parts.path)


def _is_silence(error: BaseException) -> bool:
    """Tell whether there was no answer in time; a refused connection is an answer."""
    return isinstance(error, Timeout) or isinstance(error.__cause__, Timeout)


def _unanswered(why: str, left: float) -> TransientError:
    text = f"Not asked: {why}; it is asked again within {left:.0f} s"
    return TransientError(text, retry_after_seconds=left)
