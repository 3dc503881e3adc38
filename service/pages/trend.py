"""How exposure went, as lines that need neither scripts nor styles of their own.

A day without a survey is a gap, and a day on which something was not seen has a mark.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from workers.offboarding.trend import Day
from workers.offboarding.words import counted

WIDTH: Final = 720
HEIGHT: Final = 140
_DAYS: Final = 90
_EDGE: Final = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over the days: its runs of days that follow each other, as points."""

    name: str
    mark: str
    runs: tuple[str, ...]
    alone: tuple[Point, ...]
    now: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The lines, the days not wholly seen by their place, and what it says in words."""

    series: tuple[Series, ...]
    not_whole: tuple[float, ...]
    first: date
    last: date
    top: int
    said: str


_FIGURES: Final[tuple[tuple[str, str, Callable[[Day], int]], ...]] = (
    (
        "people whose removal would break clusters",
        "first",
        lambda one: one.departures_from_outage,
    ),
    ("targets whose key is a person's", "second", lambda one: one.of_people),
    ("targets that could not be seen", "third", lambda one: one.unread),
)


def chart_of(days: Sequence[Day], today: date) -> Chart | None:
    """Draw the last ninety days; None where there is no line to draw yet."""
    if len(days) < 2:
        return None
    first = today - timedelta(days=_DAYS - 1)
    top = max(1, *(figure(one) for _, _, figure in _FIGURES for one in days))
    series = tuple(
        _series(name, mark, [(one.day, figure(one)) for one in days], first, top)
        for name, mark, figure in _FIGURES
    )
    return Chart(
        series,
        tuple(_x(one.day, first) for one in days if not one.is_whole),
        first,
        today,
        top,
        _said(days),
    )


def _series(
    name: str, mark: str, values: list[tuple[date, int]], first: date, top: int
) -> Series:
    runs: list[list[Point]] = []
    before: date | None = None
    for day, value in values:
        if before is None or day - before > timedelta(days=1):
            runs.append([])
        runs[-1].append((_x(day, first), _y(value, top)))
        before = day
    return Series(
        name,
        mark,
        tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        tuple(run[0] for run in runs if len(run) == 1),
        values[-1][1],
    )


def _x(day: date, first: date) -> float:
    share = (day - first).days / (_DAYS - 1)
    return round(_EDGE + share * (WIDTH - 2 * _EDGE), 1)


def _y(value: int, top: int) -> float:
    return round(HEIGHT - _EDGE - value / top * (HEIGHT - 2 * _EDGE), 1)


def _said(days: Sequence[Day]) -> str:
    then, now = days[0], days[-1]
    text = (
        f"On {then.day} the removal of {then.departures_from_outage} people would have"
        f" broken clusters, on {now.day} that of {now.departures_from_outage}."
    )
    blind = sum(not one.is_whole for one in days)
    if blind:
        text += f" On {counted(blind, 'day')} not everything was seen."
    return text
