"""Whether a member of a pack is what the chain yields, byte by byte."""

import hashlib
from typing import IO, Final
from zipfile import ZipFile

from service.packing.opening import BROKEN

_PART: Final = 65_536
DAMAGED: Final = "it is damaged"


class Same:
    """A member that is read beside what has to be in it, part by part.

    ``fault`` is None as long as it is the same, else the line and what is amiss.
    """

    def __init__(self, found: ZipFile, name: str) -> None:
        """Open the member; one that is not there is a fault of its own."""
        self.name = name
        self.fault: tuple[int, str] | None = None
        self._line = 1
        self._digest = hashlib.sha256()
        self._member: IO[bytes] | None = None
        try:
            self._member = found.open(name)
        except KeyError:
            self.fault = (0, "it is missing")
        except BROKEN:
            self.fault = (0, DAMAGED)

    def expect(self, text: str) -> None:
        """Read on, and hold it against what has to come next."""
        wanted = text.encode()
        self._digest.update(wanted)
        if self.fault is None:
            got = self._read(len(wanted))
            if got is None:
                self.fault = (0, DAMAGED)
            elif got != wanted:
                line = self._line + _lines_before(got, wanted)
                self.fault = (line, "it is not what the chain says")
        self._line += wanted.count(b"\n")

    @property
    def sum(self) -> str:
        """Return the SHA-256 of what has to be in it."""
        return self._digest.hexdigest()

    def end(self) -> tuple[int, str] | None:
        """Look for more than has to be there; return the fault, if there is one."""
        if self.fault is None:
            more = self._read(1)
            if more is None:
                self.fault = (0, DAMAGED)
            elif more:
                self.fault = (self._line, "there is more in it than the chain says")
        if self._member is not None:
            self._member.close()
        return self.fault

    def _read(self, size: int) -> bytes | None:
        """Read on; None where the member is damaged."""
        assert self._member is not None  # noqa: S101 - there is no fault yet
        parts = []
        try:
            while size and (part := self._member.read(min(size, _PART))):
                parts.append(part)
                size -= len(part)
        except BROKEN:
            return None
        return b"".join(parts)


def _lines_before(got: bytes, wanted: bytes) -> int:
    """Count the whole lines before the first byte that differs."""
    pairs = zip(got, wanted, strict=False)
    at = next((n for n, (one, other) in enumerate(pairs) if one != other), len(got))
    return wanted[:at].count(b"\n")
