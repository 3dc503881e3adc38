"""May this functional ID own this target? Judged before any write. Pure.

Three answers, and no guess: ``ok``, ``missing``, ``cannot_tell``. Only a reset proves
it; a red preflight proves that there must be none.
"""

from dataclasses import dataclass
from datetime import datetime

from workers.offboarding.errors import Reason
from workers.offboarding.model import Right, Target
from workers.offboarding.standing import Standing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not in order: ``right`` is ``missing`` or ``cannot_tell``.

    Attributes:
        reason: What a target fails with, or is held for.
        text: What is missing, in a sentence that names the role and the service.
        command: The exact command that mends it; None where none does.
    """

    right: Right
    reason: Reason
    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Preflight:
    """What preflight says of one functional ID in one target; the worst comes first."""

    at: datetime
    findings: tuple[Finding, ...] = ()

    @property
    def right(self) -> Right:
        """Return the worst of all that was looked at."""
        return self.findings[0].right if self.findings else Right.OK


def preflight(
    standing: Standing, target: Target, *, leaver_id: str | None = None
) -> Preflight:
    """Judge whether a functional ID may own *target*.

    Args:
        standing: What was seen of it.
        target: Where; which services it needs rights for follows from the clusters.
        leaver_id: The IAM ID of who leaves; nobody takes over from themselves.
    """
    raise NotImplementedError
