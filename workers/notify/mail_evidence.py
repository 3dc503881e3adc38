"""The evidence of a case as it goes with the mail of its final report, or why not.

A mail is never lost for it and never held back for long: where it cannot go along, the
mail says so and names the command that exports it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportKind, ReportLine
from workers.offboarding.report.commands import export_command

# Gives the evidence of a case as the API does; None while not all of it is sealed.
WholeEvidence = Callable[[str], bytes | None]

# A third more in a mail; common servers take 10 MB and more.
MOST_BYTES: Final = 5_000_000
# Workers seal every second. Both bounds, since clocks of two machines may differ.
_LONGEST_WAIT: Final = timedelta(seconds=60)
_MOST_TRIES: Final = 6
_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What goes with one report.

    Attributes:
        case_id: Whose evidence it is.
        content: The evidence, as it is verified; None where it does not go along.
        why_not: The reason for that, as the end of a sentence.
    """

    case_id: str
    content: bytes | None
    why_not: str = ""

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return f"offboard-evidence-{self.case_id}.json"

    @property
    def command(self) -> str:
        """Return the command that exports it."""
        return export_command(self.case_id)

    def without(self, why_not: str) -> "Enclosure":
        """Return the same left out, and why."""
        return replace(self, content=None, why_not=why_not)


def enclosed(
    whole: WholeEvidence | None, case: Case, line: ReportLine, now: datetime
) -> Enclosure | None:
    """Return what goes with the mail of *line*; None where nothing is meant to.

    Raises:
        TransientError: It is not sealed yet, and will be in a moment.
    """
    if whole is None or line.kind is not ReportKind.FINAL:
        return None
    left_out = Enclosure(case.id, None)
    if line.lost:
        return left_out.without("the mail before this one got no answer with it")
    content = whole(case.id)
    if content is None and _may_wait(case, line, now):
        raise TransientError(
            "The evidence that goes along is not sealed yet.",
            retry_after_seconds=_PAUSE_SECONDS,
        )
    if content is None:
        return left_out.without("it was not sealed within a minute")
    if len(content) > MOST_BYTES:
        return left_out.without("it is too large for a mail")
    return Enclosure(case.id, content)


def _may_wait(case: Case, line: ReportLine, now: datetime) -> bool:
    since = now - (case.settled_at or case.received_at)
    return since < _LONGEST_WAIT and line.tries < _MOST_TRIES
