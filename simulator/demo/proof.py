"""What the demo claims, each claim counted from the simulated account's journal.

Nothing here takes the service's word for it, save where the two are compared. Pure.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulator.demo.evidence import Evidence
from simulator.demo.exposure import Place
from simulator.demo.witness import Seen

# The case gives its times in milliseconds.
_ROUNDING_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Proof:
    """A claim, whether it holds, and what was counted."""

    claim: str
    holds: bool
    found: str


def proofs(evidence: Evidence) -> list[Proof]:
    """Weigh the evidence, claim by claim."""
    return [
        _one_reset_each(evidence),
        _named(evidence),
        _nobody_elses(evidence),
        _read_before(evidence),
        _read_back(evidence),
        _owners_now(evidence),
        _told(evidence),
        _owner_safe(evidence),
    ]


def taken_over(evidence: Evidence) -> Proof:
    """Weigh an adoption as a whole: what it changed, and that it changed no more."""
    proven = [one for one in evidence.owned if evidence.proving(one.place)]
    return Proof(
        "Exactly one reset for each target, each read back, and nothing else in the"
        " account was written",
        evidence.was_taken_over_once,
        f"{len(evidence.resets)} resets for {len(evidence.owned)} targets,"
        f" {len(proven)} read back",
    )


def _one_reset_each(evidence: Evidence) -> Proof:
    counted = Counter(one.place for one in evidence.resets)
    wanted = {one.place: 1 for one in evidence.owned}
    return Proof(
        "Exactly one reset for each target of the leaver, and no other reset",
        bool(wanted) and counted == wanted,
        f"{len(evidence.resets)} resets for {len(wanted)} targets",
    )


def _named(evidence: Evidence) -> Proof:
    named = [one for one in evidence.resets if all(one.place)]
    return Proof(
        "Each reset named its region and its resource group"
        " (without a group it would hit the account's default one)",
        bool(named) and len(named) == len(evidence.resets),
        f"{len(named)} of {len(evidence.resets)}",
    )


def _nobody_elses(evidence: Evidence) -> Proof:
    others = [one for one in evidence.before if one not in evidence.owned]
    kept = [one for one in others if one in evidence.after]
    surplus = evidence.writes - len(evidence.resets)
    theirs = {one.place for one in evidence.owned}
    strays = sum(one.place not in theirs for one in evidence.resets)
    return Proof(
        "Nobody else's target was touched, nothing else in the account was written",
        len(kept) == len(others) and not strays and not surplus,
        f"{len(kept)} of {len(others)} other targets as before,"
        f" {strays + surplus} other writes",
    )


def _read_before(evidence: Evidence) -> Proof:
    good = 0
    for one in evidence.owned:
        reset = evidence.reset_of(one.place)
        earlier = [
            read
            for read in evidence.reads(one.place)
            if reset is not None and read.answered_at <= reset.at
        ]
        # Once to find out whose it is, once more when it is about to be changed.
        good += len(earlier) > 1
    return Proof(
        "Each owner was read once more right before the reset",
        good == len(evidence.owned),
        f"{good} of {len(evidence.owned)}",
    )


def _read_back(evidence: Evidence) -> Proof:
    places = [one.place for one in evidence.owned]
    good = sum(_was_read_before_said(evidence, place) for place in places)
    early = sum(len(list(_early(evidence, place))) for place in places)
    return Proof(
        "Each owner was read back after its reset, before “verified” was said",
        bool(places) and good == len(places),
        f"{good} of {len(places)}; {early} earlier answers still named the leaver, and"
        " were not taken for done",
    )


def _was_read_before_said(evidence: Evidence, place: Place) -> bool:
    proving, said_at = evidence.proving(place), evidence.said_at.get(place)
    if proving is None or said_at is None:
        return False
    return proving.answered_at <= said_at


def _early(evidence: Evidence, place: Place) -> Iterator[Seen]:
    reset = evidence.reset_of(place)
    for one in evidence.reads(place):
        if reset is None or one.at < reset.at:
            continue
        if one.answered_at < reset.at + evidence.lag_seconds:
            yield one


def _owners_now(evidence: Evidence) -> Proof:
    places = {one.place for one in evidence.owned}
    good = sum(
        one.place in places and one.owner_id == evidence.functional_id
        for one in evidence.after
    )
    return Proof(
        "The keys are now the functional ID's",
        bool(places) and good == len(places),
        f"{good} of {len(places)}",
    )


def _told(evidence: Evidence) -> Proof:
    last = _last_proving(evidence)
    good = [
        channel
        for channel, at in evidence.told_at.items()
        if at is not None and last is not None and at >= last
    ]
    return Proof(
        "People were told once on each channel, and only after the last read-back",
        len(good) == len(evidence.told_at),
        " and ".join(good) or "nobody was told",
    )


def _owner_safe(evidence: Evidence) -> Proof:
    claim = "Owner-safe, and not before the last owner was read back"
    last, said = _last_proving(evidence), evidence.case["owner_safe_seconds"]
    if last is None or said is None:
        return Proof(claim, False, "the case did not become owner-safe")
    received_at = datetime.fromisoformat(evidence.case["received_at"]).timestamp()
    return Proof(
        f"Owner-safe after {said:.1f} s, and not before the last key had been read back"
        " as the functional ID's",
        received_at + said >= last - _ROUNDING_SECONDS,
        f"by the journal that was {last - evidence.sent_at:.1f} s after the event",
    )


def _last_proving(evidence: Evidence) -> float | None:
    found = [evidence.proving(one.place) for one in evidence.owned]
    times = [one.answered_at for one in found if one is not None]
    return max(times) if times and len(times) == len(found) else None
