"""Whether evidence holds: read line by line, with public keys alone. Pure.

A file is a row of sections, each the pack of one case or the register over all cases.
A section holds in itself; afterwards the packs and the register are held against each
other, so that a case that is missing, and one whose end was cut off, are found.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from workers.offboarding.evidence import (
    NOTHING,
    SERVICE,
    entry_hash,
    hash_of,
    items_hash,
    message_of,
)
from workers.offboarding.evidence_lines import BadLineError, line_of

# Public key and signature in hex: whether that is the key's signature of the message.
Holds = Callable[[str, bytes, str], bool]
# A case's id: whether it has to be among the files.
Wants = Callable[[str], bool]

# Of the faults of one file: what is wrong everywhere needs no more words.
MOST_FAULTS: Final = 50
_SHOWN_CASES: Final = 20

# What may follow a line in its section; after "register" it is over.
_ANYTHING: Final = ("header", "entry", "head", "item", "register")
_AFTER: Final[dict[str, tuple[str, ...]]] = {
    "case": ("entry",),
    "register of all": ("item",),
    "entry": ("entry", "head"),
    "head": ("item",),
    "item": ("item", "register"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit, and where: a line counted from 1, 0 for no single one."""

    file: str
    line: int
    text: str


@dataclass(slots=True)
class Section:
    """What one section said, for the look across all of them.

    Attributes:
        file: Where it stands.
        line: Its first line.
        case_id: None for the register over all cases.
        keys: The public keys it names, by fingerprint.
        hashes: Of the entries read so far, by number; only while it is read.
        items: The register's items of it: number → (case, entries, hash of the case,
            hash of the item).
        n: How many entries its head counts.
        count: How many items its head of the register counts; 0 without one.
        last: The hash of the last of those.
        wants: Of a register: which of its cases have to be there; None for all.
    """

    file: str
    line: int
    case_id: str | None
    keys: dict[str, str]
    hashes: dict[int, str] = field(default_factory=dict)
    items: dict[int, tuple[str, int, str, str]] = field(default_factory=dict)
    head: dict[str, Any] | None = None
    n: int = 0
    count: int = 0
    last: str = ""
    wants: Wants | None = None


