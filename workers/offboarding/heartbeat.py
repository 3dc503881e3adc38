"""Which processes of the service live, and what the doctor says of that. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.words import counted

WORKER: Final = "worker"
BEAT: Final = "beat"
# Said every two seconds: whoever was silent for so long is gone, or stands still.
ALIVE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A process that said that it lives.

    Attributes:
        name: Its host and its process id.
        kind: What it is: ``worker`` or ``beat``.
        version: Of the service, as it runs there.
        age_seconds: How long ago it said so last, by the store's clock.
        up_seconds: How long it has lived.
    """

    name: str
    kind: str
    version: str
    age_seconds: float
    up_seconds: float

    @property
    def is_alive(self) -> bool:
        """Tell whether it said so lately enough."""
        return self.age_seconds <= ALIVE_SECONDS


def living(kind: str, heartbeats: Sequence[Heartbeat]) -> list[Heartbeat]:
    """Return those of one kind that live."""
    return [one for one in heartbeats if one.kind == kind and one.is_alive]


def heartbeat_checks(heartbeats: Sequence[Heartbeat]) -> Iterator[Check]:
    """Say which workers and which beat live, and whether that is as it should be."""
    yield _workers(living(WORKER, heartbeats))
    yield _beats(living(BEAT, heartbeats))
    versions = sorted({one.version for one in heartbeats if one.is_alive})
    if len(versions) > 1:
        text = f"Processes of several versions live: {', '.join(versions)}."
        mend = "That is so while they are changed; bring the others to the new one."
        yield Check("versions", Verdict.WARNING, text, mend)


def _workers(alive: list[Heartbeat]) -> Check:
    what = "workers_alive"
    if not alive:
        text = "No worker lives, or none whose consumer is at work."
        mend = "See that one runs, and what its log says; to start one:"
        return Check(what, Verdict.WARNING, text, mend, "offboard worker")
    return Check(what, Verdict.OK, f"{counted(len(alive), 'worker')}: {_named(alive)}.")


def _beats(alive: list[Heartbeat]) -> Check:
    what = "beat_alive"
    if not alive:
        text = "No beat lives: nobody sends workers to look for what is due."
        mend = "See that exactly one runs, and what its log says; to start it:"
        return Check(what, Verdict.WARNING, text, mend, "offboard beat")
    if len(alive) > 1:
        text = f"{counted(len(alive), 'beat')} live: {_named(alive)}."
        mend = "That does no harm but work twice; end all but one."
        return Check(what, Verdict.WARNING, text, mend)
    return Check(what, Verdict.OK, f"One: {_named(alive)}.")


def _named(alive: list[Heartbeat]) -> str:
    return ", ".join(
        f"{one.name} ({one.version}, up {_span(one.up_seconds)}, "
        f"said so {one.age_seconds:.0f} s ago)"
        for one in sorted(alive, key=lambda one: one.name)
    )


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h"
