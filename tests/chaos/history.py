"""One history: a world, its events and its faults, all from one seed; then calm."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from workers.offboarding.crowd import FEW
from workers.offboarding.errors import ConflictError
from workers.offboarding.model import CaseResult, CaseStatus
from workers.offboarding.quiet import ReportClean

from .checks import broken_in_the_end, unanswered
from .faults import FaultPlan, faults_of
from .outside import HOUR, Outside
from .virtual import MonotonicClock, virtual
from .world import EndlessError, Scene, World

_DAY = 24 * HOUR


@dataclass(frozen=True)
class Told:
    """How a history ended."""

    seed: int
    broken: tuple[str, ...]
    fired: Counter
    departures: int
    steps: int
    faults: tuple


def scene_of(chance):
    """Draw a world; most are small, so that much happens at few places."""
    return Scene(
        people=chance.choice((1, 1, 2, 3)),
        accounts=chance.choice((1, 1, 2)),
        targets_each=chance.choice((1, 2, 2, 3)),
        canary=chance.random() < 0.4,
        armed=chance.random() < 0.93,
        max_targets=chance.choice((20, 20, 1)),
        cases_an_hour=chance.choice((20, 20, 1)),
        lets_unknown_go=chance.random() < 0.3,
        lag_seconds=chance.choice((0, 2, 2, 5, 20, 290)),
        is_surveyed=chance.random() < 0.3,
        are_gone=chance.random() < 0.2,
        functional_ids=chance.choice((1, 1, 2)),
    )


def _told(scene, seed):
    """Draw how what ends is told, apart, so that all else of a seed stays as it is."""
    chance = random.Random(f"told {seed}")  # noqa: S311 - no secret
    return replace(
        scene,
        report_clean=chance.choice((ReportClean.DIGEST, *ReportClean)),
        few=chance.choice((FEW, FEW, 0, 1)),
    )


def lived(seed, faults=None):
    """Live the history of *seed* to its end; *faults* replaces what it would meet."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    scene = _told(scene_of(chance), seed)
    plan = FaultPlan(faults_of(chance, seed) if faults is None else faults)
    clock = MonotonicClock()
    with virtual(clock, seed):
        world = World(scene, plan, clock=clock, random=chance)
        broken = _broken(world, Outside(world))
    departures = len(world.accepted) + len(world.intake.events)
    return Told(seed, tuple(broken), plan.fired, departures, world.steps, plan.faults)


def _broken(world, outside):
    try:
        _tell(world, outside)
        world.run(2 * HOUR, outside.turn)
        return [*calmed(world, outside), *broken_in_the_end(world)]
    except EndlessError as error:
        return [f"endless: {error}"]


def _tell(world, outside):
    """Have sources tell of everybody, at once or within the hour, some for later."""
    chance = world.random
    for number, person in enumerate(world.people):
        days = chance.choice((0, 0, 0, 3))
        at = world.clock() + timedelta(days=days) if days else None
        wait = chance.choice((0, 0, 5, 900))
        how = chance.choice(("tells",) * 6 + ("hints", "names_nobody"))
        if how != "tells":
            told = getattr(outside, how)
            world.later(wait, lambda told=told, who=(person, number): told(*who))
            continue
        gone = "acct1" if world.scene.are_gone and chance.random() < 0.5 else None
        world.later(
            wait,
            lambda person=person, number=number, at=at, gone=gone: outside.tells(
                person, number, effective_at=at, gone_from=gone
            ),
        )


def calmed(world, outside):
    """Have everything be in order again and time run on; return what then is wrong."""
    world.plan.is_over = True
    outside.resumed()
    outside.mended()
    world.skew.clear()
    world.run(7 * HOUR)
    broken = [*unanswered(world), *world.intake.lost()]
    world.intake.mends()
    _decides_all(world)
    _retry(world)
    world.run(HOUR)
    _decides_all(world)
    return broken


def _decides_all(world):
    # Before time runs on: who waits is reminded of by the hour.
    for _ in range(9):
        is_decided = _decide(world)
        world.run(5 * _DAY)
        if not is_decided:
            return


def _decide(world):
    """Have people approve all that waits; tell whether anything did."""
    released = world.desk.release_brake(actor="t", person="Ann")
    waiting = world.cases.load_all(
        world.cases.ids(status=CaseStatus.WAITING, limit=100)
    )
    for case in waiting:
        plan_hash = case.plan.hash if case.plan else None
        world.desk.approve(case.id, plan_hash, actor="t", person="Bea")
    return released or waiting


def _retry(world):
    """Have people retry what ended with attention, now that all is in order."""
    for case in world.cases.load_all(world.case_ids()):
        if case.result is CaseResult.ATTENTION:
            with suppress(ConflictError):
                # A later case of the same person may be open.
                world.desk.retry(case.id, actor="t")