@dataclass(slots=True)
class Checked:
    """What was found in all files together."""

    sections: list[Section] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0
    signed_by: set[str] = field(default_factory=set)

    @property
    def cases(self) -> int:
        """Count the cases, each once, however many packs of it there are."""
        return len({one.case_id for one in self.sections} - {None, SERVICE})

    @property
    def has_register(self) -> bool:
        """Tell whether the register over all cases is among them."""
        return any(one.case_id is None for one in self.sections)

    def amiss(self, file: str, line: int, text: str) -> None:
        """Write a fault down, as long as there is room."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(file, line, text))
        else:
            self.more_faults += 1


class Checker:
    """Reads files of evidence one after another."""

    def __init__(self, holds: Holds, trusted: frozenset[str] = frozenset()) -> None:
        """Take what tells whether a signature holds, and whose signatures count.

        Args:
            holds: Knows Ed25519.
            trusted: Fingerprints; empty leaves it open who signed.
        """
        self._holds = holds
        self._trusted = trusted
        self.found = Checked()

    def read(
        self, file: str, lines: Iterable[bytes], *, wants: Wants | None = None
    ) -> None:
        """Read one file, line by line.

        Args:
            file: What it is called in what is told.
            lines: Each with its newline.
            wants: Which cases a register in it asks for; None for all.
        """
        reading = _Reading(file, self._holds, self._trusted, self.found, wants)
        for raw in lines:
            reading.take(raw)
        reading.end()

    def compare(self) -> Checked:
        """Hold packs and register against each other, once all files are read."""
        _compare_heads(self.found)
        for one in self.found.sections:
            if one.case_id is None:
                _compare(self.found, one)
        return self.found


class _Reading:
    """One file while it is read: which section, and what has to come next."""

    def __init__(
        self,
        file: str,
        holds: Holds,
        trusted: frozenset[str],
        found: Checked,
        wants: Wants | None,
    ) -> None:
        self._file = file
        self._holds = holds
        self._trusted = trusted
        self._found = found
        self._wants = wants
        self._line = 0
        self._wanted: tuple[str, ...] = ("header",)
        self._section: Section | None = None
        self._prev: str | None = None
        self._n = 0

    def take(self, raw: bytes) -> None:
        """Take the next line in."""
        self._line += 1
        try:
            line = line_of(raw)
        except BadLineError as error:
            self._amiss(f"{self._place()}: {error}")
            self._skip()
            return
        kind = line["kind"]
        if kind not in self._wanted:
            self._amiss(f"{kind} where {' or '.join(self._wanted)} has to be")
            if kind != "header" and self._section is None:
                return
        if kind == "header":
            self._begin(line)
        elif self._section is not None:
            _TAKEN[kind](self, self._section, line)
            self._wanted = _AFTER.get(kind, ("header",))

    def end(self) -> None:
        """Say so where the file ends too early."""
        if self._line == 0:
            self._amiss("the file is empty")
        elif "header" not in self._wanted:
            self._amiss(f"it ends where {' or '.join(self._wanted)} has to be")

    def _amiss(self, text: str) -> None:
        self._found.amiss(self._file, self._line, text)

    def _place(self) -> str:
        if "entry" in self._wanted and self._section is not None:
            return f"case {self._section.case_id}, entry {self._n + 1}"
        return " or ".join(self._wanted)

    def _skip(self) -> None:
        """Go on behind a line that says nothing: whatever it was may follow."""
        if self._wanted == ("header",):
            self._section = None
        self._prev = None
        self._n += 1
        self._wanted = _ANYTHING

    def _begin(self, line: dict[str, Any]) -> None:
        case_id = line.get("case")
        self._section = Section(
            self._file, self._line, case_id, line["keys"], wants=self._wants
        )
        self._found.sections.append(self._section)
        self._wanted = _AFTER["case" if case_id else "register of all"]
        self._prev, self._n = NOTHING, 0

    def _entry(self, section: Section, line: dict[str, Any]) -> None:
        self._n += 1
        where = f"case {section.case_id}, entry {line['n']}"
        if line["n"] != self._n:
            self._amiss(f"{where}: entry {self._n} has to be here")
            self._n, self._prev = line["n"], None
        if self._prev is not None:
            made = entry_hash(
                section.case_id or "", line["n"], self._prev, line["entry"]
            )
            if made != line["hash"]:
                self._amiss(f"{where}: it is not what was sealed, or follows another")
        self._prev = line["hash"]
        section.hashes[self._n] = line["hash"]

    def _head(self, section: Section, line: dict[str, Any]) -> None:
        where = f"head of case {section.case_id}"
        if line["case"] != section.case_id:
            self._amiss(f"{where}: it is that of case {line['case']}")
        if line["n"] != self._n:
            self._amiss(f"{where}: it has {line['n']} entries, here are {self._n}")
        elif section.hashes.get(line["n"]) != line["hash"]:
            self._amiss(f"{where}: its last entry is another")
        self._signed(section, where, line)
        section.head, section.n = line, line["n"]
        self._prev, self._n = NOTHING, 0

    def _item(self, section: Section, line: dict[str, Any]) -> None:
        where = f"item {line['seq']} of the register"
        digest = hash_of(line)
        if section.case_id is None:
            self._chained(where, line, digest)
        else:
            self._of_case(section, where, line, digest)
        section.items[line["seq"]] = (
            line["case"],
            line["n"],
            line["case_hash"],
            digest,
        )

    def _chained(self, where: str, line: dict[str, Any], digest: str) -> None:
        self._n += 1
        if line["seq"] != self._n:
            self._amiss(f"{where}: item {self._n} has to be here")
            self._n, self._prev = line["seq"], None
        if self._prev is not None and line["prev"] != self._prev:
            self._amiss(f"{where}: it does not follow the item before it")
        self._prev = digest

    def _of_case(
        self, section: Section, where: str, line: dict[str, Any], digest: str
    ) -> None:
        self._n += 1
        if line["case"] != section.case_id:
            self._amiss(f"{where}: it is that of case {line['case']}")
        if section.hashes.get(line["n"]) != line["case_hash"]:
            self._amiss(f"{where}: entry {line['n']} of the case is another")
        if self._prev is not None:
            self._prev = items_hash(self._prev, digest)

    def _register(self, section: Section, line: dict[str, Any]) -> None:
        where = "head of the register"
        last = max(section.items, default=0)
        if section.case_id is None:
            of_last = section.items.get(last, ("", 0, "", ""))[3]
            if line["count"] != last:
                self._amiss(f"{where}: it has {line['count']} items, here are {last}")
            elif of_last != line["hash"]:
                self._amiss(f"{where}: its last item is another")
        else:
            self._same_items(section, line, last)
        self._signed(section, where, line)
        self._unused(section, line["key"])
        section.count, section.last = line["count"], line["hash"]
        section.hashes.clear()
        self._wanted = ("header",)

    def _same_items(self, section: Section, line: dict[str, Any], last: int) -> None:
        """Hold the items of a pack to what its head says of them."""
        head = section.head
        if last > line["count"]:
            self._amiss(f"head of the register: it ends before item {last}")
        if last == line["count"] and section.items[last][3] != line["hash"]:
            self._amiss("head of the register: its last item is another")
        if head is None:
            return
        if head["items"] != self._n:
            text = f"it has {head['items']} items, here are {self._n}"
            self._amiss(f"head of case {section.case_id}: {text}")
        elif self._prev != head["items_hash"]:
            text = "an item of the register is not what was sealed"
            self._amiss(f"case {section.case_id}: {text}")

    def _signed(self, section: Section, where: str, line: dict[str, Any]) -> None:
        name = line["key"]
        public = section.keys.get(name)
        if public is None:
            self._amiss(
                f"{where}: signed by {name}, which the first line does not name"
            )
            return
        if not self._holds(public, message_of(line), line["signature"]):
            self._amiss(f"{where}: the signature does not hold")
            return
        self._found.signed_by.add(name)
        if self._trusted and name not in self._trusted:
            self._amiss(f"{where}: signed by {name}, which is not the key given")

    def _unused(self, section: Section, key: str) -> None:
        used = {key} | ({section.head["key"]} if section.head else set())
        for name in sorted(section.keys.keys() - used):
            self._amiss(f"key {name}: nothing is signed by it")


_TAKEN: Final = {
    "entry": _Reading._entry,
    "head": _Reading._head,
    "item": _Reading._item,
    "register": _Reading._register,
}


def _compare_heads(found: Checked) -> None:
    """Hold what the sections say of the register's length against each other."""
    known: dict[int, str] = {}
    for one in found.sections:
        if one.count and known.setdefault(one.count, one.last) != one.last:
            text = f"another register of {one.count} items is among these files"
            found.amiss(one.file, one.line, text)


