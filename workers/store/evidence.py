"""Evidence in the store: entries sealed as they come, and given back as one file.

The scripts that write a ledger cannot hash, so each notes its case among the unsealed;
a worker takes those, chains and signs, and writes that in one script (``seal.lua``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import redis
import structlog

from workers.offboarding import evidence as text
from workers.offboarding.errors import NoSuchCaseError, NotSealedError
from workers.offboarding.evidence import NOTHING, Signer
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.damaged import Damaged

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_CASES_AT_ONCE: Final = 50
# Of one case in one script, which is not interrupted.
_ENTRIES_AT_ONCE: Final = 200
_ITEMS_AT_ONCE: Final = 500
# What could not be read is looked at again after this.
_PUT_OFF_MS: Final = 600_000
_OVER: Final = ("settled", "cancelled")
_EMPTY: Final[dict[str, Any]] = {"count": 0, "hash": NOTHING}
_UNBEGUN: Final[dict[str, Any]] = {
    "n": 0,
    "hash": NOTHING,
    "items": 0,
    "items_hash": NOTHING,
}
_REGISTER: Final = f"{PREFIX}register"
_REGISTER_HEAD: Final = f"{PREFIX}register:head"
_UNSEALED: Final = f"{PREFIX}unsealed"
_KEYS: Final = f"{PREFIX}evidence:keys"
_SEED: Final = f"{PREFIX}evidence:seed"
_SEEN: Final = f"{PREFIX}evidence:seen"


@dataclass(frozen=True)
class _Unsealed:
    """A case as it is read to be sealed; ``entries`` are those after the sealed."""

    id: str
    was: str
    status: str
    entries: tuple[str, ...]
    length: int

    @property
    def seal(self) -> dict[str, Any]:
        return json.loads(self.was) if self.was else _UNBEGUN

    @cached_property
    def hashes(self) -> tuple[str, ...] | None:
        """Chain the entries; None where one of them cannot be read."""
        after, prev = self.seal["n"], self.seal["hash"]
        try:
            return text.chained(self.id, self.entries, after=after, prev=prev)
        except ValueError:
            return None


class Evidence:
    """What the store has of evidence. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._damaged = Damaged(client)

    def seed(self, made: str) -> str:
        """Return the seed that is kept here; the first process of all gives its own."""
        with faults():
            self._client.set(_SEED, made, nx=True)
            return str(self._client.get(_SEED))

    def has_seed(self) -> bool:
        """Tell whether a seed is kept here."""
        with faults():
            return bool(self._client.exists(_SEED))

    def note_all(self) -> None:
        """Note the cases of a store that is older than its evidence, once."""
        with faults():
            if self._client.exists(_SEEN):
                return
        start = "-"
        while True:
            with faults():
                found = self._client.zrangebylex(
                    f"{PREFIX}index:all", start, "+", 0, _ITEMS_AT_ONCE
                )
                page = [str(one) for one in found]
                if page:
                    self._client.zadd(_UNSEALED, dict.fromkeys(page, 0), nx=True)
            if len(page) < _ITEMS_AT_ONCE:
                break
            start = f"({page[-1]}"
        with faults():
            self._client.set(_SEEN, 1)

    def seal(self, signer: Signer, now: datetime) -> int | None:
        """Seal some of what was appended since; how many cases were looked at.

        What cannot be read stays unsealed, and keeps nobody else from it.

        None where another worker sealed meanwhile: what is left is its, or next time's.
        """
        at_ms, ids = self._due()
        if not ids:
            return 0
        before, cases = self._read(ids)
        asked = _sealed(signer, before, cases, text.moment(now))
        self._put_off([one for one in cases if one.hashes is None], at_ms)
        return len(ids) if self._scripts.call("seal", **asked) == "ok" else None

    def can_read(self, case_id: str) -> bool:
        """Tell whether what is to be sealed next of a case can be read."""
        _, [case] = self._read([case_id])
        return case.hashes is not None

    def _due(self) -> tuple[int, list[str]]:
        """Return the server's time and the cases that wait longest.

        Those that could not be read stand behind all others, for some minutes.
        """
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.time()
            pipe.zrange(_UNSEALED, 0, _CASES_AT_ONCE - 1, withscores=True)
            (seconds, micros), found = pipe.execute()
        at_ms = int(seconds) * 1000 + int(micros) // 1000
        return at_ms, [str(one) for one, since in found if since <= at_ms]

    def _put_off(self, unread: list[_Unsealed], at_ms: int) -> None:
        if not unread:
            return
        for one in unread:
            log.error("evidence.unreadable", case_id=one.id, after=one.seal["n"])
        ids = [one.id for one in unread]
        later = dict.fromkeys(ids, at_ms + _PUT_OFF_MS)
        with faults():
            # Only who still waits: another worker may have sealed it meanwhile.
            self._client.zadd(_UNSEALED, later, xx=True)
        self._damaged.met(ids)

    def _read(self, ids: list[str]) -> tuple[str, list[_Unsealed]]:
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.get(_REGISTER_HEAD)
            for case_id in ids:
                pipe.get(f"{PREFIX}case:{case_id}:seal")
            before, *seals = pipe.execute()
        sealed = [json.loads(one)["n"] if one else 0 for one in seals]
        with faults(), self._client.pipeline(transaction=True) as pipe:
            for case_id, n in zip(ids, sealed, strict=True):
                case = f"{PREFIX}case:{case_id}"
                pipe.hget(case, "status")
                pipe.lrange(f"{case}:ledger", n, n + _ENTRIES_AT_ONCE - 1)
                pipe.llen(f"{case}:ledger")
            parts = pipe.execute()
        return before or "", [
            _Unsealed(
                case_id,
                seals[place] or "",
                parts[3 * place] or "",
                tuple(parts[3 * place + 1]),
                parts[3 * place + 2],
            )
            for place, case_id in enumerate(ids)
        ]

    def unsealed(self, case_id: str) -> int:
        """Count the entries of a case that are not sealed yet."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.llen(f"{PREFIX}case:{case_id}:ledger")
            pipe.get(f"{PREFIX}case:{case_id}:seal")
            length, seal = pipe.execute()
        return int(length) - int(json.loads(seal)["n"] if seal else 0)

    def is_sealed(self, case_id: str) -> bool:
        """Tell whether all of a case is sealed, and in the register as it is."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.exists(f"{PREFIX}case:{case_id}:seal")
            pipe.zscore(_UNSEALED, case_id)
            has_seal, waits = pipe.execute()
        return bool(has_seal) and waits is None and self.unsealed(case_id) == 0

    def pack_of(self, case_id: str) -> Iterator[str]:
        """Give the evidence of a case, line by line, each with its newline.

        Only what is sealed; ``unsealed`` tells how much is not.

        Raises:
            NoSuchCaseError: At the first line.
            NotSealedError: Nothing of it is sealed yet; at the first line, too.
        """
        case = f"{PREFIX}case:{case_id}"
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.get(f"{case}:seal")
            pipe.lrange(f"{case}:ledger", 0, -1)
            pipe.lrange(f"{case}:chain", 0, -1)
            pipe.lrange(f"{case}:items", 0, -1)
            pipe.get(_REGISTER_HEAD)
            pipe.hgetall(_KEYS)
            seal, ledger, chain, seqs, register, keys = pipe.execute()
        if not ledger:
            raise NoSuchCaseError(f"There is no case {case_id}.")
        if not seal:
            raise NotSealedError("Nothing of the case is sealed yet.")
        yield f"{text.header_of(_used(keys, seal, register), case_id)}\n"
        # What is not sealed has no hash yet.
        for n, (entry, digest) in enumerate(zip(ledger, chain, strict=False), 1):
            yield f"{text.entry_line(n, entry, digest)}\n"
        yield f"{seal}\n"
        for item in self._items(seqs):
            yield f"{item}\n"
        yield f"{register}\n"

    def _items(self, seqs: list[str]) -> list[str]:
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for seq in seqs:
                pipe.lindex(_REGISTER, int(seq) - 1)
            return [str(one) for one in pipe.execute()]

    def register(self) -> Iterator[str]:
        """Give the register, line by line, as far as it goes now.

        Raises:
            NotSealedError: It has no item yet; at the first line.
        """
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.get(_REGISTER_HEAD)
            pipe.hgetall(_KEYS)
            head, keys = pipe.execute()
        if not head:
            raise NotSealedError("Nothing is sealed yet.")
        yield f"{text.header_of(_used(keys, head), None)}\n"
        count = json.loads(head)["count"]
        for start in range(0, count, _ITEMS_AT_ONCE):
            end = min(start + _ITEMS_AT_ONCE, count) - 1
            with faults():
                page = [str(one) for one in self._client.lrange(_REGISTER, start, end)]
            for item in page:
                yield f"{item}\n"
        yield f"{head}\n"


