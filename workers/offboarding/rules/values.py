"""What the rules are held against, and what a broken one looks like."""

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

    @property
    def functional_ids(self) -> frozenset[str]:
        """Return the IAM IDs of every functional ID that the case named."""
        planned = (one.functional_id for one in self.case.targets)
        intended = (
            one.detail for one in self.ledger if one.what == INTENDED and one.detail
        )
        return frozenset({*(one.id for one in planned if one), *intended})


INTENDED = "target.reset_intended"
RESET = "target.reset"
# A reset that certainly did nothing: refused at once, or found out by looking.
UNDONE = frozenset({"target.reset_refused", "target.reset_disproved"})
# How a target ends; what was out is settled then.
OUTCOMES = frozenset(
    f"target.{one}"
    for one in ("verified", "already", "changed_hands", "failed", "unread", "planned")
)
