"""Looking up: an event that does not say what happened, read at its source, then heard.

What cannot be looked up goes to quarantine, so that it stands on a list that somebody
is told about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Final

import structlog

from workers.desk import Desk
from workers.offboarding.errors import ConflictError, PermanentError, TransientError
from workers.offboarding.heard import Heard, Hint, Unreadable, UnreadableError
from workers.offboarding.intake import LOOK_UP_LIFE
from workers.offboarding.model import Ignored
from workers.offboarding.ports import Directory
from workers.offboarding.steps.tools import CRASH_LIMIT, pause
from workers.store.intake import Deliveries, LookUp

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Each may wait for a slow source: they must not take all threads of a worker.
_AT_ONCE: Final = 2
_LONGEST_PAUSE_SECONDS: Final = 900
# What a source asks for is waited, within reason.
_LONGEST_ASKED_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class LookUps:
    """Makes the look-ups that are due."""

    deliveries: Deliveries
    directories: Mapping[str, Directory]
    desk: Desk
    clock: Callable[[], datetime]
    turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_AT_ONCE))

    def look_up(self, kept_id: str) -> None:
        """Make one look-up, unless another worker has it or it is over.

        Raises:
            StoreAwayError: It is due again when its lease ends; hearing an event twice
                does no harm.
        """
        if not self.turns.acquire(blocking=False):
            self.deliveries.busy(kept_id)
            return
        try:
            self._look_up(kept_id)
        finally:
            self.turns.release()

    def _look_up(self, kept_id: str) -> None:
        mine = self.deliveries.claim(kept_id)
        if mine is None:
            return
        structlog.contextvars.bind_contextvars(source=mine.source, look_up_id=mine.id)
        try:
            found = self._found(mine)
            case_id = self.desk.hear(found) if isinstance(found, Heard) else None
        except TransientError as error:
            self._put_off(mine, error)
        except UnreadableError as error:
            self._give_up(mine, error.reason, error.text)
        except ConflictError as error:
            self._give_up(mine, Unreadable.KEY_REUSED, str(error))
        except PermanentError as error:
            text = "Its source refused the look-up, and asking again will not help."
            self._give_up(mine, Unreadable.LOOK_UP_FAILED, text, fault=str(error))
        else:
            self.deliveries.done(mine)
            why = found.why if isinstance(found, Ignored) else None
            log.info("look_up.made", case_id=case_id, ignored=why)

    def _found(self, mine: LookUp) -> Heard | Ignored:
        """Ask the directory; UnreadableError where it cannot be asked at all."""
        directory = self.directories.get(mine.source)
        if directory is None:
            text = (
                "It has to be looked up at its source, and the way there is not set up."
                f" Set what docs/sources/{mine.source}.md names for look-ups"
                f" (OFFBOARD_SOURCE_{mine.source.upper()}_…), restart the workers, then"
                " replay it."
            )
            raise UnreadableError(Unreadable.LOOK_UP_NOT_SET_UP, text)
        return directory.look_up(_hint_of(mine))

    def _put_off(self, mine: LookUp, error: TransientError) -> None:
        now = self.clock()
        last_at = mine.waits_since + LOOK_UP_LIFE
        if now >= last_at:
            hours = round(LOOK_UP_LIFE.total_seconds() / 3600)
            text = f"Its source could not be asked for {hours} hours."
            self._give_up(mine, Unreadable.LOOK_UP_FAILED, text, fault=str(error))
            return
        grown = pause(mine.tries, longest_seconds=_LONGEST_PAUSE_SECONDS)
        asked = min(error.retry_after_seconds or 0.0, _LONGEST_ASKED_SECONDS)
        wait = max(grown, timedelta(seconds=asked))
        self.deliveries.again(mine, min(now + wait, last_at))
        log.warning("look_up.put_off", fault=str(error), tries=mine.tries + 1)

    def _give_up(
        self, mine: LookUp, reason: Unreadable, text: str, *, fault: str | None = None
    ) -> None:
        if self.deliveries.fail(mine, reason, text, self.clock()):
            log.error("look_up.failed", reason=reason, detail=text, fault=fault)


def _hint_of(mine: LookUp) -> Hint:
    if mine.begun > CRASH_LIMIT:
        text = f"{mine.begun - 1} workers ended without a word while they had it."
        raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)
    if mine.hint is None:
        text = "It was encrypted with another OFFBOARD_SECRET_KEY."
        raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)
    return mine.hint
