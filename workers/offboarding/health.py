"""What a check of the set-up found, one value a question. It asks nobody."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended.

    ``warning``: it works, and somebody should know. ``unproven``: neither known to be
    right nor to be wrong.
    """

    OK = "ok"
    WARNING = "warning"
    UNPROVEN = "unproven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the set-up, and its answer.

    Attributes:
        what: The question's name, as ``key_list`` or ``owner_ids``.
        text: What was found, in a sentence.
        mend: What to do about it; None where all is well.
        command: The command that mends it, one line for a shell.
        account_id: The account it is about; None for the service itself.
    """

    what: str
    verdict: Verdict
    text: str
    mend: str | None = None
    command: str | None = None
    account_id: str | None = None
