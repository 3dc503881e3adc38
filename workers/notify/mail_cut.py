"""A report made short enough for a mail: what needs somebody stays, the rest counts.

Mail programs cut a long mail themselves, at its end and with no count: the HTML of one
as long as this stays below the 100 kB at which the strictest of them does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from workers.offboarding.report import Item, Keep, Line, Report
from workers.offboarding.report.commands import show_command

MOST_CHARACTERS: Final = 36_000
# Of what is left at that section, where not even all that needs somebody fits.
_UNSEEN_SHARE: Final = 1 / 4
_TO_DO_SHARE: Final = 2 / 3
# The marks around an item, and what tells how many more there are.
_AROUND_ITEM: Final = 10


def cut(report: Report, limit: int = MOST_CHARACTERS) -> Report:
    """Return *report* with points about single targets left out where it is too long.

    Those that need somebody stay, unless they alone are too long: then as many of each
    section as fit. What is left out is counted, with the way to see it.
    """
    if report.case_id is None:
        return report
    parts = (report.unseen, report.to_do, report.targets)
    others = (report.clocks, report.asked, report.found)
    always = [one for one in chain(*parts) if one.keep is Keep.ALWAYS]
    room = limit - _size(chain(always, *others))
    if _size(chain(*parts)) - _size(always) <= room:
        return report
    first = [[one for one in part if one.keep is Keep.FIRST] for part in parts]
    is_tight = _size(chain(*first)) > room
    shares = (_UNSEEN_SHARE, _TO_DO_SHARE, 1.0)
    kept = []
    for number, part in enumerate(parts):
        # What the sections behind this one need is theirs.
        behind = 0 if is_tight else _size(chain(*first[number + 1 :]))
        mine = int(room * shares[number]) if is_tight else room - behind
        kept.append(tuple(_kept(report.case_id, part, mine)))
        room -= _size(one for one in kept[-1] if one.keep is not Keep.ALWAYS)
    unseen, to_do, targets = kept
    return replace(report, unseen=unseen, to_do=to_do, targets=targets)


def _kept(case_id: str, part: Sequence[Item], room: int) -> Iterator[Item]:
    """Return what fits, what needs somebody first, and how many more there are."""
    fitting: set[int] = set()
    for keep in (Keep.FIRST, Keep.LAST):
        for number, one in enumerate(part):
            if one.keep is keep:
                room -= _size([one])
                if room < 0:
                    break
                fitting.add(number)
    left = [
        one
        for number, one in enumerate(part)
        if one.keep is not Keep.ALWAYS and number not in fitting
    ]
    is_said = not left
    for number, one in enumerate(part):
        if one.keep is Keep.ALWAYS or number in fitting:
            yield one
        elif not is_said:
            is_said = True
            yield _more(case_id, left)


def _more(case_id: str, left: Sequence[Item]) -> Item:
    many = len(left)
    urgent = sum(one.keep is Keep.FIRST for one in left)
    whose = f"{urgent} of them not safe yet" if urgent else "none of them needs anybody"
    text = f"{many} more do not fit into a mail, {whose}. See all of it:"
    api: Line = (f"Over HTTP: GET /api/cases/{case_id}",)
    return Item((text,), (api,), show_command(case_id))


def _size(items: Iterable[Item]) -> int:
    return sum(
        sum(len(str(piece)) for line in (one.line, *one.details) for piece in line)
        + 4 * len(one.details)
        + len(one.command or "")
        + _AROUND_ITEM
        for one in items
    )
