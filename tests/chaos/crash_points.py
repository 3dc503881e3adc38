"""A crash at every step: whatever a road passes is died at, before it and after.

Each road is walked once to learn what it passes; then once for each passing with the
process killed before it, killed after it, and stopped there for longer than its lease.
"""

import random
from dataclasses import dataclass

from workers.offboarding.model import CaseResult
from workers.offboarding.quiet import ReportClean

from .checks import broken_in_the_end, unanswered
from .faults import FaultPlan
from .outside import HOUR, Outside, departure_of
from .virtual import MonotonicClock, virtual
from .world import EndlessError, Scene, World

_DAY = 24 * HOUR
# Of two, the one that came late may find nothing left to do.
_GOOD = {1: {CaseResult.SAFE}, 2: {CaseResult.SAFE, CaseResult.CLEAN}}
SIDES = ("killed_before", "killed_after", "frozen_past_the_lease")


@dataclass(frozen=True)
class Road:
    """A way through the service: the world it begins in, and what people do then."""

    name: str
    scene: Scene
    goes: object
    # How many cases it leaves; all must have come to a good end.
    cases: int = 1


def _departs(world, _outside):
    world.hear(departure_of(world, world.people[0], 1))
    world.run(_DAY)


def _departs_later(world, _outside):
    at = world.clock.now.replace(day=world.clock.now.day + 3)
    world.hear(departure_of(world, world.people[0], 1, effective_at=at))
    world.run(4 * _DAY)


def _is_adopted(world, outside):
    outside.insists(outside.adopted)
    world.run(_DAY)


def _is_adopted_meanwhile(world, outside):
    """Adopt while a reset of the departure is out, and does not show yet."""
    world.hear(departure_of(world, world.people[0], 1))
    world.run(4)
    outside.insists(outside.adopted)
    world.run(_DAY)


def _is_retried(world, outside):
    for cloud in world.clouds:
        cloud.revoked = True
    world.hear(departure_of(world, world.people[0], 1))
    world.run(HOUR)
    outside.mended()
    outside.insists(outside.retried)
    world.run(_DAY)


def _is_held(world, outside):
    world.hear(departure_of(world, world.people[0], 1))
    world.run(HOUR)
    outside.insists(outside.approved)
    world.run(_DAY)


def _find_nothing(world, _outside):
    """Have somebody leave, and another who owns nothing; the digest tells of that."""
    world.hear(departure_of(world, world.people[0], 1))
    world.hear(departure_of(world, world.rival, 2))
    world.run(2 * _DAY)


ROADS = (
    Road("departure", Scene(), _departs),
    Road("canary", Scene(targets_each=3, canary=True), _departs),
    Road("warm start", Scene(is_surveyed=True), _departs),
    Road("scheduled", Scene(is_surveyed=True), _departs_later),
    Road("adoption", Scene(), _is_adopted),
    Road("adoption beside it", Scene(lag_seconds=40), _is_adopted_meanwhile, cases=2),
    Road("retry", Scene(), _is_retried),
    Road("held", Scene(max_targets=1), _is_held),
    Road("crowd", Scene(max_targets=1, few=0), _is_held),
    Road("digest", Scene(report_clean=ReportClean.DIGEST), _find_nothing, cases=2),
)


def walked(road, kill_at=None, faults=(), *, asks_twice=False):
    """Walk *road*, killed at a passing; return the world and what is broken in it.

    With *asks_twice* each call of the store is repeated, as if its answer were lost.
    """
    plan = FaultPlan(faults)
    clock = MonotonicClock()
    with virtual(clock, 1):
        chance = random.Random(1)  # noqa: S311 - no secret
        world = World(road.scene, plan, clock=clock, random=chance, kill_at=kill_at)
        world.asks_twice = asks_twice
        outside = Outside(world)
        try:
            road.goes(world, outside)
            broken = [*unanswered(world), *broken_in_the_end(world)]
        except EndlessError as error:
            broken = [f"endless: {error}"]
        results = [one.result for one in world.cases.load_all(world.case_ids())]
        if len(results) != road.cases or not set(results) <= _GOOD[road.cases]:
            broken.append(f"{road.cases} cases should be safe: {results}")
    return world, broken


def crash_points(road):
    """List every passing of *road*, with each way to end or to stop there."""
    world, broken = walked(road)
    if broken:
        raise AssertionError(f"{road.name}, with nothing killed: {broken}")
    passed = list(enumerate(world.trace, 1))
    return [((number, side), where) for number, where in passed for side in SIDES]


def crashed(road, point):
    """Walk *road* with a death at *point*; return what is broken, and where."""
    kill_at, (who, gate, name) = point
    _, broken = walked(road, kill_at)
    where = f"{road.name}, {who} {kill_at[1]} at {gate} {name} (#{kill_at[0]})"
    return [f"{where}: {one}" for one in broken]
