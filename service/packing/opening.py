"""Opens a pack from anywhere: what could harm whoever opens it is refused first.

Nothing is ever unpacked to the disk. A name that no pack has, a name twice, a member
that would grow beyond bounds: each is named, and the rest is not looked at.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from workers.offboarding.pack.members import (
    PACK,
    About,
    BadPackError,
    about_in,
    unknown,
)

_MOST_MEMBERS: Final = 500_000
# Of what is read as a whole: the chain and the page of one case.
MOST_BYTES: Final = 64 * 1024 * 1024
# Text of ours shrinks to a tenth; what claims far more is made to fill a machine.
_MOST_GROWTH: Final = 100
_SHOWN: Final = 20
_ENCRYPTED: Final = 0x1
# Of the zip format: what stands before a member, what may stand behind one, and the
# end of the list where no comment follows. No header fits into what may be between.
_HEADER_BYTES: Final = 30
_BEHIND_BYTES: Final = 24
_END_BYTES: Final = 22
_END: Final = b"PK\5\6"
BROKEN: Final = (
    BadZipFile,
    LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@contextmanager
def opened_zip(file: IO[bytes]) -> Iterator[tuple[ZipFile, About]]:
    """Open a pack whose members are few enough, small enough and known.

    Raises:
        BadPackError: It is none; the message says why.
    """
    try:
        found = ZipFile(file)
    except BROKEN as error:
        raise BadPackError("it is no zip file, or one that is cut off") from error
    with found:
        size = os.fstat(file.fileno()).st_size
        _refuse_harmful(found.infolist(), size)
        about = _about(found)
        strange = unknown(about, found.namelist())
        if strange:
            names = ", ".join(repr(one) for one in strange[:_SHOWN])
            raise BadPackError(f"no pack has a file of this name: {names}")
        if found.comment:
            raise BadPackError("a comment was added to the zip file")
        _refuse_hidden(file, found, size)
        yield found, about


def _about(found: ZipFile) -> About:
    try:
        info = found.getinfo(PACK)
    except KeyError:
        raise BadPackError(f"{PACK} is missing, so that it is no pack") from None
    return about_in(read_whole(found, info.filename))


def _refuse_harmful(infos: list[ZipInfo], size: int) -> None:
    if len(infos) > _MOST_MEMBERS:
        raise BadPackError(f"it has {len(infos)} files, more than any pack")
    seen: set[str] = set()
    for one in infos:
        # As it was written, before the library cut it at a zero byte.
        name = one.orig_filename
        if name in seen or one.filename != name:
            raise BadPackError(f"two files of one name: {name!r}")
        seen.add(name)
        _refuse_member(one)
    total = sum(one.file_size for one in infos)
    if total > max(MOST_BYTES, _MOST_GROWTH * size):
        raise BadPackError(f"it would grow to {total} bytes when it is unpacked")


def _refuse_member(one: ZipInfo) -> None:
    if one.flag_bits & _ENCRYPTED:
        raise BadPackError(f"{one.filename!r} is encrypted")
    if one.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadPackError(f"{one.filename!r} is packed in a way that no pack is")
    if one.is_dir() or stat.S_ISLNK(one.external_attr >> 16):
        raise BadPackError(f"{one.filename!r} is no plain file")


def _refuse_hidden(file: IO[bytes], found: ZipFile, size: int) -> None:
    """Refuse bytes of no member: what reads from the front would unpack them instead.

    What is verified is what the list at the end names; not every program goes by that.
    """
    end = 0
    for one in sorted(found.infolist(), key=lambda info: info.header_offset):
        _refuse_gap(end, one.header_offset)
        end = _end_of(file, one)
    _refuse_gap(end, found.start_dir)
    file.seek(size - _END_BYTES)
    if not file.read().startswith(_END):
        raise BadPackError("something was added behind the zip file")


def _refuse_gap(end: int, begin: int) -> None:
    if not 0 <= begin - end <= _BEHIND_BYTES:
        raise BadPackError("there are bytes in it that belong to no file of it")


def _end_of(file: IO[bytes], one: ZipInfo) -> int:
    """Return where a member ends; its own header has to say so, too."""
    file.seek(one.header_offset)
    header = file.read(_HEADER_BYTES)
    named, more = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    said = int.from_bytes(header[18:22], "little")
    # Unknown when it was written, or too large for the field.
    if said not in (one.compress_size, 0, 0xFFFFFFFF):
        raise BadPackError(f"{one.filename!r} has two sizes")
    return one.header_offset + _HEADER_BYTES + named + more + one.compress_size


def read_whole(found: ZipFile, name: str) -> bytes:
    """Read one member.

    Raises:
        BadPackError: It is damaged, or larger than a member may be.
    """
    info = found.getinfo(name)
    if info.file_size > MOST_BYTES:
        raise BadPackError(f"{name} would grow to {info.file_size} bytes")
    try:
        return found.read(name)
    except BROKEN as error:
        raise BadPackError(f"{name} is damaged") from error


def lines_of(found: ZipFile, name: str) -> Iterator[bytes]:
    """Read one member line by line, however many there are.

    Raises:
        BadPackError: It is damaged.
    """
    try:
        with found.open(name) as member:
            while line := member.readline(MOST_BYTES):
                yield line
    except BROKEN as error:
        raise BadPackError(f"{name} is damaged") from error
