"""What a case is warned of on a screen: what holds it, what could not be seen."""

from service.commands.answers import Note, ShownCase
from service.commands.ending import UNSEEN
from service.commands.targets import sorted_targets, where_of
from workers.offboarding.advice import sentence
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus, Outcome
from workers.offboarding.report.facts import HOLDS


def holds_of(case: ShownCase) -> tuple[Note, ...]:
    """Find what holds a case: in its plan, or in a warning where it has none."""
    refused = case.plan.refused if case.plan else ()
    held = tuple(one for one in case.warnings if one.reason in HOLDS)
    return refused + tuple(one for one in held if one not in refused)


def unseen_of(case: ShownCase) -> list[str]:
    """Say what could not be seen: lists first, then targets."""
    # In the order of UNSEEN: a misspelt part of the account comes before all.
    notes = [one for one in case.warnings if one.reason in UNSEEN]
    lists = [one.text for one in sorted(notes, key=_place)]
    unread = [one for one in sorted_targets(case) if one.outcome == Outcome.UNREAD]
    return lists + [f"{where_of(case, one)}: {why_of(one.reason)}" for one in unread]


def warnings_of(case: ShownCase) -> list[str]:
    """Return the other warnings, and what holds the case, in their own words."""
    held = holds_of(case)
    notes = [*held, *case.warnings]
    if case.status == CaseStatus.CANCELLED:
        # What held it holds nothing any more: beside "cancelled" it would mislead.
        notes = [one for one in case.warnings if one not in held]
    texts = [one.text for one in notes if one.reason not in UNSEEN]
    return list(dict.fromkeys(texts))


def _place(note: Note) -> int:
    return UNSEEN.index(note.reason)


def why_of(reason: str | None) -> str:
    """Say in a sentence why something could not be seen."""
    try:
        return sentence(Reason(reason or Reason.OWNER_UNKNOWN))
    except ValueError:
        # A reason of a newer service.
        return str(reason)
