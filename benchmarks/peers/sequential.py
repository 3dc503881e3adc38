"""The script that people run today: one target after the other, ten seconds each.

    seconds(N) = list + N x (read owner + reset + wait + read owner)

Every target takes the same, nearly all of it waiting, so it is timed on a part of them
and the whole is computed by the line above from what was measured.
Run it alone: `.venv/bin/python -m benchmarks.peers.sequential [how many]`.
"""

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean
from typing import Final

import requests

from benchmarks.far_side import FarSide, kinds
from benchmarks.figures import Figure, report
from benchmarks.peers import ground
from benchmarks.peers.cloud import WAIT_SECONDS, Cloud, Place
from benchmarks.scenes import FUNCTIONAL_ID, LEAVER

PART: Final = 12


@dataclass(frozen=True)
class Done:
    """How it went with one target, and how long that took."""

    place: Place
    is_safe: bool
    seconds: float
    fault: str = ""


def take_over(
    cloud: Cloud, places: Iterable[Place], leaver: str, functional_id: str
) -> Iterable[Done]:
    """Reset what the leaver owns, one after the other; go on where one fails."""
    for place in places:
        began = time.monotonic()
        try:
            if cloud.owner(place) != leaver:
                continue
            cloud.reset(place)
            time.sleep(WAIT_SECONDS)
            is_safe, fault = cloud.owner(place) == functional_id, ""
        except requests.RequestException as error:
            is_safe, fault = False, type(error).__name__
        yield Done(place, is_safe, time.monotonic() - began, fault)


def measured(many: int = PART) -> tuple[list[Figure], dict[str, object]]:
    """Run the script on some of the leaver's targets; compute what all would take."""
    with FarSide(ground.SCENE) as far_side:
        began = time.monotonic()
        cloud = Cloud.of({**os.environ, **ground.environ_of(far_side)})
        places = cloud.places()
        listed = time.monotonic() - began
        done = list(take_over(cloud, places[:many], LEAVER, FUNCTIONAL_ID))
        calls = far_side.calls()
    if not all(one.is_safe for one in done) or len(done) != many:
        raise RuntimeError(f"The script did not do its work: {done}")
    return [], {
        "who": "a script, one target after the other",
        **computed(listed, [one.seconds for one in done]),
        "calls": dict(kinds(calls)),
        "most_calls_in_10_seconds": ground.most_in_a_window(calls),
        "wrong": "nobody starts it at night; whoever does, and their machine, stay"
        " for as long as it runs",
    }


def computed(listed: float, each: list[float]) -> dict[str, object]:
    """Compute what all targets take from what some took."""
    total = listed + ground.TARGETS * mean(each)
    return {
        "seconds": round(total, 1),
        "list_seconds": round(listed, 2),
        "seconds_a_target": round(mean(each), 3),
        "longest_target": round(max(each), 3),
        "targets": ground.TARGETS,
        "targets_measured": len(each),
        "note": f"computed: list + {ground.TARGETS} x the mean of {len(each)} targets",
    }


if __name__ == "__main__":
    part = int(sys.argv[1]) if len(sys.argv) > 1 else PART
    report("peers.sequential", *measured(part))
