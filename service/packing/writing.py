"""Writes a pack: the same bytes of the same evidence, one case in memory at a time."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Final, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from workers.offboarding.evidence_lines import BadLineError, line_of
from workers.offboarding.pack.matching import Person, lines_of
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
    case_member,
)
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.rendering import PeriodRendering, rendered_case

# The first that a zip can name: the same evidence is the same file, whenever made.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100600
# A table of a small period never touches the disk.
_IN_MEMORY_BYTES: Final = 4_000_000
_PART_BYTES: Final = 65_536
_TABLES: Final = (LEAVERS, TARGETS, EVENTS)

Lines = Sequence[bytes]


class Zip:
    """A zip file while it is written, and the sums of what is in it."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin in *file*, which can be sought."""
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._sums: dict[str, str] = {}

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Write one member, part by part."""
        info = ZipInfo(name, _NO_TIME)
        info.compress_type, info.create_system = ZIP_DEFLATED, _UNIX
        info.external_attr = _MODE << 16
        digest = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for part in parts:
                digest.update(part)
                member.write(part)
        self._sums[name] = digest.hexdigest()

    def end(self) -> None:
        """Write the sums, behind all else."""
        self.put(SUMS, [sums_text(self._sums).encode()])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Also of what failed: else it is written when its file is gone.
        self._zip.close()


def sums_text(sums: dict[str, str]) -> str:
    """Write sums as ``sha256sum --check`` reads them."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def write_case(file: IO[bytes], case_id: str, lines: Lines) -> None:
    """Write the pack of one case.

    Raises:
        ValueError: The lines are not the evidence of a case.
    """
    with Zip(file) as made:
        made.put(PACK, [About(case_id=case_id).text().encode()])
        made.put(EVIDENCE, lines)
        for name, text in sorted(rendered_case(lines).items()):
            made.put(name, [text.encode()])
        made.end()


def write_period(
    file: IO[bytes],
    period: Period,
    *,
    register: Iterable[bytes] | None,
    packs: Iterable[Lines],
    quarantine: str,
    people: Sequence[Person] | None = None,
) -> PeriodRendering:
    """Write the pack of a period.

    Args:
        file: Where to; it can be sought.
        period: The days.
        register: The lines of the register, None for who may not have it.
        packs: The lines of each case received in the period, by id.
        quarantine: What waits in quarantine, as ``quarantined`` writes it.
        people: HR's list, None for none.

    Raises:
        ValueError: A pack is not the evidence of a case.
    """
    with Zip(file) as made:
        made.put(PACK, [About(period=period).text().encode()])
        wanted: dict[str, None] = {}
        if register is not None:
            made.put(REGISTER, _noting(register, period, wanted))
        ids = tuple(sorted(wanted)) if register is not None else None
        rendering = PeriodRendering(period, ids, people)
        _put_cases(made, rendering, packs, quarantine)
        for name, text in sorted(rendering.end().items()):
            made.put(name, [text.encode()])
        made.end()
    return rendering


def _put_cases(
    made: Zip, rendering: PeriodRendering, packs: Iterable[Lines], quarantine: str
) -> None:
    """Write each case as it comes, and the tables once all have come."""
    with ExitStack() as stack:
        tables = {
            name: stack.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES))
            for name in _TABLES
        }
        _append(tables, rendering.begin())
        for lines in packs:
            case_id, files = rendering.take(lines)
            made.put(case_member(case_id, EVIDENCE), lines)
            made.put(case_member(case_id, PAGE), [files.pop(PAGE).encode()])
            _append(tables, files)
        made.put(QUARANTINE, [quarantine.encode()])
        _append(tables, rendering.keep(quarantine.encode()))
        if rendering.people is not None:
            made.put(HR, [lines_of(rendering.people).encode()])
        for name in _TABLES:
            tables[name].seek(0)
            made.put(name, _parts(tables[name]))


def _append(
    tables: dict[str, "SpooledTemporaryFile[bytes]"], rows: dict[str, str]
) -> None:
    for name, text in rows.items():
        tables[name].write(text.encode())


def _noting(
    lines: Iterable[bytes], period: Period, wanted: dict[str, None]
) -> Iterator[bytes]:
    """Pass the register on, and note the cases it names for the period."""
    for raw in lines:
        case_id = case_in(raw)
        if case_id is not None and period.has(case_id):
            wanted[case_id] = None
        yield raw


def case_in(raw: bytes) -> str | None:
    """Return the case that a line of the register names; None where it names none."""
    try:
        line = line_of(raw)
    except BadLineError:
        return None
    return str(line["case"]) if line["kind"] == "item" else None


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(_PART_BYTES):
        yield part
