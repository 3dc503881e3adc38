"""The targets of a case as rows of a table; those that need somebody come first."""

from dataclasses import dataclass
from typing import Final

from workers.offboarding.advice import advise
from workers.offboarding.follow_ups import numbered_follow_ups
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Cluster,
    FollowUp,
    KeyOwner,
    Outcome,
    OwnerKind,
)
from workers.offboarding.reasons import sentence
from workers.offboarding.report.facts import is_accepted
from workers.offboarding.report.targets import sorted_targets

_TONES: Final = {
    Outcome.FAILED: "bad",
    Outcome.UNREAD: "bad",
    Outcome.CHANGED_HANDS: "bad",
    Outcome.PLANNED: "calm",
    Outcome.VERIFIED: "good",
    Outcome.ALREADY: "good",
}
_STATES: Final = {
    Outcome.FAILED: "Failed",
    Outcome.UNREAD: "Not seen",
    Outcome.CHANGED_HANDS: "Changed hands",
    Outcome.PLANNED: "Would be reset",
    Outcome.VERIFIED: "Read back",
    Outcome.ALREADY: "Safe already",
}
_KINDS: Final = {
    OwnerKind.FUNCTIONAL_ID: "functional ID",
    OwnerKind.SERVICE_ID: "service ID",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a key is: a name, what else they are known by, and their kind."""

    name: str
    other: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One target: where it is, whose, how it stands and why.

    ``first`` are the clusters that are named at once, ``rest`` those behind a fold.
    """

    target: CaseTarget
    state: str
    tone: str
    before: Owner | None
    after: Owner | None
    first: tuple[Cluster, ...]
    rest: tuple[Cluster, ...]
    why: str | None
    advice: str | None
    done: tuple[tuple[int, FollowUp], ...]


_UNDER_WAY: Final = {
    CaseStatus.OPEN: "Under way",
    CaseStatus.WAITING: "Held",
    CaseStatus.CANCELLED: "Not touched",
}
_NOT_ENDED: Final = {CaseStatus.OPEN: "busy", CaseStatus.WAITING: "held"}
_AT_ONCE: Final = 3


def rows_of(case: Case) -> list[Row]:
    """Return a row for each target of *case*."""
    done = [one for one in numbered_follow_ups(case) if one[2].done_at is not None]
    return [
        _row(case, one, [(number, what) for number, of, what in done if of is one])
        for one in sorted_targets(case)
    ]


def _row(case: Case, one: CaseTarget, done: list[tuple[int, FollowUp]]) -> Row:
    clusters = one.target.clusters
    advice = advise(one)
    is_planned = one.outcome in (None, Outcome.PLANNED)
    return Row(
        target=one,
        state=_state(case, one),
        tone=_tone(case, one),
        before=owner_of(one.owner_before),
        after=owner_of(one.functional_id if is_planned else one.owner_after),
        first=clusters[:_AT_ONCE],
        rest=clusters[_AT_ONCE:],
        why=None if one.reason is None else sentence(one.reason),
        advice=None if advice is None else advice.text,
        done=tuple(done),
    )


def _state(case: Case, one: CaseTarget) -> str:
    """Say how a target stands in a word or two, as a badge has them."""
    if one.outcome is not None:
        return "Accepted unseen" if is_accepted(one) else _STATES[one.outcome]
    return _UNDER_WAY.get(case.status, "Not begun")


def _tone(case: Case, one: CaseTarget) -> str:
    if one.outcome is not None:
        return _TONES[one.outcome]
    return _NOT_ENDED.get(case.status, "calm")


def owner_of(owner: KeyOwner | None) -> Owner | None:
    """Put an owner into words; None where nobody was seen."""
    if owner is None:
        return None
    known = [one for one in (owner.name, owner.email, owner.id) if one]
    return Owner(known[0], known[1] if known[1:] else None, _KINDS.get(owner.kind))
