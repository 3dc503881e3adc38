"""Evidence as text: how entries, cases and their register are chained and signed. Pure.

Each entry's hash covers the one before it, a signed head covers the last. The register
names every case once it is sealed and again whenever it is over, as one chain over all
cases, so that a missing case and a tail that was cut off show. How it is checked is in
``evidence_check.py``; nothing here can sign by itself.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

Fields = Mapping[str, Any]

FORMAT: Final = "offboard-evidence"
VERSION: Final = 1
# What stands before the first of a chain.
NOTHING: Final = "0" * 64
# What is done to the service itself is chained as a case of this id; no case has it.
SERVICE: Final = "0" * 26
# What is signed begins with this, so that no other use of the key can be taken for it.
_SIGNED_AS: Final = b"offboard evidence 1\n"
_FINGERPRINT: Final = 32


class Signer(Protocol):
    """A key that signs evidence."""

    @property
    def public_key(self) -> str:
        """Return the public key, its 32 bytes in hex."""

    def sign(self, message: bytes) -> str:
        """Return the signature of *message*, its 64 bytes in hex."""


def canonical(value: object) -> str:
    """Write *value* in the one form that is hashed: keys sorted, no blanks."""
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def hash_of(value: object) -> str:
    """Return the SHA-256 of *value* in its canonical form, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def fingerprint_of(public_key: str) -> str:
    """Name a public key, given in hex, as reports and signatures name it."""
    digest = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()
    return f"ed25519:{digest[:_FINGERPRINT]}"


def entry_hash(case_id: str, n: int, prev: str, entry: Fields) -> str:
    """Return the hash of the *n*-th entry of a case, which covers all before it."""
    return hash_of({"case": case_id, "n": n, "prev": prev, "entry": entry})


def chained(
    case_id: str, texts: Iterable[str], *, after: int, prev: str
) -> tuple[str, ...]:
    """Return the hashes of entries as the store has them, after *after* others."""
    found = []
    for n, text in enumerate(texts, after + 1):
        prev = entry_hash(case_id, n, prev, entry_in(text))
        found.append(prev)
    return tuple(found)


def entry_in(text: str) -> Fields:
    """Read a stored entry; what it does not say is left out."""
    fields: Fields = json.loads(text)
    return {name: value for name, value in fields.items() if value is not None}


def items_hash(prev: str, item: str) -> str:
    """Return what a case's head says of its items in the register, one more counted."""
    return hash_of({"prev": prev, "item": item})


def item_of(seq: int, case_id: str, head: tuple[int, str], prev: str, at: str) -> str:
    """Write the *seq*-th item of the register: the head of a case at that time.

    Args:
        seq: Its number, from 1.
        case_id: The case.
        head: How many entries it has, and the hash of the last.
        prev: The hash of the item before.
        at: When it was sealed.
    """
    n, case_hash = head
    fields = {"seq": seq, "case": case_id, "n": n, "case_hash": case_hash}
    return canonical({"kind": "item", **fields, "prev": prev, "at": at})


def head_of_case(
    signer: Signer, case_id: str, head: tuple[int, str], items: tuple[int, str], at: str
) -> str:
    """Write the signed head of a case: its entries, and its items in the register."""
    fields = {
        "case": case_id,
        "n": head[0],
        "hash": head[1],
        "items": items[0],
        "items_hash": items[1],
        "at": at,
    }
    return _signed(signer, "head", fields)


def head_of_register(signer: Signer, count: int, last: str, at: str) -> str:
    """Write the signed head of the register: how many items, the hash of the last."""
    return _signed(signer, "register", {"count": count, "hash": last, "at": at})


def _signed(signer: Signer, kind: str, fields: Fields) -> str:
    named = {"kind": kind, **fields, "key": fingerprint_of(signer.public_key)}
    return canonical({**named, "signature": signer.sign(message_of(named))})


def message_of(fields: Fields) -> bytes:
    """Return what is signed of a line: all of it but the signature."""
    kept = {name: value for name, value in fields.items() if name != "signature"}
    return _SIGNED_AS + canonical(kept).encode()


def header_of(keys: Mapping[str, str], case_id: str | None) -> str:
    """Write the first line of a pack, or of the register where *case_id* is None."""
    about = {"about": "register"} if case_id is None else {"about": "case"}
    case = {} if case_id is None else {"case": case_id}
    fields = {"format": FORMAT, "version": VERSION, "keys": dict(keys)}
    return canonical({"kind": "header", **about, **case, **fields})


def entry_line(n: int, text: str, entrys_hash: str) -> str:
    """Write the line of the *n*-th entry."""
    fields = {"n": n, "entry": entry_in(text), "hash": entrys_hash}
    return canonical({"kind": "entry", **fields})


def moment(at: datetime) -> str:
    """Write a moment as evidence has it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
