"""A worker that stands still between its last look and its call, past its lease."""

from factories import DALLAS, FID, FRANKFURT
from fakes import a_world, perform

from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseResult, Outcome, Step, Work


class Thawed:
    """The call of a worker that stands still while others go on, and then sends."""

    def __init__(self, ready, meanwhile):
        self.ready, self.meanwhile = ready, meanwhile
        self.identity, self.is_fresh = ready.identity, True

    def send(self):
        self.meanwhile()
        return self.ready.send()


def stand_still(world, meanwhile):
    """Have the next reset be sent only after *meanwhile*."""
    prepare = world.resets.prepare

    def prepared(target, functional_id):
        world.resets.prepare = prepare
        return Thawed(prepare(target, functional_id), meanwhile)

    world.resets.prepare = prepared


def frozen_world(meanwhile, **changes):
    world = a_world(DALLAS, **changes)
    stand_still(world, lambda: meanwhile(world))
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    perform(world.tools, world.store, Work("01CASE", Step.RESET, DALLAS.id))
    return world


def entries(world, what):
    return [one for one in world.store.ledger("01CASE") if one.what == what]


def warnings(world):
    return [one.reason for one in world.case().warnings]


def test_a_reset_sent_after_another_took_its_place_is_found_and_reported_again():
    world = frozen_world(lambda world: world.run())
    told_before = len(world.slack.got)

    world.run()

    assert world.resets.sent(DALLAS) == 2
    assert world.case().result is CaseResult.SAFE
    assert warnings(world) == [Reason.EXTRA_RESET]
    [entry] = entries(world, "target.extra_reset")
    assert entry.request_id == "request-2"
    assert entry.reason == Reason.EXTRA_RESET
    text = world.case().warnings[0].text
    assert "one reset too many" in text
    assert FID.id in text
    # It was reported before it was known, so it is reported once more.
    assert told_before == 1
    numbers = [line.number for line in world.case().reports]
    assert sorted(numbers) == [1, 1, 2, 2]
    assert [line_id for line_id, *_ in world.slack.got] == [
        "slack:final:1",
        "slack:final:2",
    ]


def test_what_is_found_before_the_report_is_in_the_only_report():
    def until_another_sent(world):
        world.run(until=lambda: world.resets.sent(DALLAS) == 1)

    world = frozen_world(until_another_sent, lag=20)

    world.run()

    assert world.resets.sent(DALLAS) == 2
    assert warnings(world) == [Reason.EXTRA_RESET]
    assert [line.number for line in world.case().reports] == [1, 1]


def test_a_late_reset_that_the_other_worker_waits_for_is_none_too_many():
    def until_taken_over(world):
        world.run(seconds=90)

    world = frozen_world(until_taken_over)

    world.run()

    assert world.resets.sent(DALLAS) == 1
    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}
    assert warnings(world) == []
    [entry] = entries(world, "target.reset_late")
    assert entry.request_id == "request-1"
    assert entries(world, "target.extra_reset") == []


def test_a_late_reset_whose_answer_is_lost_is_told_of_too():
    def lose(world):
        world.run()
        world.resets.script[DALLAS.id].append("lost_after")

    world = frozen_world(lose)

    world.run()

    assert warnings(world) == [Reason.EXTRA_RESET]


def test_a_late_reset_of_a_target_that_was_given_up_is_told_of():
    seen = []

    def give_up(world):
        world.resets.script[DALLAS.id].append("lost_before")
        world.run()
        seen.append(world.case())

    world = frozen_world(give_up)

    world.run()

    [before] = seen
    assert before.targets[0].outcome is Outcome.FAILED
    assert before.targets[0].reason is Reason.OWNER_NOT_SHOWN
    assert warnings(world) == [Reason.EXTRA_RESET]
    # It changes nothing else: the outcome is as it was written.
    assert world.case().targets == before.targets


def test_one_that_keeps_its_lease_owns_up_to_nothing():
    world = a_world(DALLAS, FRANKFURT)

    world.settle()

    assert entries(world, "target.reset_late") == []
    assert warnings(world) == []