def keys_of(case_id: str) -> tuple[str, ...]:
    """Name what evidence keeps of a case beside its ledger: it goes with the case."""
    return tuple(
        f"{PREFIX}case:{case_id}:{part}" for part in ("chain", "items", "seal")
    )


def _used(keys: dict[str, str], *heads: str) -> dict[str, str]:
    """Return the public keys by which these heads are signed."""
    used = (json.loads(one)["key"] for one in heads)
    return {one: keys[one] for one in used if one in keys}


def _sealed(
    signer: Signer, before: str, cases: list[_Unsealed], at: str
) -> dict[str, object]:
    """Chain and sign what was read; what ``seal.lua`` is asked for."""
    head: dict[str, Any] = json.loads(before) if before else _EMPTY
    count, last = int(head["count"]), str(head["hash"])
    items: list[str] = []
    asked: list[dict[str, object]] = []
    for one in cases:
        seal, hashes = one.seal, one.hashes
        if not hashes:
            # It is gone, another worker was faster, or it cannot be read.
            asked.append(_as_it_is(one, seal["n"]))
            continue
        n, case_hash = seal["n"] + len(hashes), hashes[-1]
        many, of_items = seal["items"], seal["items_hash"]
        seqs: list[int] = []
        # A case that is over is named once it is sealed to its end, and so is each
        # thing that somebody did to the service itself, which is never over.
        is_named = one.status in _OVER or one.id == text.SERVICE
        if not many or (is_named and n == one.length):
            count, many = count + 1, many + 1
            items.append(text.item_of(count, one.id, (n, case_hash), last, at))
            last = text.hash_of(json.loads(items[-1]))
            of_items = text.items_hash(of_items, last)
            seqs.append(count)
        made = text.head_of_case(signer, one.id, (n, case_hash), (many, of_items), at)
        asked.append(_as_it_is(one, n) | {"seal": made, "hashes": hashes, "seqs": seqs})
    public = signer.public_key
    found: dict[str, object] = {
        "before": before,
        "items": items,
        "key": {text.fingerprint_of(public): public},
        "cases": asked,
    }
    if items:
        found["register"] = text.head_of_register(signer, count, last, at)
    return found


def _as_it_is(one: _Unsealed, n: int) -> dict[str, object]:
    return {"id": one.id, "was": one.was, "n": n, "hashes": (), "seqs": ()}
