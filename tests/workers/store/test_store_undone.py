"""What a write that rests on an older reading must not undo, on both servers."""

from dataclasses import replace

import pytest
from store_scenes import (
    DANA,
    DANA_KNOWN,
    KIM,
    NOW,
    a_case,
    a_case_target,
    an_entry,
    settled,
)

from workers.offboarding.errors import CaseChangedError, UnderWayError
from workers.offboarding.model import CaseStatus, FollowUp, Outcome, Step
from workers.offboarding.ports import Change


def replanned(room, target):
    """Have a plan that read the target before write it as it judged it."""
    room.client.zadd("offboard:due", {"01A|plan|": 1})
    claim = room.claim(Step.PLAN)
    room.works.finish(
        claim, Change(case=room.cases.load("01A"), untouched=(target,), wrote=False)
    )


def test_a_target_that_was_begun_meanwhile_keeps_its_intent(room):
    room.planned(a_case_target())
    room.intend()

    replanned(room, a_case_target(tries=3))

    assert room.cases.load("01A").targets[0].intent_at == NOW


def test_a_target_that_ended_meanwhile_keeps_its_outcome(room):
    room.planned(settled())

    replanned(room, a_case_target())

    assert room.cases.load("01A").targets[0].outcome is Outcome.VERIFIED


def test_a_target_that_nobody_touched_is_written(room):
    room.planned(a_case_target())

    replanned(room, a_case_target(tries=3))

    assert room.cases.load("01A").targets[0].tries == 3


@pytest.mark.parametrize("changed", [{"intent_at": NOW}, {"outcome": Outcome.FAILED}])
def test_about_to_reset_is_refused_where_the_target_has_begun_or_ended(room, changed):
    room.planned(a_case_target())
    target = a_case_target()
    claim = room.claim(Step.RESET, target.target.id, shared=True)
    room.works.record(claim, Change(targets=(replace(target, **changed),)))

    with pytest.raises(CaseChangedError):
        room.works.record(
            claim, Change(targets=(replace(target, intent_at=NOW),), wrote=True)
        )

    assert room.client.hget("offboard:case:01A", "wrote") == "0"


def two_cases(room):
    """Have two armed cases of different people plan the same target."""
    room.planned(a_case_target())
    room.planned(a_case_target(), case=a_case("01B", leaver=KIM))


def test_two_cases_never_have_a_reset_of_one_target_out_at_once(room):
    two_cases(room)
    room.works.finish(room.intend(), Change())

    with pytest.raises(UnderWayError):
        room.intend(case_id="01B")

    assert room.client.hget("offboard:case:01B", "wrote") == "0"


@pytest.mark.parametrize(
    "ended", [settled(intent_at=NOW), a_case_target(intent_at=None)]
)
def test_a_target_that_was_read_back_may_be_reset_by_another_case(room, ended):
    two_cases(room)
    room.works.finish(room.intend(), Change(targets=(ended,)))

    room.intend(case_id="01B")

    assert room.client.hget("offboard:case:01B", "wrote") == "1"


def test_a_case_that_gives_way_says_who_asked_for_it(room):
    room.open(a_case(leaver=DANA))
    room.open(a_case("01B", leaver=KIM, askers=("Otto",)))
    room.cases.adopt(replace(room.cases.load("01A"), leaver=DANA_KNOWN))

    joined = room.cases.adopt(replace(room.cases.load("01B"), leaver=DANA_KNOWN))

    assert joined == "01A"
    assert room.cases.load("01A").departures[0].askers == ("Otto",)


def ticked(room, read):
    """Have a person note something in a target as they read it."""
    noted = replace(read.targets[0], follow_ups=(FollowUp("retire_old_key", "x"),))
    return room.cases.turn(
        read,
        an_entry("follow_up.done"),
        expected=tuple(CaseStatus),
        takes=None,
        targets=(noted,),
    )


def test_a_target_that_a_worker_wrote_since_it_was_read_is_not_noted_in(room):
    read = room.planned(a_case_target())
    room.intend()

    assert ticked(room, read) == "changed"
    assert room.cases.load("01A").targets[0].intent_at == NOW


def test_a_target_as_it_was_read_is_noted_in(room):
    room.planned(a_case_target())
    room.intend()

    assert ticked(room, room.cases.load("01A")) == "ok"
    assert room.cases.load("01A").targets[0].follow_ups


def test_a_reset_that_failed_meanwhile_stays_counted(room):
    room.planned(a_case_target())
    claim = room.intend()
    failed = a_case_target(resets=1, proven_failures=1)
    room.works.record(claim, Change(targets=(failed,)))

    replanned(room, a_case_target(tries=3))

    assert room.cases.load("01A").targets == (failed,)
