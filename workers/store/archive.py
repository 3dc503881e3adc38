"""The folder of archived cases: one file a case, there as a whole or not at all."""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from workers.offboarding.errors import OffboardingError
from workers.store.codec import decode

_OWNER_ONLY: Final = 0o600
_FOLDER_MODE: Final = 0o700


# None: what is no line of ours.
_PROOF: Final = frozenset({"entry", "item", None})


class _Line(msgspec.Struct):
    kind: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a case was written, from the archive's folder on, and whether beside."""

    file: str
    is_beside: bool


class ArchiveError(OffboardingError):
    """A file could not be written; the message has no path of it."""


class Archive:
    """The folder, which is made when the first case comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, case_id: str, year: int, lines: Iterable[str]) -> Kept:
        """Have ``<year>/<case id>.jsonl`` on the disk, with these lines.

        A file that is there already is replaced only by one that has all of its
        entries. What an older store, put back, has of a case that was archived goes
        beside it, to ``<case id>.2.jsonl``: both were so.

        It is under its name only once it is whole and on the disk, whatever dies
        meanwhile.

        Raises:
            ArchiveError: Not written; or another worker is writing it now.
        """
        try:
            folder = self._made(f"{year:04}")
            final = _write(folder, case_id, lines)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            raise ArchiveError(f"The archive: {reason}.") from error
        return Kept(f"{folder.name}/{final.name}", final.name != f"{case_id}.jsonl")

    def _made(self, year: str) -> Path:
        folder = self._folder / year
        if not folder.is_dir():
            # Made apart: parents that mkdir makes along are open to everybody.
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            if not self._folder.exists():
                self._folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            # Names are on the disk with their folders.
            _sync_folder(self._folder)
            _sync_folder(self._folder.parent)
        return folder


def _write(folder: Path, case_id: str, lines: Iterable[str]) -> Path:
    begun = folder / f".{case_id}.tmp"
    # Not truncated before it is ours: another worker may be writing it.
    number = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
    with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if begun.stat().st_ino != os.fstat(number).st_ino:
            raise BlockingIOError
        os.ftruncate(number, 0)
        os.fchmod(number, _OWNER_ONLY)
        written = 0
        for line in lines:
            written += file.write(line if line.endswith("\n") else f"{line}\n")
        if not written:
            raise ArchiveError("The archive: there is nothing to be written of a case.")
        file.flush()
        os.fsync(number)
        final = _place_of(begun, case_id)
        begun.replace(final)
    _sync_folder(folder)
    return final


def _place_of(begun: Path, case_id: str) -> Path:
    """Find the first name that is free, or whose file is wholly in the new one."""
    mine = _proof_in(begun)
    final, number = begun.with_name(f"{case_id}.jsonl"), 1
    while final.exists() and not _proof_in(final) <= mine:
        number += 1
        final = begun.with_name(f"{case_id}.{number}.jsonl")
    return final


def _proof_in(file: Path) -> frozenset[bytes]:
    """Return what a file must not lose: its entries, its items, what nobody can read.

    Its heads are made anew each time, and say no more than these.
    """
    lines = file.read_bytes().splitlines()
    return frozenset(one for one in lines if _kind_of(one) in _PROOF)


def _kind_of(line: bytes) -> str | None:
    try:
        return decode(line, _Line).kind
    except msgspec.MsgspecError:
        return None


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class Archived:
    """What stands in the folder, read by who may not write there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lines_of(self, case_id: str) -> tuple[str, ...] | None:
        """Read the evidence of an archived case.

        Args:
            case_id: The case, in the shape of an id: a file is named by it.

        Returns:
            Its lines; None where there is no such file, or it cannot be read here.
        """
        try:
            years = sorted(one for one in self._folder.iterdir() if one.is_dir())
        except OSError:
            return None
        for year in years:
            try:
                raw = (year / f"{case_id}.jsonl").read_bytes()
            except OSError:
                continue
            # As it is: a line that was changed is for who verifies it to name.
            text = raw.decode("utf-8", "replace")
            return tuple(f"{line}\n" for line in text.split("\n") if line)
        return None
