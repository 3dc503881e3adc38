"""One target goes first: which it is to be, and whether it truly did. Pure."""

from collections.abc import Sequence
from typing import Any

from simulator.demo.evidence import Evidence
from simulator.demo.exposure import Place
from simulator.demo.progress import place_of
from simulator.demo.proof import Proof


def first_of(targets: Sequence[dict[str, Any]]) -> Place | None:
    """Return the target of a case that is to go first: that with fewest clusters.

    None where two share that, so that the service may take either, or there is no
    other target to wait.
    """
    return _fewest([(place_of(one), len(one["clusters"])) for one in targets])


def canary_went_first(evidence: Evidence) -> Proof:
    """Weigh whether one target was read back before any other reset was sent."""
    claim = (
        "The target with the fewest clusters went first, and was read back before any"
        " other reset was sent"
    )
    resets = sorted(evidence.resets, key=lambda one: one.at)
    wanted = _fewest([(one.place, len(one.clusters)) for one in evidence.owned])
    if len(resets) < 2 or wanted is None:
        return Proof(claim, False, f"{len(resets)} resets")
    first, second = resets[:2]
    proving = evidence.proving(first.place)
    names = {one.place: str(one) for one in evidence.before}
    name = names.get(first.place, "no such target")
    gap = second.at - proving.answered_at if proving is not None else -1.0
    return Proof(
        claim,
        first.place == wanted and gap >= 0,
        f"{name} was read back {gap:.1f} s before the next reset"
        if gap >= 0
        else f"{name} was not read back before the next reset",
    )


def _fewest(counted: Sequence[tuple[Place, int]]) -> Place | None:
    ordered = sorted(counted, key=lambda one: one[1])
    if len(ordered) < 2 or ordered[0][1] == ordered[1][1]:
        return None
    return ordered[0][0]
