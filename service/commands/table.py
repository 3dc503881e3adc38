"""Lays a table out by the width there is: leaves columns out, folds, or lists rows.

No word is ever broken: an id or a mail address that is cut cannot be copied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

# Between two columns.
_GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column; the lower ``spare`` above 0, the sooner it is left out."""

    name: str
    spare: int = 0


def laid_out(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> Iterator[RenderableType]:
    """Return what to print: a table, or where none is readable, the rows as lists."""
    kept = _kept(columns, rows, width)
    cells = [[row[place] for place in kept] for row in rows]
    names = [columns[place].name for place in kept]
    widths = _widths(names, cells, width)
    if widths is None:
        yield from _lists([one.name for one in columns], rows)
        return
    yield _table(names, cells, widths)
    left_out = [
        one.name
        for place, one in enumerate(columns)
        if place not in kept and any(_cells(rows, place))
    ]
    if left_out:
        said = f"Left out, for want of width: {', '.join(left_out)}."
        yield Text(said, style="dim")


def _kept(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> list[int]:
    """Choose the columns: all, or without so many of the spare ones that it fits."""
    kept = list(range(len(columns)))
    # A column with nothing in it is missed by nobody.
    empty = {one for one in kept if rows and not any(_cells(rows, one))}
    spare = [(0, one) for one in empty]
    spare += [(one.spare, place) for place, one in enumerate(columns) if one.spare]
    for _, one in sorted(spare):
        natural = (_natural(columns[i].name, _cells(rows, i)) for i in kept)
        if _total(natural) <= width:
            break
        if one in kept:
            kept.remove(one)
    return kept


def _cells(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows]


def _natural(name: str, cells: Sequence[str]) -> int:
    return max(cell_len(one) for one in (name, *cells))


def _least(name: str, cells: Sequence[str]) -> int:
    """Return the width of the longest word."""
    return max(cell_len(word) for one in (name, *cells) for word in (*one.split(), ""))


def _total(widths: Iterator[int]) -> int:
    every = list(widths)
    return sum(every) + _GAP * (len(every) - 1)


def _widths(
    names: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[int] | None:
    """Give each column its width, the widest giving way first; None: it cannot fit."""
    pairs = [(name, _cells(rows, place)) for place, name in enumerate(names)]
    widths = [_natural(*pair) for pair in pairs]
    least = [_least(*pair) for pair in pairs]
    while _total(iter(widths)) > width:
        free = [one for one in range(len(widths)) if widths[one] > least[one]]
        if not free:
            return None
        widths[max(free, key=widths.__getitem__)] -= 1
    return widths


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, width in zip(names, widths, strict=True):
        table.add_column(name, width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _lists(
    names: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[RenderableType]:
    """Write each row as a list: its first cell, and what it has under the others."""
    for number, row in enumerate(rows):
        if number:
            yield Text("")
        yield Text(row[0], style="bold", overflow="fold")
        for name, cell in zip(names[1:], row[1:], strict=True):
            if cell:
                yield Text(f"  {name}: {cell}", overflow="fold")
