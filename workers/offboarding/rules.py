"""The rules that hold always, as code: cases, their ledgers and the far side's journal.

The rules are those of the design, section 7, by their numbers. Pure: whoever has a case,
its ledger and what the far side got can ask; the tests of faults do, and the workers
where it is cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workers.offboarding.model import Case, Entry


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that was broken: which, in which case and target, and how it shows."""

    rule: int
    case_id: str
    target_id: str | None
    what: str


@dataclass(frozen=True, slots=True)
class SentReset:
    """A reset as the far side got it.

    Attributes:
        at: When it arrived there.
        target_id: account/region/resource group id, as ``Target.id`` writes it; a part
            that the call did not name is empty.
        caller: The IAM ID of the token it came with; None where there was none.
        took_effect: Whether the far side changed the key, whatever it answered.
        request_id: The far side's own id of the call, if it gave one.
    """

    at: datetime
    target_id: str
    caller: str | None
    took_effect: bool
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A case as the store has it, and its ledger, oldest entry first."""

    case: Case
    ledger: tuple[Entry, ...]


def broken_in(record: Record) -> tuple[Broken, ...]:
    """Find the rules that one case breaks by its own record."""
    raise NotImplementedError


def broken_by(
    records: Sequence[Record], resets: Sequence[SentReset]
) -> tuple[Broken, ...]:
    """Find the rules that all cases together break, held against the far side."""
    raise NotImplementedError
