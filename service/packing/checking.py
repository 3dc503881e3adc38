"""Verifies a pack: its chains by the public key, all the rest by the chains.

What the chain does not yield is named, and so is what it yields and is not there.
"""

import hashlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import IO, Final
from zipfile import ZipFile

from service.packing.comparing import Same
from service.packing.opening import lines_of, opened_zip, read_whole
from service.packing.writing import case_in, sums_text
from workers.offboarding.evidence_check import Checker
from workers.offboarding.pack.matching import Person, people_in
from workers.offboarding.pack.members import (
    EVENTS,
    EVIDENCE,
    HR,
    LEAVERS,
    PACK,
    PAGE,
    QUARANTINE,
    REGISTER,
    SUMS,
    TARGETS,
    About,
    BadPackError,
    absent,
    case_member,
    case_of,
)
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.rendering import PeriodRendering, rendered_case

_TABLES: Final = (LEAVERS, TARGETS, EVENTS)
_NOT_COMPARED: Final = "it was not held against the chain, which does not hold itself"


def check_pack(file: IO[bytes], name: str, checker: Checker) -> About | None:
    """Verify one pack; what is amiss stands in ``checker.found``.

    Args:
        file: The zip file.
        name: What it is called in what is told.
        checker: Knows the keys, and holds all files against each other at last.

    Returns:
        What the pack says of itself; None where it could not be looked at.
    """
    try:
        with opened_zip(file) as (found, about):
            _Pack(found, name, checker, about).check()
            return about
    except BadPackError as error:
        checker.found.amiss(name, 0, str(error))
    except (ValueError, OverflowError):
        # What no service of ours ever sealed, and signed by who knows whom.
        checker.found.amiss(name, 0, "what its entries say makes no sense")
    return None


class _Pack:
    """One pack while it is verified."""

    def __init__(
        self, found: ZipFile, file: str, checker: Checker, about: About
    ) -> None:
        self._zip = found
        self._file = file
        self._checker = checker
        self._about = about
        self._names = set(found.namelist())
        self._sums: dict[str, str] = {PACK: _sum(about.text().encode())}

    def check(self) -> None:
        for each in absent(self._about, list(self._names)):
            self._amiss(each, 0, "it is missing")
        if self._about.period is not None:
            self._check_period(self._about.period)
        elif self._about.case_id is not None:
            self._check_case(self._about.case_id)
        self._compare_sums()

    def _amiss(self, name: str, line: int, text: str) -> None:
        self._checker.found.amiss(f"{self._file}: {name}", line, text)

    def _check_case(self, case_id: str) -> None:
        lines = self._verified(EVIDENCE, case_id)
        if lines is None:
            return
        for name, text in rendered_case(lines).items():
            self._compare(name, text)

    def _check_period(self, period: Period) -> None:
        rendering = PeriodRendering(period, self._register(period), self._people())
        tables = {name: Same(self._zip, name) for name in _TABLES}
        _expect(tables, rendering.begin())
        holds = True
        for case_id in sorted({one[0] for one in map(case_of, self._names) if one}):
            if not period.has(case_id):
                self._amiss(f"cases/{case_id}", 0, "it is of another period")
            lines = self._verified(case_member(case_id, EVIDENCE), case_id)
            if lines is None:
                holds = False
                continue
            _, files = rendering.take(lines)
            self._compare(case_member(case_id, PAGE), files.pop(PAGE))
            _expect(tables, files)
        holds = self._quarantine(rendering, tables) and holds
        if not holds:
            # Each would differ, and tell nothing that is not told already.
            self._amiss("the tables and the first page", 0, _NOT_COMPARED)
            return
        for each in tables.values():
            self._told(each)
        for name, text in rendering.end().items():
            self._compare(name, text)

    def _register(self, period: Period) -> tuple[str, ...] | None:
        if REGISTER not in self._names:
            return None
        wanted: dict[str, None] = {}
        digest = hashlib.sha256()

        def noted() -> Iterator[bytes]:
            for raw in lines_of(self._zip, REGISTER):
                digest.update(raw)
                case_id = case_in(raw)
                if case_id is not None and period.has(case_id):
                    wanted[case_id] = None
                yield raw

        self._read(REGISTER, noted(), period)
        self._sums[REGISTER] = digest.hexdigest()
        return tuple(sorted(wanted))

    def _people(self) -> tuple[Person, ...] | None:
        if HR not in self._names:
            return None
        try:
            raw = read_whole(self._zip, HR)
            self._sums[HR] = _sum(raw)
            return people_in(raw)
        except ValueError as error:
            self._amiss(HR, 0, str(error))
            return None

    def _quarantine(self, rendering: PeriodRendering, tables: dict[str, Same]) -> bool:
        if QUARANTINE not in self._names:
            return False
        try:
            raw = read_whole(self._zip, QUARANTINE)
            self._sums[QUARANTINE] = _sum(raw)
            _expect(tables, rendering.keep(raw))
        except ValueError as error:
            self._amiss(QUARANTINE, 0, str(error))
            return False
        return True

    def _verified(self, name: str, case_id: str) -> list[bytes] | None:
        """Verify the chain of a case; its lines, None where it does not hold."""
        if name not in self._names:
            return None
        found = self._checker.found
        before = len(found.faults) + found.more_faults
        try:
            raw = read_whole(self._zip, name)
        except BadPackError as error:
            self._amiss(name, 0, str(error))
            return None
        self._sums[name] = _sum(raw)
        lines = BytesIO(raw).readlines()
        self._read(name, lines, None)
        source = PACK if name == EVIDENCE else "its folder"
        section = found.sections[-1] if found.sections else None
        if section is None or section.case_id != case_id:
            self._amiss(
                name,
                0,
                f"it is not the evidence of case {case_id}, which {source} names",
            )
        return lines if len(found.faults) + found.more_faults == before else None

    def _read(self, name: str, lines: Iterable[bytes], period: Period | None) -> None:
        wants = None if period is None else period.has
        self._checker.read(f"{self._file}: {name}", lines, wants=wants)

    def _compare(self, name: str, text: str) -> None:
        self._sums[name] = _sum(text.encode())
        if name in self._names:
            same = Same(self._zip, name)
            same.expect(text)
            self._told(same)

    def _told(self, same: Same) -> None:
        fault = same.end()
        if same.name in _TABLES:
            self._sums[same.name] = same.sum
        if fault is not None and same.name in self._names:
            self._amiss(same.name, *fault)

    def _compare_sums(self) -> None:
        if SUMS not in self._names:
            return
        try:
            raw = read_whole(self._zip, SUMS)
        except BadPackError as error:
            self._amiss(SUMS, 0, str(error))
            return
        if set(self._sums) != self._names - {SUMS}:
            # Something was not looked at since its chain does not hold.
            if not self._checker.found.faults:
                self._amiss(SUMS, 0, "it could not be held against the files")
            return
        self._told_of_sums(raw, sums_text(self._sums).encode())

    def _told_of_sums(self, raw: bytes, wanted: bytes) -> None:
        if raw == wanted:
            return
        said = set(raw.splitlines())
        named = zip(sorted(self._sums), wanted.splitlines(), strict=True)
        wrong = [name for name, line in named if line not in said]
        for name in wrong:
            self._amiss(SUMS, 0, f"it does not fit {name}")
        if not wrong:
            self._amiss(SUMS, 0, "there is more in it, or in another order")


def _expect(tables: dict[str, Same], rows: dict[str, str]) -> None:
    for name, text in rows.items():
        tables[name].expect(text)


def _sum(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
