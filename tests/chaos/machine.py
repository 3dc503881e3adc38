"""The same world, led by Hypothesis: what fails shrinks to the fewest moves."""

import random
from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from workers.offboarding.crowd import FEW
from workers.offboarding.quiet import ReportClean

from .checks import broken_in_the_end
from .faults import KINDS, FaultPlan
from .history import calmed
from .outside import Outside
from .virtual import MonotonicClock, quiet, virtual
from .world import Scene, World

_SCENES = st.builds(
    Scene,
    people=st.sampled_from((1, 2)),
    canary=st.booleans(),
    max_targets=st.sampled_from((20, 1)),
    lag_seconds=st.sampled_from((0, 5, 290)),
    is_surveyed=st.booleans(),
    report_clean=st.sampled_from(ReportClean),
    few=st.sampled_from((FEW, 0)),
)
_FAULTS = st.sampled_from(
    [(point, kind) for point in KINDS if point != "turn" for kind in KINDS[point]]
)


class Chaos(RuleBasedStateMachine):
    """Moves of the outside, of the far side and of time, in any order."""

    def __init__(self):
        super().__init__()
        self._open = ExitStack()
        self._clock = MonotonicClock()
        self._open.enter_context(quiet())
        self._open.enter_context(virtual(self._clock, 1))

    @initialize(scene=_SCENES)
    def begin(self, scene):
        chance = random.Random(1)  # noqa: S311 - no secret
        self.world = World(scene, FaultPlan(), clock=self._clock, random=chance)
        self.outside = Outside(self.world)

    @rule(who=st.integers(0, 1))
    def somebody_leaves(self, who):
        person = self.world.people[who % len(self.world.people)]
        self.outside.tells(person, len(self.outside.told) + 1)

    @precondition(lambda self: self.outside.told)
    @rule(does=st.sampled_from(("event_repeated", "came_back", "told_again")))
    def the_source_tells_more(self, does):
        self.outside.do(does)

    @rule(fault=_FAULTS, ahead=st.integers(1, 6))
    def something_will_fail(self, fault, ahead):
        self.world.plan.add(*fault, ahead)

    @rule(seconds=st.sampled_from((1, 10, 70, 400, 4000)))
    def time_passes(self, seconds):
        self.world.run(seconds)

    @rule(many=st.integers(1, 5))
    def a_worker_works(self, many):
        self.world.beside.go_on(None, many)

    @rule(
        does=st.sampled_from(
            ("paused", "resumed", "approved", "refused", "cancelled", "retried")
        )
    )
    def a_person_decides(self, does):
        self.outside.do(does)

    @rule(
        does=st.sampled_from(
            (
                "person_resets_too",
                "functional_id_revoked",
                "rights_lost",
                "clock_skewed",
                "workers_restarted",
            )
        )
    )
    def the_world_changes(self, does):
        self.outside.do(does)

    def teardown(self):
        try:
            if hasattr(self, "world"):
                broken = calmed(self.world, self.outside)
                assert [*broken, *broken_in_the_end(self.world)] == []
        finally:
            self._open.close()