def _compare(found: Checked, register: Section) -> None:
    """Hold every pack against the register."""
    packs: dict[str, Section] = {}
    for one in sorted(found.sections, key=lambda each: each.n):
        if one.case_id is not None:
            packs[one.case_id] = one
    latest: dict[str, tuple[int, int]] = {}
    for seq, (case_id, n, _, _) in register.items.items():
        latest[case_id] = (n, seq)
    wants = register.wants or (lambda _: True)
    missing = [one for one in latest if one not in packs and wants(one)]
    for case_id in missing[:_SHOWN_CASES]:
        text = f"case {case_id} is missing: item {latest[case_id][1]} names it"
        found.amiss(register.file, 0, text)
    if missing[_SHOWN_CASES:]:
        text = f"{len(missing) - _SHOWN_CASES} more cases are missing"
        found.amiss(register.file, 0, text)
    for case_id, pack in packs.items():
        _compare_pack(found, register, pack, latest.get(case_id))


def _compare_pack(
    found: Checked, register: Section, pack: Section, latest: tuple[int, int] | None
) -> None:
    def amiss(text: str) -> None:
        found.amiss(pack.file, pack.line, f"case {pack.case_id}: {text}")

    for seq, item in pack.items.items():
        theirs = register.items.get(seq)
        if theirs is not None and theirs != item:
            amiss(f"item {seq} is another in the register")
    if latest is None and pack.count <= register.count:
        amiss("the register does not name it")
    if latest is not None and pack.n < latest[0]:
        amiss(f"it ends at entry {pack.n}, item {latest[1]} names entry {latest[0]}")
    theirs = register.items.get(pack.count)
    if theirs is not None and theirs[3] != pack.last:
        amiss(f"its register is another from item {pack.count} on, or before")
