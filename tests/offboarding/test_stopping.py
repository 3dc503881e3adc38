"""What the service does wrong stops a case: held, told, let go by a person."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, FID, FRANKFURT, NOON, ROBIN, a_case
from fakes import WorkerDied, a_world
from test_deciding import approve, held_lines, reasons, refuse

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Outcome,
    ReportKind,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.offboarding.rules import (
    GuardedWorks,
    Record,
    RuleBrokenError,
    broken_by,
)

DAY = 86_400


class Bent:
    """Works that get each change as a fault in a step would make it."""

    def __init__(self, works, bend):
        self.works, self.bend = works, bend

    def record(self, claim, change):
        return self.works.record(claim, self.bend(claim, change))

    def finish(self, claim, change):
        return self.works.finish(claim, self.bend(claim, change))

    def again(self, claim, change, at):
        return self.works.again(claim, self.bend(claim, change), at)


def bent(world, bend):
    world.tools = replace(world.tools, works=Bent(world.tools.works, bend))


def verified_by(owner):
    """Have verify take any owner for proof."""

    def bend(claim, change):
        ended = tuple(
            replace(one, owner_after=owner) if one.outcome is Outcome.VERIFIED else one
            for one in change.targets
        )
        return replace(change, targets=ended)

    return bend


def sends_twice(claim, change):
    """Have reset forget that one was sent."""
    many = tuple(
        replace(one, resets=one.resets + 1) if change.wrote else one
        for one in change.targets
    )
    return replace(change, targets=many)


def mortal(world, step, *, until_claim):
    """Have each worker die as it is about to write for a step, so many times."""
    claimed, dies = world.store.claim, []

    def claim(work, *, shared=False):
        found = claimed(work, shared=shared)
        is_it = found is not None and work.step is step
        dies[:] = [True] if is_it and found.claims <= until_claim else []
        return found

    def before(kind, change):
        if dies:
            raise WorkerDied

    world.store.claim, world.store.before = claim, before
    return world


@pytest.mark.parametrize(
    ("bend", "rule"), [(verified_by(ROBIN), 5), (verified_by(None), 5)]
)
def test_a_read_back_that_proves_nothing_stops_the_case(bend, rule):
    world = a_world(DALLAS)
    bent(world, bend)

    case = world.settle()

    assert case.status is CaseStatus.WAITING
    assert reasons(world) == [Reason.RULE_BROKEN]
    assert f"rule {rule}" in case.plan.refused[0].text
    assert case.target(DALLAS.id).outcome is None
    assert "case.rule_broken" in world.whats()
    assert held_lines(world)[0] == "slack:held:1"
    assert len(world.resets.sends) == 1


def test_what_is_wrong_in_the_store_already_stops_the_case_too():
    world = a_world(DALLAS)
    spoiled = []

    def spoil(kind, change):
        mine = world.store.stored["01CASE"].targets
        if DALLAS.id in mine and mine[DALLAS.id].outcome and not spoiled:
            mine[DALLAS.id] = replace(mine[DALLAS.id], owner_after=ROBIN)
            spoiled.append(1)

    world.store.after = spoil

    world.settle()

    assert world.case().status is CaseStatus.WAITING
    assert reasons(world) == [Reason.RULE_BROKEN]


def test_nothing_is_sent_that_was_sent_too_often():
    world = a_world(DALLAS)
    bent(world, sends_twice)

    case = world.settle()

    assert reasons(world) == [Reason.RULE_BROKEN]
    assert case.target(DALLAS.id).intent_at is None
    assert world.resets.sends == []


def test_an_approver_lets_a_stopped_case_go_on_and_the_world_decides():
    world = a_world(DALLAS)
    before = world.tools
    bent(world, verified_by(ROBIN))
    world.settle()
    world.tools = before

    approve(world)
    world.run()

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert len(world.resets.sends) == 1
    assert broken_by([Record(case, tuple(world.store.ledger(case.id)))], ()) == ()


def test_a_fault_that_stays_stops_the_case_again_and_is_told_again():
    world = a_world(DALLAS)
    bent(world, verified_by(ROBIN))
    world.settle()
    told = len(held_lines(world))

    approve(world)
    world.run(seconds=60)

    assert world.case().status is CaseStatus.WAITING
    assert reasons(world) == [Reason.RULE_BROKEN]
    assert len(held_lines(world)) == told + 1


def test_a_stopped_case_stays_stopped_though_it_is_planned_again():
    world = a_world(DALLAS, FRANKFURT)
    bent(world, sends_twice)
    world.settle()
    world.tools = replace(world.tools, works=world.store)

    world.open(a_case(id="02CASE"))
    world.run(seconds=3600)

    assert world.case().status is CaseStatus.WAITING
    assert reasons(world) == [Reason.RULE_BROKEN]
    assert world.resets.sends == []


def test_a_stopped_case_can_be_refused():
    world = a_world(DALLAS)
    bent(world, sends_twice)
    world.settle()

    refuse(world)

    assert world.case().status is CaseStatus.CANCELLED


def test_a_dry_run_intends_nothing_even_where_a_step_would():
    world = a_world(DALLAS)
    works = GuardedWorks(world.store, is_dry=True)
    target = replace(world_target(), intent_at=NOON, resets=1)
    claim = Claim(Work("01CASE", Step.RESET, DALLAS.id), "lease", "token", 1, 1)

    with pytest.raises(RuleBrokenError) as raised:
        works.record(claim, Change(targets=(target,), wrote=True))

    assert 9 in {one.rule for one in raised.value.broken}


def world_target():
    world = a_world(DALLAS)
    return world.settle().targets[0]


@pytest.mark.parametrize("kind", [ReportKind.FINAL, ReportKind.DIGEST])
def test_a_final_report_is_not_handed_out_before_the_case_is_settled(kind):
    world = a_world(DALLAS)
    case = world.settle()
    lines = tuple(
        replace(one, kind=kind, state=ReportState.PENDING, at=None, tries=0)
        for one in case.reports
        if one.kind is ReportKind.FINAL
    )
    # A digest tells its lines itself.
    is_alone = kind is ReportKind.FINAL
    after = (Work(case.id, Step.DELIVER, lines[0].id),) if is_alone else ()
    early = replace(case, status=CaseStatus.OPEN, result=None)

    with pytest.raises(RuleBrokenError) as raised:
        GuardedWorks(world.store).finish(
            Claim(Work(case.id, Step.REPORT), "lease", "token", 1, 1),
            Change(case=early, reports=lines, after=after),
        )

    assert [one.rule for one in raised.value.broken] == [5]


@pytest.mark.parametrize(
    ("step", "armed"),
    [
        (Step.PLAN, True),
        (Step.RESET, True),
        (Step.VERIFY, True),
        (Step.REPORT, True),
        (Step.PLAN, False),
        (Step.REPORT, False),
    ],
)
def test_a_step_that_kills_each_worker_stops_its_case(step, armed):
    world = mortal(a_world(DALLAS, armed=armed), step, until_claim=8)

    case = world.settle(a_case(dry_run=not armed))

    assert case.status is CaseStatus.WAITING
    assert reasons(world) == [Reason.STUCK]
    assert str(step) in case.plan.refused[0].text
    assert "case.stuck" in world.whats()
    assert held_lines(world)
    assert len(world.resets.sends) <= 1


@pytest.mark.parametrize("step", [Step.PLAN, Step.RESET, Step.VERIFY, Step.REPORT])
def test_a_stuck_case_goes_on_where_the_world_is_once_it_is_let_go(step):
    world = mortal(a_world(DALLAS), step, until_claim=8)
    world.settle()
    world.store.before = lambda kind, change: None

    for _ in range(2):
        # What was planned meanwhile is another plan than the one that was approved.
        if world.case().status is CaseStatus.WAITING:
            approve(world)
            world.run(seconds=3600)

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert len(world.resets.sends) == 1
    assert broken_by([Record(case, tuple(world.store.ledger(case.id)))], ()) == ()


def test_a_stuck_report_on_one_channel_does_not_keep_the_others_from_telling():
    world = a_world(DALLAS)
    world.slack.script.extend([WorkerDied()] * 20)

    case = world.settle()

    states = {str(one.channel): str(one.state) for one in case.reports}
    assert states == {"slack": "failed", "mail": "sent"}
    assert "report.failed" in world.whats()


def test_reminding_that_kills_its_workers_is_tried_again_once_a_day():
    world = a_world(DALLAS)
    world.tools = replace(world.tools, max_targets=0)
    mortal(world, Step.REMIND, until_claim=1_000)

    world.open()
    world.run(seconds=3 * DAY)

    stuck = [one for one in world.whats() if one == "case.stuck"]
    assert world.case().status is CaseStatus.WAITING
    assert 2 <= len(stuck) <= 3


def test_foreseeing_that_kills_its_workers_is_tried_again_once_a_day_and_begins():
    world = a_world(DALLAS)
    begins = NOON + timedelta(days=3)
    mortal(world, Step.FORESEE, until_claim=1_000)

    world.open(
        a_case(effective_at=begins, starts_at=begins, status=CaseStatus.SCHEDULED)
    )
    world.run(seconds=2 * DAY)
    before = world.case()
    world.run(seconds=2 * DAY)

    assert before.status is CaseStatus.SCHEDULED
    assert world.whats().count("case.stuck") in (2, 3)
    assert world.case().result is CaseResult.SAFE


def test_a_fault_after_the_end_has_the_case_need_attention_and_tells_it_anew():
    world = a_world(DALLAS)
    case = world.settle()
    spoiled = case.targets[0]
    work = Work(case.id, Step.AFTERCARE)
    world.store.due[work] = world.clock()

    def bend(claim, change):
        return replace(change, targets=(replace(spoiled, owner_after=None),))

    before = world.tools
    bent(world, bend)
    # Only the aftercare has the fault.
    world.tools = replace(
        before,
        works=Bent(
            before.works,
            lambda claim, change: (
                bend(claim, change)
                if claim.work.step is Step.AFTERCARE
                and "case.rule_broken" not in [one.what for one in change.entries]
                else change
            ),
        ),
    )
    world.run()

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert case.target(DALLAS.id).owner_after == FID
    assert [one.reason for one in case.warnings] == [Reason.RULE_BROKEN]
    assert [one for one, _, _ in world.slack.got] == ["slack:final:1", "slack:final:2"]
