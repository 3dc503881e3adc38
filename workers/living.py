"""Says that a process lives, as long as its own loop does: to the store and in a file.

The word comes from a thread of its own, through no task; what it says is whether the
loop of the consumer, or of beat, still turns.
"""

import os
import socket
from collections.abc import Callable
from importlib.metadata import version
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final

import structlog
from celery import Celery, bootsteps, signals
from celery.beat import Scheduler

from config import alive_file
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heartbeat import BEAT, WORKER, living
from workers.store.heartbeats import Heartbeats

log = structlog.get_logger()

EVERY_SECONDS: Final = 2.0
# The loop turns every two seconds; with a busy machine in between.
_STILL_SECONDS: Final = 15.0
# A loop that could go on has this long for it: Celery waits up to half a minute between
# two tries to reach a broker.
_GRACE_SECONDS: Final = 90.0
# Beat has nine messages sent every few seconds, and brokers give them out in turn.
_DEAF_SECONDS: Final = 300.0


class Pulse:
    """When the loop of this process turned last, and when it last took work."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.turned_at = clock()
        self.took_at = clock()
        # Set once it has turned for the first time.
        self.began = Event()

    def turn(self) -> None:
        """Note that the loop turns."""
        self.turned_at = self.clock()
        self.began.set()

    def took(self) -> None:
        """Note that a task arrived."""
        self.took_at = self.clock()


class Living:
    """Judges by the pulse, and says so.

    Args:
        kind: What this process is.
        pulse: Of its loop.
        heartbeats: Where the store has them.
        fault: What keeps the broker from being reached; None where it answers.
    """

    def __init__(
        self,
        kind: str,
        pulse: Pulse,
        heartbeats: Heartbeats,
        fault: Callable[[], str | None],
    ) -> None:
        self._kind = kind
        self._pulse = pulse
        self._heartbeats = heartbeats
        self._fault = fault
        self._name = f"{socket.gethostname()}-{os.getpid()}"
        self._version = version("offboard")
        self._excused_at = pulse.clock()
        self._beat_since: float | None = None
        self._was_well = True
        self._had_file = True
        self._over = Event()
        self._showing = Lock()

    def start(self) -> None:
        """Say it from a thread until ``end``."""
        Thread(target=self._run, name="living", daemon=True).start()

    def end(self) -> None:
        """Say that it ended as it should; best effort."""
        self._over.set()
        try:
            # Not while the other thread shows once more that it lives.
            with self._showing:
                alive_file.remove(self._kind)
            self._heartbeats.forget(self._name)
        except (StoreAwayError, OSError) as error:
            log.debug("heartbeat.not_ended", fault=type(error).__name__)

    def _run(self) -> None:
        while True:
            has_begun = self._pulse.began.is_set()
            self.say()
            # Said as soon as there is something to say.
            (self._over if has_begun else self._pulse.began).wait(EVERY_SECONDS)
            if self._over.is_set():
                return

    def say(self) -> None:
        """Judge, and say to the store and in the file what is true now."""
        now = self._pulse.clock()
        is_turning = now - self._pulse.turned_at <= _STILL_SECONDS
        is_store_there = self._note_in_store(
            is_turning and self._pulse.began.is_set(), now
        )
        if not is_turning and (not is_store_there or self._fault() is not None):
            # It waits for what is away: to start it again would mend nothing.
            self._excused_at = now
        why = self._why_not(now, is_turning)
        self._tell(why)
        if not why:
            self._touch()

    def _why_not(self, now: float, is_turning: bool) -> str:
        stood_since = max(self._pulse.turned_at, self._excused_at)
        if not is_turning and now - stood_since > _GRACE_SECONDS:
            return "its loop stands still though store and broker answer"
        if self._kind == WORKER and self._beat_since is not None:
            heard = max(self._pulse.took_at, self._beat_since)
            if now - heard > _DEAF_SECONDS:
                return "it takes no task though beat lives"
        return ""

    def _note_in_store(self, is_at_work: bool, now: float) -> bool:
        """Say it there only where the loop turns; tell whether the store answers."""
        try:
            if is_at_work and not self._over.is_set():
                found = self._heartbeats.say(self._name, self._kind, self._version)
            else:
                found = self._heartbeats.all()
        except StoreAwayError:
            self._beat_since = None
            return False
        if not living(BEAT, found):
            self._beat_since = None
        elif self._beat_since is None:
            self._beat_since = now
        return True

    def _tell(self, why: str) -> None:
        """Log it once a change."""
        if why and self._was_well:
            log.error("heartbeat.stopped", why=why)
        if not why and not self._was_well:
            log.warning("heartbeat.resumed")
        self._was_well = not why

    def _touch(self) -> None:
        fault = None
        try:
            with self._showing:
                if not self._over.is_set():
                    alive_file.touch(self._kind)
        except (OSError, alive_file.FolderError) as error:
            fault = type(error).__name__
        if fault and self._had_file:
            log.error("heartbeat.no_file", fault=fault)
        self._had_file = fault is None


def feel_consumer(app: Celery, pulse: Pulse) -> None:
    """Have the loop of a worker's consumer, and what it takes, be felt.

    Celery's own signal for this is not sent without its heartbeat messages, which
    nobody here reads.
    """

    class Feeling(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:  # noqa: ANN401 - Celery's own
            pulse.turn()
            pulse.took()
            every = consumer.timer.call_repeatedly(EVERY_SECONDS, pulse.turn)
            self.stop_feeling = every.cancel

        def stop(self, consumer: Any) -> None:  # noqa: ANN401 - Celery's own
            self.stop_feeling()

    app.steps["consumer"].add(Feeling)

    @signals.task_received.connect(weak=False)
    def _took(**_: object) -> None:
        pulse.took()


def felt_scheduler(pulse: Pulse) -> Any:  # noqa: ANN401 - its types know a name alone
    """Make a class of scheduler for beat whose turns are felt."""

    class Felt(Scheduler):
        def tick(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - as Celery has it
            pulse.turn()
            return super().tick(*given, **more)

    return Felt
