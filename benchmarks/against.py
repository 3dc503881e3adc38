"""The service against what people use today, by what a run's other benchmarks found.

    ratio = the peer's time to owner-safe / ours, without canary, on the same account

It measures nothing itself: it reads what `departure` and the peers found in one run,
`.venv/bin/python -m benchmarks departure peers.sequential peers.naive peers.chord
against`.
"""

from datetime import timedelta
from typing import Final

from benchmarks.figures import Figure, Found, read, report

# Of results further apart than this nobody knows whether the machine was the same.
_ONE_RUN: Final = timedelta(minutes=15)
_PEERS: Final = ("peers.sequential", "peers.naive", "peers.chord")
# Only the script has a goal; the others are there to be seen.
TIMES: Final = 50.0
WITHOUT_CANARY: Final = "owner-safe without canary"


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Put ours and the peers' time together."""
    departure = read("departure")
    peers = {name: read(name) for name in _PEERS}
    assert_one_run([departure, *peers.values()])
    ours = ours_of(departure)
    figures = [
        _figure(name, ours, found, TIMES if name == "peers.sequential" else 1.0)
        for name, found in peers.items()
    ]
    return figures, {"ours_seconds": ours}


def ours_of(departure: Found) -> float:
    """Find our seconds to owner-safe without canary.

    Raises:
        LookupError: The departure has no such figure.
    """
    for one in departure.figures:
        if one.measure.startswith(WITHOUT_CANARY) and one.ours is not None:
            return one.ours
    raise LookupError(f"departure has no figure of {WITHOUT_CANARY}")


def assert_one_run(found: list[Found]) -> None:
    """Refuse results of which some were made much earlier.

    Raises:
        ValueError: They are of several runs.
    """
    times = [one.made_at for one in found]
    if max(times) - min(times) > _ONE_RUN:
        raise ValueError("These are results of several runs; run them together.")


def _figure(name: str, ours: float, found: Found, times: float) -> Figure:
    peer = float(found.details["seconds"])
    return Figure(
        measure=f"owner-safe without canary, against {name}",
        goal=f">= {times:g} x faster",
        value=peer / ours,
        limit=times,
        at_most=False,
        ours=ours,
        peer=peer,
        peer_name=str(found.details["who"]),
        note=str(found.details.get("note", "")),
    )


if __name__ == "__main__":
    report("against", *measured())
