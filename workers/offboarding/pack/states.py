"""How a case stands by its entries: its result where it has one. Pure."""

from collections.abc import Sequence
from typing import Final

# What a settled case may have as its result.
_RESULTS: Final = ("clean", "safe", "attention", "planned")
_ENDS: Final = {
    "case.cancelled": "cancelled",
    "case.refused": "refused",
    "case.joined": "joined",
    "departure.withdrawn": "cancelled",
    "case.held": "waiting",
    "case.opened_waiting": "waiting",
    "case.opened_scheduled": "scheduled",
    "case.opened_late": "cancelled",
}
# Nothing of what is said after it changes how a case stands.
_ASIDE: Final = (
    "report.",
    "follow_up.",
    "blind_spot.",
    "key.",
    "master.",
    "departure.joined",
    "departure.left",
    "departure.withdrawn_",
    "case.reminded",
    "case.foreseen",
    "case.aftercare",
    "target.",
)
# Those not safe come first wherever cases are listed.
ORDER: Final = (
    "attention",
    "waiting",
    "open",
    "refused",
    "scheduled",
    "planned",
    "safe",
    "clean",
    "joined",
    "cancelled",
)
SAID: Final = {
    "attention": "Needs attention",
    "waiting": "Waits for a decision",
    "open": "Not over",
    "refused": "Refused",
    "scheduled": "Scheduled, not begun",
    "planned": "Dry run, nothing was changed",
    "safe": "Safe",
    "clean": "Clean: owned nothing",
    "joined": "Joined to another case",
    "cancelled": "Cancelled",
}


def state_of(done: Sequence[tuple[str, str]]) -> str:
    """Say how a case stands, by what was done and the detail of each, oldest first."""
    state = "open"
    for what, detail in done:
        if what == "case.settled":
            state = detail if detail in _RESULTS else "attention"
        elif what in _ENDS:
            state = _ENDS[what]
        elif not what.startswith(_ASIDE):
            state = "open"
    return state
