"""Who goes on while somebody waits, stands still or stopped halfway.

Only one of them ever runs, and the place in the history decides who it is, so that what
happens is the same each time.
"""

import random

from .aside import Aside
from .gates import FROZEN_SECONDS


class SideBySide:
    """Several workers at once: each may stand at a gate while others go on."""

    def __init__(self, world):
        self._world, self._asides, self._depth = world, [], 0

    def passes(self):
        """Stop here, if this is the gate at which the step that passes is to stop."""
        for one in self._asides:
            one.passes()

    def freezes(self, who):
        """Stop *who* passes here for longer than a lease; the others go on.

        A second one may take over and lose its lease as well, and a third follow it.
        """
        world = self._world
        draw = random.Random(len(world.trace))  # noqa: S311 - no secret
        world.clock.advance(FROZEN_SECONDS)
        if not self._may_begin():
            return
        self.go_on(None, many=draw.choice((0, 0, 1, 2, 3, 12)))
        for _ in range(draw.choice((0, 1, 1, 2))):
            self.goes_halfway(None, draw.randint(2, 14))
            if draw.random() < 0.5:
                world.clock.advance(FROZEN_SECONDS)
                self.go_on(None, many=draw.choice((0, 1, 2)))
        if who != "web" and draw.random() < 0.5:
            # A thread of it wakes as well, and would keep the lease.
            world.renews(who)

    def go_on(self, who, many=1):
        """Have a worker that is idle do what is there; *who* waits meanwhile."""
        if not self._may_begin():
            return
        self._depth += 1
        try:
            for _ in range(many):
                idle = self._idle(who)
                if idle is None or not self._world.does_something(idle):
                    return
        finally:
            self._depth -= 1

    def goes_halfway(self, who, gates=None):
        """Have a worker that is idle begin, and stop in the middle of what it does."""
        idle = self._idle(who)
        if idle is None or not self._may_begin():
            return
        gates = gates or 2 + len(self._world.trace) % 9
        aside = Aside(lambda: self._world.does_something(idle), gates)
        self._asides.append(aside)
        self._depth += 1
        try:
            aside.begin()
        finally:
            self._depth -= 1

    def ends(self):
        """Have what stands aside go on to its end; tell whether anything did."""
        if self._depth or not self._asides or not self._may_begin():
            return False
        while self._asides:
            self._asides.pop(0).end()
        return True

    def _may_begin(self):
        # Who was set aside, or goes on beside another, sets nobody aside in turn.
        return not self._depth and not any(one.is_here for one in self._asides)

    def _idle(self, who):
        idle = (one for one in self._world.workers if not one.is_busy)
        return next((one for one in idle if one.who != who), None)
