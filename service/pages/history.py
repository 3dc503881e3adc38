"""What was done in a case, entry by entry, as its ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Entry
from workers.offboarding.reasons import sentence

# Entries of a ledger in words; whatever is not here is told by its own name.
_SAID: Final = {
    "case.opened_open": "Opened",
    "case.opened_scheduled": "Opened, for a later day",
    "case.opened_waiting": "Opened, and held at once",
    "case.joined": "Another event about the same person joined",
    "case.planned": "Plan made",
    "case.planned_from_index": "First plan made, from the owner index",
    "case.held": "Held",
    "case.reminded": "People were reminded that it waits",
    "case.approved": "Approved",
    "case.released": "Released",
    "case.refused": "Refused",
    "case.retried": "Taken back to work",
    "case.cancelled": "Cancelled",
    "case.settled": "Settled",
    "case.stuck": "Made no progress, and was stopped",
    "case.rule_broken": "Stopped: the next write would have broken a rule",
    "target.reset_intended": "About to reset",
    "target.reset": "Reset was accepted",
    "target.reset_refused": "Reset was refused",
    "target.reset_disproved": "Reset proved to have had no effect",
    "target.answer_lost": "The answer to the reset was lost",
    "target.verified": "Owner read back: the functional ID",
    "target.counted": "Counted in the result",
    "target.already": "Was the functional ID's already",
    "target.failed": "Failed",
    "target.unread": "Could not be seen",
    "target.changed_hands": "Changed hands, left alone",
    "target.key_used": "The new key was seen in use",
    "target.extra_reset": "An extra reset was found",
    "report.sent": "Report sent",
    "report.failed": "Report failed",
    "report.unknown": "Report sent, its answer was lost",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry: when, what, where, by whom, why."""

    at: datetime
    what: str
    where: str | None
    actor: str | None
    why: str | None
    request_id: str | None


def history_of(case: Case, ledger: Sequence[Entry]) -> list[Moment]:
    """Put the ledger of *case* into words, the newest entry first."""
    places = {
        one.target.id: f"{one.target.region}, {one.target.resource_group.name}"
        for one in case.targets
    }
    return [_moment(one, places) for one in reversed(ledger)]


def _moment(entry: Entry, places: dict[str, str]) -> Moment:
    target = entry.target_id
    why = _reason(entry.reason) if entry.reason else None
    return Moment(
        at=entry.at,
        what=_SAID.get(entry.what, _plain(entry.what)),
        where=None if target is None else places.get(target, target),
        actor=entry.actor or entry.source,
        why=" ".join(one for one in (why, entry.detail) if one) or None,
        request_id=entry.request_id,
    )


def _reason(said: str) -> str:
    known = {str(one): one for one in Reason}
    return sentence(known[said]) if said in known else said


def _plain(what: str) -> str:
    subject, _, rest = what.replace("_", " ").partition(".")
    return f"{subject.capitalize()}: {rest}" if rest else subject.capitalize()
