"""Evidence at the desk: what is sealed, given out as it is stored. It holds no key."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from workers.offboarding.errors import NoSuchCaseError, NotSealedError
from workers.store.archive import Archived
from workers.store.evidence import Evidence

# Workers seal every second; who asks for it right away waits for that.
WAIT_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Pack:
    """The evidence of a case: its lines, and how many entries are not sealed yet."""

    lines: tuple[str, ...]
    unsealed: int


class Proving:
    """What is given out of evidence. Every method raises StoreAwayError."""

    def __init__(
        self,
        evidence: Evidence,
        *,
        archived: Archived | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._evidence = evidence
        self._archived = archived
        self._sleep = sleep

    def evidence_of(self, case_id: str, *, may_wait: bool = True) -> Pack:
        """Give the evidence of a case, as far as it is sealed; also of an archived one.

        Args:
            case_id: The case.
            may_wait: Whether to wait some seconds until all of it is sealed.

        Raises:
            NoSuchCaseError: There is none.
            NotSealedError: Nothing of it is sealed yet.
        """
        unsealed = self._evidence.unsealed(case_id)
        turns = round(WAIT_SECONDS / _PAUSE_SECONDS) if may_wait else 0
        for _ in range(turns):
            if not unsealed:
                break
            self._sleep(_PAUSE_SECONDS)
            unsealed = self._evidence.unsealed(case_id)
        # Counted before: what is sealed meanwhile is told as missing, and never the
        # other way round.
        try:
            return Pack(tuple(self._evidence.pack_of(case_id)), unsealed)
        except NoSuchCaseError:
            kept = self._archived.lines_of(case_id) if self._archived else None
            if kept is None:
                raise
            return Pack(kept, 0)

    def whole_evidence_of(self, case_id: str) -> bytes | None:
        """Give the evidence of a case as one file; None unless all of it is sealed."""
        if self._evidence.unsealed(case_id):
            return None
        try:
            return "".join(self._evidence.pack_of(case_id)).encode()
        except (NotSealedError, NoSuchCaseError):
            return None

    def evidence_register(self) -> Iterator[str]:
        """Give the register over all cases, line by line, as it is read.

        Raises:
            NotSealedError: Nothing is sealed yet; at the first line.
        """
        return self._evidence.register()
