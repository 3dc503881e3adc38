"""What was found by trying to break the rules of a case at work."""

from collections import deque
from datetime import timedelta

from factories import (
    DALLAS,
    FRANKFURT,
    NOON,
    ROBIN,
)
from fakes import a_world, perform

from workers.offboarding.errors import TransientError
from workers.offboarding.model import (
    BlindSpot,
    CaseResult,
    CaseStatus,
    Outcome,
    Step,
    Work,
)

TIMEOUT = TransientError("timeout")


class AsIf:
    """Blind spots that hold as long as nobody takes them away."""

    def __init__(self, *target_ids):
        self.target_ids = target_ids

    def among(self, target_ids):
        return {
            one: BlindSpot(one, "old", "Ann", NOON, NOON + timedelta(days=30))
            for one in target_ids
            if one in self.target_ids
        }


def meanwhile(world, call, does):
    """Have something happen while the cloud is asked, once."""
    asked = getattr(world.cloud, call)
    todo = deque([does])

    def ask(*args, **kwargs):
        found = asked(*args, **kwargs)
        if todo:
            todo.popleft()()
        return found

    setattr(world.cloud, call, ask)


def work(world, step, target=None):
    """Do one piece of work and all that follows it at once."""
    sent = deque([Work("01CASE", step, target.id if target else "")])
    while sent:
        sent += perform(world.tools, world.store, sent.popleft())


# written at once


def test_a_look_that_began_before_a_reset_does_not_undo_its_intent():
    world = a_world(DALLAS, FRANKFURT, lag=20)
    world.cloud.faults["key_owner", FRANKFURT.id].append(TIMEOUT)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    world.clock.advance(360)
    meanwhile(world, "targets", lambda: work(world, Step.RESET, DALLAS))

    world.run()

    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE


def test_a_look_that_began_before_a_target_settled_does_not_open_it_again():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.faults["key_owner", FRANKFURT.id].append(TIMEOUT)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    world.clock.advance(360)

    def changes_hands():
        world.cloud.own(DALLAS, ROBIN)
        work(world, Step.RESET, DALLAS)

    meanwhile(world, "targets", changes_hands)

    world.run()

    assert world.case().status is CaseStatus.SETTLED
    assert world.case().target(DALLAS.id).outcome is Outcome.CHANGED_HANDS
