"""Many histories and all crash points, on every core, and what came of them."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from .crash_points import ROADS, crash_points, crashed
from .faults import EVERY_KIND
from .history import lived
from .virtual import quiet

_AT_ONCE = 5
# A kind that never fired has its turn so many times more.
_MORE = 20
# After so many histories each kind of fault must have fired in one of them.
ENOUGH = 5 * len(EVERY_KIND)


@dataclass
class Tally:
    """What was lived through so far."""

    histories: int = 0
    departures: int = 0
    steps: int = 0
    crash_points: Counter = field(default_factory=Counter)
    fired: Counter = field(default_factory=Counter)
    broken: list = field(default_factory=list)
    began: float = field(default_factory=monotonic)

    @property
    def seconds(self):
        return monotonic() - self.began

    @property
    def never_fired(self):
        """Name the kinds that should have fired by now, and did not."""
        return [one for one in EVERY_KIND if not self.fired[one]]

    @property
    def is_good(self):
        """Tell whether no rule was broken, and nothing planned was idle for ever."""
        is_long = self.histories >= ENOUGH
        return not self.broken and not (is_long and self.never_fired)


def live_some(seeds):
    """Live the histories of these seeds."""
    with quiet():
        return [lived(seed) for seed in seeds]


def crash_some(job):
    """Crash at every n-th passing of one road, from a first one on."""
    number, first, every = job
    road = ROADS[number]
    with quiet():
        points = crash_points(road)[first::every]
        return (
            road.name,
            len(points),
            [what for point in points for what in crashed(road, point)],
        )


def live(tally, seed, histories, seconds):
    """Live *histories* from *seed* on, for at most *seconds*."""
    chunks = iter(
        range(at, min(at + _AT_ONCE, seed + histories))
        for at in range(seed, seed + histories, _AT_ONCE)
    )
    over = monotonic() + seconds
    with ProcessPoolExecutor(_cores()) as pool:
        running = set()
        while monotonic() < over:
            while len(running) < 2 * _cores() and (chunk := next(chunks, None)):
                running.add(pool.submit(live_some, chunk))
            if not running:
                return
            done = next(iter(running))
            running.discard(done)
            _count(tally, done.result())
        for one in running:
            _count(tally, one.result())


def live_what_never_fired(tally, seed, seconds):
    """Live more histories in which each kind that never fired has its turn."""
    over = monotonic() + seconds
    seed += -seed % len(EVERY_KIND)
    with ProcessPoolExecutor(_cores()) as pool:
        for _ in range(_MORE):
            kinds = [at for at, one in enumerate(EVERY_KIND) if not tally.fired[one]]
            if not kinds or monotonic() > over:
                return
            for told in pool.map(live_some, [[seed + at] for at in kinds]):
                _count(tally, told)
            seed += len(EVERY_KIND)


def _count(tally, told):
    for one in told:
        tally.histories += 1
        tally.departures += one.departures
        tally.steps += one.steps
        tally.fired += one.fired
        tally.broken += [f"seed {one.seed}: {what}" for what in one.broken]


def crash_everywhere(tally, every=1):
    """Crash at every passing of every road, or at each *every*-th."""
    shares = every * _cores()
    jobs = [
        (number, first, shares)
        for number in range(len(ROADS))
        for first in range(0, shares, every)
    ]
    with ProcessPoolExecutor(_cores()) as pool:
        for name, many, broken in pool.map(crash_some, jobs):
            tally.crash_points[name] += many
            tally.broken += broken


def _cores():
    return max(1, min(os.cpu_count() or 1, 8))
