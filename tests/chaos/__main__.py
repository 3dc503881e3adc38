"""``python -m tests.chaos``: many histories, all crash points, and what came of them.

``--seed N --histories 1`` lives one again and prints its road.
"""

import argparse
import os
import sys

from .faults import EVERY_KIND
from .history import lived
from .running import ENOUGH, Tally, crash_everywhere, live, live_what_never_fired
from .virtual import quiet


def _asked():
    asked = argparse.ArgumentParser(prog="python -m tests.chaos")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--histories", type=int, default=1000)
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--every", type=int, default=1, help="of the crash points")
    asked.add_argument("--no-crash-points", action="store_true")
    return asked.parse_args()


def _say(*words):
    print(*words, flush=True)  # noqa: T201 - a command's answer


def _live_one(seed):
    with quiet():
        told = lived(seed)
    _say(f"seed {seed}: {told.departures} departures, {told.steps} steps")
    _say("planned:", *[str(one) for one in told.faults] or ["nothing"])
    _say("fired:  ", *sorted(told.fired) or ["nothing"])
    for what in told.broken:
        _say("broken: ", what)
    return 1 if told.broken else 0


def _live_many(asked):
    tally = Tally()
    last = asked.seed + asked.histories - 1
    _say(f"seeds {asked.seed} to {last}, at most {asked.seconds:.0f} s")
    live(tally, asked.seed, asked.histories, asked.seconds)
    if tally.histories >= ENOUGH:
        live_what_never_fired(tally, last + 1, asked.seconds / 5)
    minutes = tally.seconds / 60
    lived_through = (
        f"{tally.histories} histories, {tally.departures} departures, "
        f"{tally.steps} steps in {tally.seconds:.0f} s: "
        f"{tally.departures / minutes:.0f} departures a minute"
    )
    _say(lived_through)
    if not asked.no_crash_points:
        crash_everywhere(tally, asked.every)
        for road, many in sorted(tally.crash_points.items()):
            _say(f"  {many:5} crash points on the road: {road}")
        _say(f"{tally.crash_points.total()} crash points")
    return _told(tally, f"seeds from {asked.seed}: {lived_through}")


def _told(tally, lived_through):
    for kind in EVERY_KIND:
        _say(f"  {tally.fired[kind]:5} {kind}")
    _say(f"{tally.fired.total()} faults fired, of {len(EVERY_KIND)} kinds")
    if tally.never_fired:
        word = "broken" if tally.histories >= ENOUGH else "not yet"
        _say(f"never fired ({word}):", *tally.never_fired)
    for what in tally.broken[:50]:
        _say("broken:", what)
    _say("one again: make chaos SEED=<seed> HISTORIES=1")
    # All of it in one line, as the documentation takes it.
    fired = sum(bool(tally.fired[one]) for one in EVERY_KIND)
    _say(
        f"{lived_through}; {tally.crash_points.total()} crash points; "
        f"{tally.fired.total()} faults of {fired} of {len(EVERY_KIND)} kinds; "
        f"{len(tally.broken)} broken rules"
    )
    return 0 if tally.is_good else 1


def main():
    """Do what the command line asks."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is chance too; a seed shall give the same history again.
        os.environ["PYTHONHASHSEED"] = "0"
        again = [sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
        os.execv(sys.executable, again)  # noqa: S606 - this very program
    asked = _asked()
    return _live_one(asked.seed) if asked.histories == 1 else _live_many(asked)


if __name__ == "__main__":
    sys.exit(main())
