"""The benchmarks that `python -m benchmarks` knows, in the order of their turns.

A new one is a line here: its name is its module's in this folder.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Turn:
    """One benchmark in a run.

    Attributes:
        name: Its module in this folder.
        seconds: Its budget; it is ended when that is over.
        beside: Beside whose turn it runs. Only what sleeps nearly all the time runs
            beside another; everything else has the machine to itself.
        is_last: Whether it compares what the others found, and so waits for all.
    """

    name: str
    seconds: int
    beside: str = ""
    is_last: bool = False


ORDER: Final = (
    # It waits for the budget nearly all the time, and so do the peers for replication;
    # the others beside it count calls and processor time, whatever the clock says.
    Turn("exposure", 155),
    Turn("peers.sequential", 200, beside="exposure"),
    Turn("peers.naive", 240, beside="exposure"),
    Turn("peers.chord", 180, beside="exposure"),
    Turn("calls", 120, beside="exposure"),
    Turn("large_case", 60, beside="exposure"),
    Turn("processes", 60, beside="exposure"),
    Turn("departure", 150),
    Turn("accept", 75),
    Turn("ledger", 60),
    Turn("scheduled", 90),
    Turn("storm", 60),
    Turn("against", 10, is_last=True),
)


def named(names: list[str]) -> tuple[Turn, ...]:
    """Return the turns of these names, in their order; of all where none is named.

    Raises:
        KeyError: There is no such benchmark.
    """
    known = {one.name for one in ORDER}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(one for one in ORDER if not names or one.name in names)
