"""What more workers bring, and what one machine holds.

The floor is that of ``departure``: the budget of calls is one for all workers, so that
it is the same for one, two and four of them.

What one machine holds is computed from the CPU seconds of a departure of a few targets.
From what its cores have in a minute that goes off which all processes take when nobody
leaves; the rest is divided by what a departure takes in all processes together. It is
held against what the budget allows in a minute, by the calls of the same departure. It
is the first after a start, so that what workers load for it is in it: later ones take
less. What a target takes is seen of a large departure after it.

Run it alone: `.venv/bin/python -m benchmarks.scaling`.
"""

import os
from typing import Final

from benchmarks.departure import (
    CALLS_PER_10_SECONDS,
    GOAL,
    TARGETS,
    WORKERS,
    figure,
    floor,
)
from benchmarks.figures import Figure, report
from benchmarks.played import Played, grounds
from benchmarks.scenes import COLLEAGUE_EMAIL, LEAVER_EMAIL, Scene

COUNTS: Final = (1, 2, 4)
FEW: Final = 5
_MINUTE: Final = 60.0


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Play the departure with more and more workers, and one of a few targets."""
    scene = Scene(targets=TARGETS, others=FEW, clusters=TARGETS + FEW)
    settings = {str(count): {"workers": count} for count in COUNTS}
    with grounds(scene, settings) as ready:
        # First, since after the others each of their keys is looked at again.
        few = ready[str(WORKERS)].play(COLLEAGUE_EMAIL)
        many = {count: ready[str(count)].play(LEAVER_EMAIL) for count in COUNTS}
    figures = [_with(workers, one) for workers, one in many.items()]
    return [*figures, _held(few)], {
        "targets": TARGETS,
        "few_targets": FEW,
        "cpu_seconds_of_many": {count: one.cpu for count, one in many.items()},
        "cpu_seconds_of_few": few.cpu,
        "cpu_seconds_of_a_target": {
            name: value / TARGETS for name, value in many[WORKERS].cpu.items()
        },
        "calls_of_few": few.calls,
        "idle_share_of_a_core": {count: one.idle for count, one in many.items()},
        "memory_mb": {count: one.memory for count, one in many.items()},
    }


def _with(workers: int, one: Played) -> Figure:
    processes = "1 worker" if workers == 1 else f"{workers} workers"
    measure = f"owner-safe, {TARGETS} targets, {processes}"
    goal = f"<= {GOAL} x floor of the same budget"
    return figure(measure, goal, one.safe, floor(TARGETS))


def _held(few: Played) -> Figure:
    cores = os.cpu_count() or 1
    free = cores - sum(few.idle.values())
    by_cpu = _MINUTE * free / sum(few.cpu.values())
    by_budget = 6 * CALLS_PER_10_SECONDS / few.calls
    parts = ", ".join(f"{name} {value:.3f}" for name, value in few.cpu.items())
    return Figure(
        measure=f"departures of {FEW} targets a minute that {cores} cores hold",
        goal=">= what the budget of calls allows",
        value=by_cpu / by_budget,
        limit=1.0,
        at_most=False,
        ours=by_cpu,
        peer=by_budget,
        peer_name="the budget",
        unit="a minute",
        note=f"CPU seconds of the first: {parts}; its calls: {few.calls}",
    )


if __name__ == "__main__":
    report("scaling", *measured())
