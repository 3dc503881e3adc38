"""What was done in a case, entry by entry, as its ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Entry
from workers.offboarding.pack.sayings import said_of
from workers.offboarding.reasons import sentence

# What a page says otherwise than the signed evidence does: here the place follows.
_SAID: Final = {"target.counted": "Counted in the result"}


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
    why = _reason(entry.reason) if entry.reason else None
    return Moment(
        at=entry.at,
        what=_SAID.get(entry.what) or said_of(entry.what),
        where=_where(entry, places),
        actor=entry.actor or entry.source,
        why=" ".join(one for one in (why, entry.detail) if one) or None,
        request_id=entry.request_id,
    )


def _where(entry: Entry, places: dict[str, str]) -> str | None:
    """Name the target, or of a report the channel, with the account of a room."""
    target = entry.target_id
    if target is None or target in places:
        return target and places[target]
    is_report = entry.what.startswith("report.")
    return f"{target}, {entry.place}" if is_report and entry.place else target


def _reason(said: str) -> str:
    known = {str(one): one for one in Reason}
    return sentence(known[said]) if said in known else said
