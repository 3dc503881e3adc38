"""What a benchmark found: figures against their goals, as a table and as a file.

A figure is always a ratio within one run on one machine, or a count: times by
themselves say more about the machine than about the service.
"""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measure against its goal.

    Attributes:
        measure: What was measured, as people say it.
        goal: The goal in words.
        value: What is held against the limit: a ratio, or a count.
        limit: The limit.
        at_most: Whether the value must not be above the limit; else not below.
        ours: What the service took or made, in *unit*; None where there is only a
            value.
        floor: The least that can be, by the benchmark's formula, in *unit*.
        peer: What *peer_name* took or made in the same run, in *unit*.
        peer_name: What it was held against.
        unit: Of ours, floor and peer.
        note: What has to be known to read it.
    """

    measure: str
    goal: str
    value: float
    limit: float
    at_most: bool = True
    ours: float | None = None
    floor: float | None = None
    peer: float | None = None
    peer_name: str = ""
    unit: str = "s"
    note: str = ""

    @property
    def is_reached(self) -> bool:
        """Tell whether the goal is reached."""
        if self.at_most:
            return self.value <= self.limit
        return self.value >= self.limit


def table(figures: Sequence[Figure]) -> str:
    """Make a Markdown table of figures."""
    head = "| measure | goal | ours | floor | compared with | ratio or count | |"
    rows = [head, "| --- | --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*rows, *map(_row, figures)])


def _row(one: Figure) -> str:
    peer = f"{_said(one.peer, one.unit)} ({one.peer_name})" if one.peer_name else ""
    mark = "reached" if one.is_reached else "**not reached**"
    cells = (
        one.measure,
        one.goal,
        _said(one.ours, one.unit),
        _said(one.floor, one.unit),
        peer,
        f"{one.value:.4g}",
        f"{mark}{'; ' if one.note else ''}{one.note}",
    )
    return f"| {' | '.join(cells)} |"


def _said(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.4g} {unit}"


def report(
    name: str, figures: Sequence[Figure], details: Mapping[str, Any] | None = None
) -> None:
    """Print the figures of one benchmark, and keep them with its details as a file."""
    sys.stdout.write(f"{table(figures)}\n")
    write(
        name,
        {
            "benchmark": name,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "figures": [{**asdict(one), "reached": one.is_reached} for one in figures],
            "details": dict(details or {}),
        },
    )


@dataclass(frozen=True)
class Found:
    """What one benchmark found when it last ran."""

    name: str
    made_at: datetime
    machine: Mapping[str, Any]
    figures: tuple[Figure, ...]
    details: Mapping[str, Any]


def read(name: str, folder: Path = RESULTS) -> Found:
    """Read what a benchmark found.

    Raises:
        FileNotFoundError: It has not run.
    """
    kept = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    known = Figure.__dataclass_fields__
    return Found(
        kept["benchmark"],
        datetime.fromisoformat(kept["made_at"]),
        kept["machine"],
        tuple(
            Figure(**{name: value for name, value in one.items() if name in known})
            for one in kept["figures"]
        ),
        kept["details"],
    )


def machine() -> dict[str, object]:
    """Say what the figures were made on; nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def write(name: str, found: Mapping[str, Any]) -> None:
    """Keep what was found as a file."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(found, indent=2)
    (RESULTS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
