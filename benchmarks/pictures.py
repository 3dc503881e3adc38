"""The pictures of docs/performance.md, as SVG, from what the benchmarks found.

A picture whose figures are not there is not drawn; one that is there already stays.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import StrMethodFormatter

from benchmarks.against import WITHOUT_CANARY
from benchmarks.document import peers
from benchmarks.figures import Figure, Found

OURS, FLOOR, PEER = "#0f62fe", "#8d8d8d", "#ba4e00"
_SIZE: Final = (8.0, 3.6)
# Text stays text, and the same figures give the same file.
_STYLE: Final = {"svg.fonttype": "none", "svg.hashsalt": "offboard", "font.size": 10}

Results = Mapping[str, Found]


def draw(found: Results, folder: Path) -> list[Path]:
    """Draw every picture that there are figures for; return their files."""
    drawn: list[Path] = []
    for name, (needed, picture) in _PICTURES.items():
        if not needed <= set(found):
            continue
        path = folder / f"{name}.svg"
        with _sheet(path) as axes:
            picture(axes, found)
        drawn.append(path)
    return drawn


@contextmanager
def _sheet(path: Path) -> Iterator[Axes]:
    with mpl.rc_context(_STYLE):
        sheet = Sheet(figsize=_SIZE, layout="constrained")
        axes = sheet.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        yield axes
        nameless = {"Date": None, "Creator": None}
        sheet.savefig(path, format="svg", metadata=nameless)
    # The backend ends lines with blanks.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(map(str.rstrip, lines)) + "\n", encoding="utf-8")


def owner_safe(axes: Axes, found: Results) -> None:
    """Time to owner-safe: the floor, ours, and what people use today."""
    ours = _figure(found["departure"], WITHOUT_CANARY)
    bars = [("floor at the budget", ours.floor, FLOOR), ("offboard", ours.ours, OURS)]
    bars += [(one["who"], one["seconds"], PEER) for one in peers(found)]
    _bars(axes, bars, unit="s")
    axes.set_xscale("log")
    axes.set_xlim(left=1, right=10_000)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("seconds until every key is the functional ID's, logarithmic")


def departure(axes: Axes, found: Results) -> None:
    """One departure in time: its calls, and how many there were in ten seconds."""
    details = found["departure"].details
    calls = [(float(at), str(kind)) for at, kind in details["timeline"]]
    rows = {"reset": ("resets", OURS), "owner": ("owners read", PEER)}
    for height, (kind, (label, colour)) in enumerate(rows.items()):
        times = [at for at, one in calls if one == kind]
        axes.vlines(times, height + 0.1, height + 0.9, color=colour, linewidth=0.6)
        axes.text(-0.5, height + 0.5, label, ha="right", va="center")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("seconds since the event was accepted")
    above = axes.twinx()
    above.spines[["top", "left"]].set_visible(False)
    times = sorted(at for at, _ in calls)
    window = float(details["window_seconds"])
    in_window = [sum(at - window < one <= at for one in times) for at in times]
    above.step(times, in_window, where="post", color="#161616", linewidth=1.2)
    budget = float(details["budget"])
    above.axhline(budget, color="#161616", linestyle=":", linewidth=1)
    above.set_ylim(0, 1.6 * budget)
    above.set_ylabel(f"calls in the last {window:.0f} s (dotted: budget)")


def accepted(axes: Axes, found: Results) -> None:
    """Events accepted a second: the bare server, a plain hook, ours."""
    one = found["accept"].figures[0]
    bars = [
        ("bare server, says hello", one.floor, FLOOR),
        (one.peer_name, one.peer, PEER),
        ("offboard", one.ours, OURS),
    ]
    _bars(axes, bars, unit=one.unit)
    axes.set_xlabel("answers per second, on one machine")


def workers(axes: Axes, found: Results) -> None:
    """Time to owner-safe with more workers, over the floor of the same budget."""
    bars: list[tuple[str, float | None, str]] = []
    for one in found["scaling"].figures:
        if one.ours is not None and one.unit == "s":
            bars += [(one.measure, one.ours, OURS), ("its floor", one.floor, FLOOR)]
    _bars(axes, bars, unit="s")
    axes.set_xlabel("seconds")


def _figure(found: Found, measure: str) -> Figure:
    return next(one for one in found.figures if one.measure.startswith(measure))


def _bars(axes: Axes, bars: list[tuple[str, float | None, str]], *, unit: str) -> None:
    """Draw bars from the top down, each with its number; None has none."""
    shown = [(name, value, colour) for name, value, colour in bars if value is not None]
    places = range(len(shown))
    names, values, colours = zip(*shown, strict=True)
    drawn = axes.barh(places, values, color=colours, height=0.65)
    axes.bar_label(drawn, [f"{value:,.4g} {unit}" for value in values], padding=4)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.margins(x=0.15)


_PICTURES: Final[dict[str, tuple[set[str], Callable[[Axes, Results], None]]]] = {
    "owner-safe": ({"departure"}, owner_safe),
    "departure": ({"departure"}, departure),
    "accepted": ({"accept"}, accepted),
    "workers": ({"scaling"}, workers),
}
