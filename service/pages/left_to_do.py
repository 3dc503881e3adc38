"""The follow-ups of a case as the page shows them: many of one kind are one fold.

Each is named by its number and by a mark of what it is, since what is added to a target
later moves the numbers of those behind it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service.pages.door import may
from workers.offboarding.addon_pods import MOST_AT_ONCE, renewal_command, renewal_of
from workers.offboarding.advice import command_for, renewed_by
from workers.offboarding.follow_ups import Numbered, numbered_follow_ups
from workers.offboarding.model import (
    CLASSIC_CREDENTIAL,
    RECREATE_ADDON_PODS,
    REFRESH_MASTER,
    RETIRE_OLD_KEY,
    Case,
    CaseTarget,
    FollowUp,
)
from workers.offboarding.report import Item, Keep, Line, Report, Section

# So many of one kind are still read one by one.
_FEW: Final = 3
# They have a table of their own.
_TARGETS: Final = "By region and resource group"
_KINDS: Final = {
    RECREATE_ADDON_PODS: "Make the pods of an add-on anew",
    REFRESH_MASTER: "Refresh the master",
    RETIRE_OLD_KEY: "Retire the old key",
    CLASSIC_CREDENTIAL: "Change the classic credential",
}


@dataclass(frozen=True, slots=True)
class ToDo:
    """One follow-up: its number and mark, where it is, how it is done."""

    number: int
    mark: str
    target: CaseTarget
    follow_up: FollowUp
    cluster: str | None
    command: str | None


@dataclass(frozen=True, slots=True)
class Fold:
    """Many follow-ups of one kind, and all their commands for one paste."""

    title: str
    several: tuple[ToDo, ...]

    @property
    def is_long(self) -> bool:
        """Tell whether they are too many to stand open one by one."""
        return len(self.several) > _FEW

    @property
    def text(self) -> str:
        """Say what is to be done, once for all of them where that can be said."""
        first = self.several[0].follow_up
        addon = renewed_by(first)
        return renewal_of(addon) if addon else f"In the first of them: {first.text}"

    @property
    def commands(self) -> str:
        """Return what does them all; empty where no command does."""
        addon = renewed_by(self.several[0].follow_up)
        if addon is None:
            return "\n".join(one.command for one in self.several if one.command)
        ids = [one.follow_up.cluster_id or "" for one in self.several]
        batches = (
            ids[at : at + MOST_AT_ONCE] for at in range(0, len(ids), MOST_AT_ONCE)
        )
        return "\n".join(renewal_command(addon, one) for one in batches)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the report: its items, its folds, and what the service does itself."""

    title: str
    items: tuple[Item, ...]
    folds: tuple[Fold, ...] = ()
    by_itself: tuple[Item, ...] = ()


def parts_of(
    report: Report | None, folds: Sequence[Fold], pressed: Sequence[str] = ()
) -> list[Part]:
    """Return the parts of a report but its targets, with many of a kind in folds.

    Args:
        report: The report on the case.
        folds: The follow-ups that stand together.
        pressed: The commands of ``offboard case`` that a button of the page is for.
    """
    sections = report.sections if report is not None else ()
    parts = [_part(one, folds) for one in sections if one.title != _TARGETS]
    return [replace(one, items=_without(one.items, pressed)) for one in parts]


def _without(items: Sequence[Item], pressed: Sequence[str]) -> tuple[Item, ...]:
    """Leave commands out that a button does, and so the colon before each."""
    known = tuple(f"offboard case {one} " for one in pressed)
    if may("operator"):
        # Each follow-up has a button of its own.
        items = [one for one in items if not _ticks(one)]
    return tuple(
        replace(one, line=_ended(one.line), command=None)
        if known and one.command and one.command.startswith(known)
        else one
        for one in items
    )


def _ticks(item: Item) -> bool:
    return (item.command or "").startswith("offboard case done ")


def _ended(line: Line) -> Line:
    *first, last = line
    return (*first, last.removesuffix(":") + ".") if isinstance(last, str) else line


def _part(section: Section, folds: Sequence[Fold]) -> Part:
    folded = {one.number for fold in folds for one in fold.several}
    alone = [one for one in section.items if not _is_in(folded, one)]
    mine = tuple(folds) if len(alone) < len(section.items) else ()
    late = [one for one in alone if one.keep is Keep.LAST]
    if len(late) <= _FEW:
        return Part(section.title, tuple(alone), mine)
    first = tuple(one for one in alone if one.keep is not Keep.LAST)
    return Part(section.title, first, mine, tuple(late))


def _is_in(folded: set[int], item: Item) -> bool:
    return bool(item.follow_ups) and folded.issuperset(item.follow_ups)


def folds_of(case: Case) -> list[Fold]:
    """Return the folds; follow-ups that the service does by itself are in none."""
    groups: dict[str, list[ToDo]] = {}
    for one in to_dos(case):
        groups.setdefault(_title(one.follow_up), []).append(one)
    return [
        Fold(title, tuple(several))
        for title, several in groups.items()
        if len(several) > (1 if renewed_by(several[0].follow_up) else _FEW)
    ]


def to_dos(case: Case) -> Iterator[ToDo]:
    """Return what a person has to do, and has not said to be done."""
    if case.dry_run:
        return
    for number, target, follow_up in numbered_follow_ups(case):
        by_itself = follow_up.care is not None and not follow_up.care.is_refused
        if follow_up.done_at is None and not by_itself:
            yield _to_do(number, target, follow_up)


def mark_of(numbered: Numbered) -> str:
    """Return what tells a follow-up from every other, whatever its number is."""
    _, target, follow_up = numbered
    said = repr((target.target.id, follow_up.key))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def is_still(case: Case, number: int, mark: str) -> bool:
    """Tell whether *number* is the follow-up that the page had under it."""
    return marks_of(case).get(number) == mark


def marks_of(case: Case) -> dict[int, str]:
    """Return the mark of each follow-up by its number."""
    return {one[0]: mark_of(one) for one in numbered_follow_ups(case)}


def _to_do(number: int, target: CaseTarget, follow_up: FollowUp) -> ToDo:
    names = {one.id: one.name for one in target.target.clusters}
    return ToDo(
        number,
        mark_of((number, target, follow_up)),
        target,
        follow_up,
        names.get(follow_up.cluster_id or "", follow_up.cluster_id),
        command_for(follow_up, target.target),
    )


def _title(follow_up: FollowUp) -> str:
    addon = renewed_by(follow_up)
    if addon is not None:
        return f"Make the pods of {addon} anew"
    return _KINDS.get(follow_up.kind, follow_up.kind)
