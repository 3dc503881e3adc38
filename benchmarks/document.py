"""Writes what was measured into docs/performance.md: `python -m benchmarks.document`.

Tables go between markers and pictures into docs/images, all from `results/*.json`, so
that no number is typed by hand. Run `make bench` before; a benchmark without a result
stands in the table as not measured.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import RESULTS, Figure, Found, read
from benchmarks.order import ORDER
from benchmarks.peers.ground import DOCUMENTED_CALLS

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "performance.md"
IMAGES: Final = ROOT / "docs" / "images"
# Each picture's file, and what is to be seen on it.
PICTURES: Final = {
    "owner-safe": "Time until every key of a leaver is the functional ID's, the floor,"
    " offboard and what people use today",
    "departure": "One departure in time: each reset, each reading of an owner, and the"
    " calls of the last ten seconds under the budget",
    "accepted": "Events accepted a second: a bare server, a plain hook, offboard",
    "workers": "Time to owner-safe with more workers, each over its floor",
}


def main() -> None:
    """Write tables and pictures anew from the results."""
    # Only here: whoever reads or tests the tables needs no plotter.
    from benchmarks.pictures import draw

    found = results()
    for path in draw(found, IMAGES):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(text, found, IMAGES), encoding="utf-8")


def results(folder: Path = RESULTS) -> dict[str, Found]:
    """Read every result that is there, in the order of the turns."""
    there = [one.name for one in ORDER if (folder / f"{one.name}.json").exists()]
    return {name: read(name, folder) for name in there}


def filled(text: str, found: Mapping[str, Found], images: Path) -> str:
    """Put tables and pictures into the page; a picture that is not drawn has none."""
    shown = [
        f"![{what}](images/{name}.svg)"
        for name, what in PICTURES.items()
        if (images / f"{name}.svg").exists()
    ]
    text = between(text, "pictures", "\n\n".join(shown))
    text = between(text, "figures", figures_table(found))
    text = between(text, "peers", peers_table(found))
    return between(text, "machine", made_on(found))


def between(text: str, name: str, what: str) -> str:
    """Put *what* between the two markers of that name.

    Raises:
        ValueError: The page has not both.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"The page needs the markers of {name} once each")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{what}\n{end}{after}"


def figures_table(found: Mapping[str, Found]) -> str:
    """Make the table of all figures; every benchmark stands in it."""
    head = "| measure | goal | seen | held against | | by |"
    rows = [head, "| --- | --- | --- | --- | --- | --- |"]
    for turn in ORDER:
        if turn.name not in found:
            rows.append(_cells("not measured", "", "", "", "", f"`{turn.name}`"))
            continue
        figures = found[turn.name].figures
        rows += [_row(one, turn.name) for one in figures]
        if not figures:
            text = "see [what people use today](#what-people-use-today)"
            rows.append(_cells(text, "", "", "", "", f"`{turn.name}`"))
    return "\n".join(rows)


def _row(one: Figure, name: str) -> str:
    mark = "reached" if one.is_reached else "**not reached**"
    return _cells(
        one.measure, one.goal, _number(one.value), _held(one), mark, f"`{name}`"
    )


def _held(one: Figure) -> str:
    """Say what a value is made of."""
    ours = [f"ours {_number(one.ours)} {one.unit}"] if one.ours is not None else []
    floor = [f"floor {_number(one.floor)} {one.unit}"] if one.floor is not None else []
    peer = [f"{one.peer_name} {_number(one.peer)} {one.unit}"] if one.peer_name else []
    note = [one.note] if one.note else []
    return "; ".join([*ours, *floor, *peer, *note])


def peers_table(found: Mapping[str, Found]) -> str:
    """Make the table of what people use today, and of what goes wrong with it."""
    limit = f"most calls in ten seconds, of {DOCUMENTED_CALLS}"
    head = f"| | time to owner-safe | {limit} | what goes wrong, as seen |"
    rows = [head, "| --- | --- | --- | --- |"]
    for details in peers(found):
        note = f" ({details['note']})" if "note" in details else ""
        rows.append(
            _cells(
                details["who"],
                f"{_number(details['seconds'])} s{note}",
                str(details["most_calls_in_10_seconds"]),
                details["wrong"],
            )
        )
    return "\n".join(rows)


def peers(found: Mapping[str, Found]) -> Iterable[Mapping[str, Any]]:
    """Give each peer that was measured, and the wider one of the same."""
    for name, one in found.items():
        if not name.startswith("peers."):
            continue
        yield one.details
        if "wide" in one.details:
            yield one.details["wide"]


def made_on(found: Mapping[str, Found]) -> str:
    """Say when and on what the figures were made."""
    if not found:
        return "Nothing was measured yet."
    last = max(found.values(), key=lambda one: one.made_at)
    machine = last.machine
    return (
        f"Made on {last.made_at:%Y-%m-%d}: {machine['cores']} cores, "
        f"{machine['system']} on {machine['machine']}, Python {machine['python']}."
    )


def _number(value: float | None) -> str:
    """Write a number as people read it: three digits that mean something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _cells(*texts: str) -> str:
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


if __name__ == "__main__":
    main()
