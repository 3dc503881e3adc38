"""Runs benchmarks one after the other: `python -m benchmarks`, all or those named.

Progress goes to stderr; what they found goes to stdout and `results/table.md`, as a
table. The exit code is 0 when all ran, 1 when one did not, 2 for a name that is none,
and with `--strict` 3 when a goal was not reached.
"""

import argparse
import signal
import sys
import time

from benchmarks.document import peers_table
from benchmarks.figures import RESULTS, Figure, Found, read, table
from benchmarks.order import ORDER, Turn, named
from benchmarks.running import Run

MISSED = 3
# What runs beside another begins later: ten processes that start are no sleepers, and
# how the first calls go out is how those of each window of the budget do.
AHEAD_SECONDS = 15.0


def main(words: list[str]) -> int:
    """Run what is named, and return the exit code."""
    asked = _asked(words)
    began = time.monotonic()
    ran = play(named(asked.names))
    found = [read(name) for name, is_done in ran.items() if is_done]
    text = summary(found)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "table.md").write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n")
    _say(f"{len(found)} of {len(ran)} ran, {time.monotonic() - began:.0f} s")
    if not all(ran.values()):
        return 1
    missed = [one for one in _figures(found) if not one.is_reached]
    return MISSED if asked.strict and missed else 0


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    known = [one.name for one in ORDER]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--strict", action="store_true", help="exit 3 on a missed goal")
    asked = parser.parse_args(words)
    unknown = sorted(set(asked.names) - set(known))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    return asked


def play(turns: tuple[Turn, ...]) -> dict[str, bool]:
    """Give each its turn; return which of them ran to their end, in order."""
    names = {one.name for one in turns}
    sleepers = [one for one in turns if one.beside]
    alone = [one for one in turns if not one.beside and not one.is_last]
    begun: list[Run] = []
    ran: dict[str, bool] = {}

    def begin(turn: Turn) -> Run:
        begun.append(_start(turn))
        return begun[-1]

    try:
        # Whose neighbour has no turn today begins at once.
        beside = [begin(one) for one in sleepers if one.beside not in names]
        for turn in alone:
            run = begin(turn)
            mine = [one for one in sleepers if one.beside == turn.name]
            if mine:
                time.sleep(AHEAD_SECONDS)
            beside += map(begin, mine)
            ran[turn.name] = _ended(run)
        ran |= {one.turn.name: _ended(one) for one in beside}
        ran |= {one.name: _ended(begin(one)) for one in turns if one.is_last}
    finally:
        for one in begun:
            one.end()
    return {one.name: ran[one.name] for one in turns}


def _start(turn: Turn) -> Run:
    beside = f", beside {turn.beside}" if turn.beside else ""
    _say(f"{turn.name} begins{beside} (at most {turn.seconds} s)")
    return Run(turn)


def _ended(run: Run) -> bool:
    fault, name = run.wait(), run.turn.name
    if fault:
        _say(f"{name} did not run: {fault}")
        return False
    figures = read(name).figures
    reached = sum(one.is_reached for one in figures)
    # What ran beside was over before anybody asked.
    took = "" if run.turn.beside else f" after {run.seconds:.0f} s"
    _say(f"{name} ran{took}: {reached} of {len(figures)} goals reached")
    return True


def summary(found: list[Found]) -> str:
    """Make the table of a run, and say what it was made on."""
    if not found:
        return "Nothing ran."
    machine = found[-1].machine
    made_on = ", ".join(f"{name} {value}" for name, value in machine.items())
    parts = [table(_figures(found)), f"Made on: {made_on}."]
    if any(one.name.startswith("peers.") for one in found):
        parts.insert(1, peers_table({one.name: one for one in found}))
    return "\n\n".join(parts)


def _figures(found: list[Found]) -> list[Figure]:
    return [figure for one in found for figure in one.figures]


def _say(text: str) -> None:
    sys.stderr.write(f"benchmarks: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    # As Ctrl-C does: what was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
