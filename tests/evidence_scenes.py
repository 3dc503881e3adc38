"""Evidence as a store would give it, made by hand: cases, their register, two keys."""

import json
from dataclasses import dataclass, field

from config.secret import Secret
from workers.offboarding import evidence as text
from workers.signing import SigningKey

KEY = SigningKey(Secret("11" * 32))
OTHER_KEY = SigningKey(Secret("22" * 32))
AT = "2026-11-26T09:00:00Z"


def fingerprint(key=KEY):
    return text.fingerprint_of(key.public_key)


@dataclass
class Book:
    """Cases and their register; each ``seal`` is one turn of a worker."""

    key: SigningKey = KEY
    ledgers: dict = field(default_factory=dict)
    seals: dict = field(default_factory=dict)
    items: list = field(default_factory=list)
    head: str = ""

    def seal(self, case_id, *entries, is_over=False):
        """Append entries to a case and seal it."""
        ledger = self.ledgers.setdefault(case_id, [])
        seal = json.loads(self.seals.get(case_id, "{}"))
        before = [one[1] for one in ledger]
        prev = before[-1] if before else text.NOTHING
        made = text.chained(case_id, entries, after=len(ledger), prev=prev)
        ledger += zip(entries, made, strict=True)
        many, of_items = seal.get("items", 0), seal.get("items_hash", text.NOTHING)
        head = (len(ledger), ledger[-1][1])
        if not many or is_over:
            last = text.hash_of(json.loads(self.items[-1])) if self.items else ""
            item = text.item_of(
                len(self.items) + 1, case_id, head, last or text.NOTHING, AT
            )
            self.items.append(item)
            last = text.hash_of(json.loads(item))
            many, of_items = many + 1, text.items_hash(of_items, last)
            self.head = text.head_of_register(self.key, len(self.items), last, AT)
        self.seals[case_id] = text.head_of_case(
            self.key, case_id, head, (many, of_items), AT
        )
        return self

    def pack(self, case_id):
        """Give the lines of one case, as bytes with their newlines."""
        lines = [text.header_of({fingerprint(self.key): self.key.public_key}, case_id)]
        for n, (entry, digest) in enumerate(self.ledgers[case_id], 1):
            lines.append(text.entry_line(n, entry, digest))
        mine = [one for one in self.items if json.loads(one)["case"] == case_id]
        return _bytes([*lines, self.seals[case_id], *mine, self.head])

    def register(self):
        """Give the lines of the register."""
        header = text.header_of({fingerprint(self.key): self.key.public_key}, None)
        return _bytes([header, *self.items, self.head])


def _bytes(lines):
    return [f"{one}\n".encode() for one in lines]


def entry(what, **fields):
    """Write an entry as the store has it."""
    return json.dumps({"at": "2026-11-26T08:59:00Z", "what": what, **fields})


def a_book(key=KEY):
    """Two cases, the first over: its last entry and a second item come at its end."""
    book = Book(key)
    book.seal("01A", entry("case.opened_open", actor="standard", reason=None))
    book.seal("01B", entry("case.opened_open", actor="ops Zoë"))
    book.seal(
        "01A",
        entry("target.reset", request_id="req-1", owner_before="IBMid-1"),
        entry("case.settled", detail="safe"),
        is_over=True,
    )
    return book
