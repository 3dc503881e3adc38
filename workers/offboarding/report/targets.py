"""Each target of a case: how it stands, whose key it was and is, its clusters.

What people have to do about it is in ``to_do.py``.
"""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.advice import cleaned, sentence
from workers.offboarding.follow_ups import numbered_follow_ups
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    Outcome,
    OwnerKind,
    Right,
)
from workers.offboarding.report.facts import is_accepted, is_adoption, waiting
from workers.offboarding.report.phrases import listed, named, time_of, where, with_id
from workers.offboarding.report.value import Item, Keep, Line

# In the order of a report: what needs somebody comes first.
OUTCOMES: Final = {
    Outcome.FAILED: "FAILED",
    Outcome.UNREAD: "NOT SEEN",
    Outcome.CHANGED_HANDS: "CHANGED HANDS, left alone",
    None: "not done yet",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "reset, and read back under the functional ID",
    Outcome.ALREADY: "was the functional ID's already, nothing to reset",
}
_ORDER: Final = tuple(OUTCOMES)
_KINDS: Final = {
    OwnerKind.FUNCTIONAL_ID: ", functional ID",
    OwnerKind.SERVICE_ID: ", service ID",
}
_PREFLIGHT: Final = {
    Right.OK: "the functional ID has every right that was looked for.",
    Right.MISSING: "something is missing.",
    Right.CANNOT_TELL: "cannot tell.",
}
_CLUSTERS_SHOWN: Final = 8


def targets_of(case: Case, account_id: str | None = None) -> Iterator[Item]:
    """Tell of each target, or of each in one account; failed and unread ones first."""
    is_waiting = case.status is CaseStatus.WAITING
    held = {one.target.id for one in waiting(case)} if is_waiting else set()
    done = _done(case)
    for one in sorted_targets(case):
        if account_id not in (None, one.target.account_id):
            continue
        standing = "held" if one.target.id in held else _standing(case, one)
        yield Item(
            (*where(case, one), f": {standing}"),
            (*_details(case, one), *done.get(one.target.id, ())),
            keep=Keep.LAST if one.is_safe else Keep.FIRST,
        )


def _standing(case: Case, one: CaseTarget) -> str:
    if case.status is CaseStatus.CANCELLED and one.outcome is None:
        return "not touched"
    if is_accepted(one):
        return "NOT SEEN, accepted as a blind spot"
    if one.outcome is Outcome.PLANNED and is_adoption(case):
        return "would be taken over"
    return OUTCOMES[one.outcome]


def sorted_targets(case: Case) -> list[CaseTarget]:
    """Sort the targets: failed and unread ones first, then by region and group."""
    return sorted(
        case.targets,
        key=lambda one: (
            _ORDER.index(one.outcome),
            one.target.region,
            one.target.resource_group.name,
            one.target.id,
        ),
    )


def _details(case: Case, one: CaseTarget) -> Iterator[Line]:
    now = _owner_to_be(case, one) or _owner_now(one)
    yield "Owner: ", *_owner(one.owner_before, "not seen"), *now
    yield _clusters(one)
    if one.used_at is not None:
        yield (f"Second proof: its new key was used at {time_of(one.used_at)}",)
    if one.is_safe:
        return
    yield from _preflight(one)
    yield from blind_spot(one)
    # Of what was not seen, the head of the report has said it.
    if one.reason is not None and one.outcome is not Outcome.UNREAD:
        yield (f"Why: {sentence(one.reason)}",)
    if one.detail:
        yield (f"Detail: {cleaned(one.detail)}",)


def _preflight(one: CaseTarget) -> Iterator[Line]:
    """Say what preflight said where nothing was written yet; a red one is a detail."""
    if one.outcome not in (None, Outcome.PLANNED) or one.preflight is None:
        return
    text = cleaned(one.preflight_text, 300)
    said = f"{_PREFLIGHT[one.preflight]} {text}"
    yield (f"Preflight: {said.strip()}",)


def blind_spot(one: CaseTarget) -> Iterator[Line]:
    """Say who accepted that a target is not seen, until when, and why."""
    if one.blind is None or not is_accepted(one):
        return
    until = time_of(one.blind.until)
    by = named(one.blind.accepted_by)
    reason = named(one.blind.reason, 300)
    yield "Accepted by ", by, f" until {until}: ", reason


def _done(case: Case) -> dict[str, list[Line]]:
    """Name the follow-ups that are done, by target; the others are left to do."""
    found: dict[str, list[Line]] = {}
    for number, one, follow_up in numbered_follow_ups(case):
        if follow_up.done_at is not None:
            at = time_of(follow_up.done_at)
            said = f"Follow-up {number}, done {at}: {cleaned(follow_up.text, 300)}"
            found.setdefault(one.target.id, []).append((said,))
    return found


def _owner_to_be(case: Case, one: CaseTarget) -> Line:
    """Say who is to take a target over that waits; empty for any other."""
    is_waiting = case.status is CaseStatus.WAITING and one.outcome is None
    if not is_waiting or one.functional_id is None:
        return ()
    return " -> is to be ", *_owner(one.functional_id, "the functional ID")


def _owner_now(one: CaseTarget) -> Line:
    after, before = one.owner_after, one.owner_before
    match one.outcome:
        case Outcome.FAILED if after and before and after.id == before.id:
            return (" still",)
        case Outcome.FAILED if not one.resets and one.intent_at is None:
            return (", nothing was written",)
        case Outcome.PLANNED:
            return " -> would be ", *_owner(one.functional_id, "the functional ID")
        case Outcome.UNREAD | None:
            return ()
        case (
            Outcome.FAILED | Outcome.CHANGED_HANDS | Outcome.ALREADY | Outcome.VERIFIED
        ):
            return " -> ", *_owner(after, "not read back")


def _owner(owner: KeyOwner | None, missing: str) -> Line:
    if owner is None:
        return (missing,)
    kind = _KINDS.get(owner.kind, "")
    if owner.name and owner.email:
        return *with_id(owner.name, owner.email), kind
    return named(owner.name or owner.email or owner.id), kind


def _clusters(one: CaseTarget) -> Line:
    clusters = one.target.clusters
    if not clusters:
        return ("Clusters: none",)
    shown = [with_id(each.name, each.id) for each in clusters[:_CLUSTERS_SHOWN]]
    left = len(clusters) - _CLUSTERS_SHOWN
    more = (f" and {left} more",) if left > 0 else ()
    return "Clusters: ", *listed(shown), *more
