"""What benchmarks may have found: for the tests of their frame."""

from datetime import UTC, datetime

from benchmarks.figures import Figure, Found

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SAFE = Figure(
    measure="owner-safe without canary",
    goal="<= 1.05 x floor",
    value=1.02,
    limit=1.05,
    ours=21.2,
    floor=20.8,
)
MACHINE = {"cores": 2, "system": "Linux", "machine": "x86_64", "python": "3.11.7"}


def found(name, *of, at=NOON, **details):
    return Found(name, at, MACHINE, of, details)
