"""What a case comes to, in the few counted words of a headline or a subject."""

from typing import Final

from workers.offboarding.model import Case, Outcome
from workers.offboarding.report.facts import (
    blind_spots,
    count_of,
    has_credential,
    is_adoption,
    is_blind,
    is_unknown,
    is_unmatched,
)

_BADLY: Final = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
}


def is_about_nobody(case: Case) -> bool:
    """Tell whether nobody has the leaver's name, and nothing is doubtful either."""
    return is_unknown(case) and not case.targets and not bad_of(case)


def counts_of(case: Case) -> str:
    """Count everything, what needs somebody first."""
    parts = [*bad_of(case), *accepted_of(case)]
    done = sum(one.is_safe for one in case.targets)
    return ", ".join([*parts, f"{done} done"] if done else parts) or "see below"


def bad_of(case: Case) -> list[str]:
    """Name what is not as it should be; an accepted blind spot is not among it."""
    unmatched = ["the part asked for names what was not seen"] * is_unmatched(case)
    blind = ["not everything could be listed"] * is_blind(case)
    whose = "the owner" if is_adoption(case) else "the leaver"
    in_force = [f"a classic credential of {whose} is in force"]
    undone = count_of(case, None)
    open_ = [f"{undone} not done yet"] if undone else []
    counts = ended_badly(case) + open_
    return unmatched + counts + blind + in_force * has_credential(case)


def ended_badly(case: Case) -> list[str]:
    """Count the targets that ended and need somebody."""
    counts = ((count_of(case, outcome), word) for outcome, word in _BADLY.items())
    return [f"{count} {word}" for count, word in counts if count]


def accepted_of(case: Case) -> list[str]:
    """Count the accepted blind spots; empty where there is none."""
    many = blind_spots(case)
    return [f"{many} not seen and accepted as that"] if many else []
