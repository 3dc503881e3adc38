"""The join: who finishes last has the case reported, exactly once, in any order."""

from dataclasses import replace

import fakeredis
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from store_scenes import AnswersGetLost, Room, a_case, a_case_target, a_plan, settled

from workers.offboarding.errors import LeaseLostError, Reason
from workers.offboarding.model import CaseResult, CaseStatus, Step, Work
from workers.offboarding.ports import Change

REPORT = Work("01A", Step.REPORT)
NAMES = [f"region-{number}" for number in range(12)]


def finish(room, name, step=Step.RESET):
    target = a_case_target(name).target.id
    claim = room.claim(step, target, shared=True)
    return claim and room.works.finish(claim, Change(targets=(settled(name),)))


@examples(max_examples=40, deadline=None)
@given(
    order=st.permutations(NAMES),
    verified=st.sets(st.sampled_from(NAMES)),
    answers_lost=st.booleans(),
    repeats=st.lists(st.sampled_from(NAMES), max_size=8),
)
def test_the_last_target_and_only_it_has_the_case_reported(
    order, verified, answers_lost, repeats
):
    with fakeredis.FakeRedis(decode_responses=True) as client:
        room = Room(AnswersGetLost(client) if answers_lost else client)
        room.planned(*[a_case_target(name) for name in NAMES])
        sent = []
        for name in order:
            step, item = Step.RESET, a_case_target(name).target.id
            if name in verified:
                claim = room.claim(step, item, shared=True)
                verify = Work("01A", Step.VERIFY, item)
                assert room.works.finish(claim, Change(after=(verify,))) == (verify,)
                step = Step.VERIFY
            sent.append(finish(room, name, step))
            assert all(finish(room, again, step) is None for again in [name])
        sent += [finish(room, name) for name in repeats]

    assert sent[: len(NAMES)] == [()] * (len(NAMES) - 1) + [(REPORT,)]
    assert sent[len(NAMES) :] == [None] * len(repeats)


def test_a_finish_that_is_repeated_with_its_old_claim_reports_nothing_more(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, a_case_target().target.id, shared=True)
    change = Change(targets=(settled(),))
    first = room.works.finish(claim, change)

    try:
        second = room.works.finish(claim, change)
    except LeaseLostError:
        second = None

    assert (first, second) == ((REPORT,), None)


def test_a_plan_without_targets_is_reported(room):
    room.open()
    claim = room.claim(Step.PLAN)

    assert room.works.finish(claim, Change(case=room.cases.load("01A"))) == (REPORT,)
    assert room.due() == ["01A|report|"]


def test_a_plan_that_comes_back_keeps_the_case_from_reporting(room):
    room.open()
    claim = room.claim(Step.PLAN)
    reset = Work("01A", Step.RESET, a_case_target().target.id)
    change = Change(targets=(a_case_target(),), after=(reset,))
    room.works.again(claim, change, a_case().received_at)

    assert finish(room, "us-south") == ()
    again = room.claim(Step.PLAN)
    assert room.works.finish(again, Change(case=room.cases.load("01A"))) == (REPORT,)


def test_a_held_plan_is_never_reported(room):
    room.open()
    claim = room.claim(Step.PLAN)
    held = a_case(status=CaseStatus.WAITING, plan=a_plan(Reason.AMBIGUOUS_PERSON))

    assert room.works.finish(claim, Change(case=held)) == ()
    assert room.due() == []


def test_a_case_that_is_held_while_its_targets_are_under_way_is_not_reported(room):
    room.planned(a_case_target())
    room.open(a_case("01B"))
    held = a_plan(Reason.PROTECTED_USER)
    room.plan("01A", status=CaseStatus.WAITING, plan=held)

    assert finish(room, "us-south") == ()


def test_a_case_held_by_the_pause_alone_is_reported_when_its_targets_are_done(room):
    held = a_plan(Reason.PAUSED)
    room.planned(a_case_target(), status=CaseStatus.WAITING, plan=held)

    assert finish(room, "us-south") == (REPORT,)


def test_a_departure_that_joined_keeps_the_case_from_reporting_until_planned(room):
    room.planned(a_case_target())
    room.open(a_case("01B"))

    before = finish(room, "us-south")
    claim = room.claim(Step.PLAN)
    read = room.cases.load("01A")
    after = room.works.finish(claim, Change(case=read, folded=1))

    assert (before, after) == ((), (REPORT,))


def test_a_departure_that_joins_while_the_report_is_made_is_not_left_out(room):
    room.planned(a_case_target())
    finish(room, "us-south")
    claim = room.claim(Step.REPORT)
    room.open(a_case("01B"))

    # What the report step does when it sees the joined departure: nothing.
    assert room.works.finish(claim, Change()) == ()
    room.plan("01A")

    assert room.due() == ["01A|report|"]


def test_a_report_that_was_asked_for_again_while_it_was_made_is_made_again(room):
    room.planned(a_case_target())
    finish(room, "us-south")
    claim = room.claim(Step.REPORT)
    room.open(a_case("01B"))
    room.plan("01A")

    assert room.works.finish(claim, Change()) == (REPORT,)
    assert room.claim(Step.REPORT) is not None


def test_the_end_of_the_report_itself_asks_for_no_other(room):
    room.planned(a_case_target())
    finish(room, "us-south")
    claim = room.claim(Step.REPORT)
    read = room.cases.load("01A")
    done = replace(read, status=CaseStatus.SETTLED, result=CaseResult.SAFE)

    assert room.works.finish(claim, Change(case=done)) == ()
    assert room.due() == []


def test_a_retried_case_is_reported_once_more(room):
    room.planned(settled("eu-de"))
    room.report(result=CaseResult.ATTENTION)
    room.retry(targets=(a_case_target("eu-de"),))
    room.plan("01A", a_case_target("eu-de"))

    assert finish(room, "eu-de") == (REPORT,)
