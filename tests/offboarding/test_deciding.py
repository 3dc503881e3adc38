"""A plan that waits: held by a guard, approved or refused for exactly its hash."""

from dataclasses import replace
from datetime import timedelta

import pytest
from deciding_scenes import a_desk
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    ROBIN,
    TOKYO,
    a_case,
    a_departure,
    a_person,
    a_standing,
    a_target,
)
from fakes import a_world

from workers.offboarding.errors import ConflictError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Leaver,
    Outcome,
    Right,
)

HOUR = 3600


def a_held_world(*targets, **changes):
    """Have a case wait because it has more resets than one case may make."""
    world = a_world(*(targets or (DALLAS, FRANKFURT)))
    world.tools = replace(world.tools, max_targets=1, **changes)
    world.open(a_case(askers=("Otto",)))
    world.run(seconds=60)
    return world


def reasons(world):
    return [note.reason for note in world.case().plan.refused]


def held_lines(world):
    return [one for one, _, _ in world.slack.got if ":held:" in one]


def why(call):
    with pytest.raises(ConflictError) as raised:
        call()
    return raised.value.reason


def approve(world, *, plan_hash=None, person="Ann"):
    plan_hash = plan_hash or world.case().plan.hash
    return a_desk(world).approve("01CASE", plan_hash, actor="ann", person=person)


def refuse(world, *, person="Ann"):
    plan_hash = world.case().plan.hash
    return a_desk(world).refuse("01CASE", plan_hash, actor="ann", person=person)


# held


def test_more_resets_than_allowed_wait_before_the_first_write():
    world = a_held_world()

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert reasons(world) == [Reason.TOO_MANY_TARGETS]
    assert "2 resets, and more than 1" in case.plan.refused[0].text
    assert world.resets.sends == []
    assert held_lines(world) == ["slack:held:1"]


def test_as_many_resets_as_allowed_go():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=2)

    assert world.settle().result is CaseResult.SAFE


def test_a_dry_run_says_that_an_armed_run_would_wait():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)

    case = world.settle(a_case(dry_run=True))

    assert case.result is CaseResult.PLANNED
    assert [one.reason for one in case.plan.refused] == [Reason.TOO_MANY_TARGETS]
    assert held_lines(world) == []


def test_what_a_second_look_adds_is_judged_on_the_total():
    world = a_world(DALLAS, FRANKFURT, lag=1)
    world.tools = replace(world.tools, max_targets=1)
    world.cloud.faults["key_owner", FRANKFURT.id].append(TransientError("timeout"))

    world.open()
    world.run(seconds=120)

    assert reasons(world) == [Reason.TOO_MANY_TARGETS]
    assert [each for each, _ in world.resets.sends] == [DALLAS.id]
    assert world.case().target(DALLAS.id).outcome is Outcome.VERIFIED


def test_an_account_that_shows_far_less_than_before_waits():
    known = [a_target("us-south", name) for name in ("a", "b", "c", "d", "e")]
    owners = dict.fromkeys(known, ROBIN) | {known[0]: DANA}
    world = a_world(*known, owners=owners)
    world.survey()
    world.cloud.found = known[:2]
    world.tools = replace(world.tools, index_life=timedelta())
    world.clock.advance(10)

    world.open()
    world.run(seconds=60)

    assert reasons(world) == [Reason.ANSWERS_LITTLE]
    assert "2 of the 5 targets" in world.case().plan.refused[0].text
    assert world.resets.sends == []


def test_an_account_that_lost_a_target_or_two_goes_on():
    known = [a_target("us-south", name) for name in ("a", "b", "c", "d", "e")]
    world = a_world(*known, owners=dict.fromkeys(known, ROBIN) | {known[0]: DANA})
    world.survey()
    world.cloud.found = known[:3]
    world.clock.advance(10)

    assert world.settle().result is CaseResult.SAFE


# preflight


def test_a_red_preflight_writes_nothing_there_and_the_others_go_on():
    world = a_world(DALLAS, FRANKFURT)
    other = replace(FID, id="IBMid-7")
    world.cloud.fids = [FID, other]
    world.cloud.standings[other.id] = a_standing(other, policies=())
    world.cloud.candidates = lambda target, wanted=None: (
        (other,) if target == DALLAS else (FID,)
    )

    case = world.settle()

    red = case.target(DALLAS.id)
    assert (red.outcome, red.reason) == (Outcome.FAILED, Reason.MISSING_ROLE)
    assert red.mend
    assert red.preflight is Right.MISSING
    assert [each for each, _ in world.resets.sends] == [FRANKFURT.id]
    assert case.result is CaseResult.ATTENTION


def test_a_role_granted_since_the_last_look_counts_at_once():
    world = a_world(DALLAS, FRANKFURT)
    before = a_standing(policies=(), at=world.clock() - timedelta(minutes=3))
    world.cloud.faults["standing", FID.id].append(before)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert world.cloud.journal.count(f"standing {FID.id}") == 2


def test_what_a_look_of_now_shows_as_red_is_not_looked_at_twice():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.standings[FID.id] = a_standing(policies=())

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.cloud.journal.count(f"standing {FID.id}") == 1


def blind(world, *, text="Its policies could not be read: 403."):
    world.cloud.standings[FID.id] = a_standing(policies=(), policies_fault=text)


def test_where_preflight_cannot_tell_the_target_waits():
    world = a_world(DALLAS)
    blind(world)

    world.open()
    world.run(seconds=60)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert reasons(world) == [Reason.PREFLIGHT_UNKNOWN]
    assert "403" in case.target(DALLAS.id).preflight_text
    assert world.resets.sends == []


def test_only_the_targets_that_preflight_cannot_judge_wait():
    world = a_world(DALLAS, FRANKFURT)
    other = replace(FID, id="IBMid-7")
    world.cloud.standings[other.id] = a_standing(
        other, policies=(), policies_fault="403"
    )
    world.cloud.candidates = lambda target, wanted=None: (
        (other,) if target == DALLAS else (FID,)
    )

    world.open()
    world.run(seconds=600)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED
    assert case.target(DALLAS.id).outcome is None
    assert [each for each, _ in world.resets.sends] == [FRANKFURT.id]


def test_where_it_is_let_go_on_purpose_it_is_reset():
    world = a_world(DALLAS)
    world.tools = replace(world.tools, lets_unknown_go=True)
    blind(world)

    assert world.settle().result is CaseResult.SAFE


def test_an_approver_lets_it_go_where_preflight_cannot_tell():
    world = a_world(DALLAS)
    blind(world)
    world.open()
    world.run(seconds=60)

    approve(world)
    world.run(seconds=60)

    assert world.case().result is CaseResult.SAFE
    assert world.case().plan.approved_by == "Ann"


def test_a_preflight_that_turned_red_while_the_case_was_paused_stops_the_reset():
    world = a_world(DALLAS)
    world.store.paused = {"*"}
    world.open()
    world.run(seconds=600)
    world.cloud.standings[FID.id] = a_standing(policies=())
    world.store.paused = set()

    world.run(seconds=60)

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.MISSING_ROLE)}
    assert world.resets.sends == []


def test_what_was_mended_since_the_last_look_is_not_held_against_a_case():
    world = a_world(DALLAS)
    lacking = a_standing(policies=(), at=NOON - timedelta(seconds=60))
    world.cloud.stood[FID.id] = lacking

    case = world.settle()

    assert (case.result, case.targets[0].preflight) == (CaseResult.SAFE, Right.OK)


def test_a_red_preflight_by_a_new_look_is_believed_at_once():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.standings[FID.id] = a_standing(policies=())

    world.settle()

    assert world.journal.count(f"standing {FID.id}") == 1


def test_a_preflight_made_just_now_is_not_made_again():
    world = a_world(DALLAS)

    world.settle()

    assert world.journal.count(f"standing {FID.id}") == 1


def test_a_preflight_that_cannot_tell_any_more_holds_the_reset():
    world = a_world(DALLAS)
    world.store.paused = {"*"}
    world.open()
    world.run(seconds=600)
    blind(world)
    world.store.paused = set()

    world.run(seconds=60)

    assert world.case().status is CaseStatus.WAITING
    assert reasons(world) == [Reason.PREFLIGHT_UNKNOWN]
    assert world.resets.sends == []


# approved


def test_an_approved_plan_goes_on():
    world = a_held_world()

    approve(world)
    world.run(seconds=60)

    case = world.case()
    assert case.result is CaseResult.SAFE
    assert case.plan.approved_by == "Ann"
    assert len(world.resets.sends) == 2


def test_nobody_approves_what_they_asked_for():
    world = a_held_world()

    assert why(lambda: approve(world, person="otto")) == "own_request"
    assert world.case().status is CaseStatus.WAITING


def test_nobody_approves_what_they_joined():
    world = a_held_world()
    world.open(departure=a_departure(event_key=None, actor="tok", person="Ann"))

    assert why(lambda: approve(world)) == "own_request"
    world.run(seconds=60)
    assert why(lambda: approve(world)) == "own_request"


def test_another_hash_approves_nothing():
    world = a_held_world()

    reason = why(lambda: approve(world, plan_hash="sha256:" + "0" * 64))

    assert reason == "other_plan"
    world.run(seconds=60)
    assert world.resets.sends == []


def test_a_case_that_does_not_wait_cannot_be_approved():
    world = a_world(DALLAS)
    world.settle()

    assert why(lambda: approve(world)) == "not_waiting"


def test_a_pause_alone_needs_no_approval():
    world = a_world(DALLAS)
    world.store.paused = {"*"}
    world.open()
    world.run(seconds=30)

    assert world.case().status is CaseStatus.WAITING
    assert why(lambda: approve(world)) == "not_waiting"


@pytest.mark.parametrize("protected", [True, False])
def test_who_is_protected_or_not_known_for_sure_cannot_be_approved(protected):
    names = ("dana.lee@example.com",) if protected else ()
    world = a_world(DALLAS, protected=names)
    if not protected:
        world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))
    world.open()
    world.run(seconds=30)

    assert why(lambda: approve(world)) == "cannot_approve"


def test_a_plan_that_changed_after_it_was_approved_waits_again():
    world = a_held_world(DALLAS, FRANKFURT)
    world.cloud.found.append(TOKYO)
    world.cloud.own(TOKYO, DANA)

    approve(world)
    world.run(seconds=60)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert reasons(world) == [Reason.PLAN_CHANGED, Reason.TOO_MANY_TARGETS]
    assert case.plan.approved_by is None
    assert world.resets.sends == []
    approve(world)
    world.run(seconds=60)
    assert world.case().result is CaseResult.SAFE


def test_an_approval_before_the_canary_does_not_let_the_others_go_when_it_fails():
    world = a_held_world(DALLAS, FRANKFURT, canary=True)
    world.resets.script[FRANKFURT.id].append("refused")
    approve(world)
    world.run(seconds=60)

    # Another look changes nothing: the approval was of the plan before that.
    world.open(departure=a_departure(event_key="okta:2"))
    world.run(seconds=60)

    assert len(world.resets.sends) == 1
    assert Reason.CANARY_FAILED in reasons(world)
    approve(world)
    world.run(seconds=60)

    case = world.case()
    assert case.status is CaseStatus.SETTLED
    assert len(world.resets.sends) == 2
    assert case.result is CaseResult.ATTENTION


def test_a_pause_holds_what_was_approved():
    world = a_held_world()
    world.store.paused = {"*"}
    approve(world)
    world.run(seconds=60)

    assert world.resets.sends == []
    assert reasons(world) == [Reason.PAUSED]
    world.store.paused = set()
    world.run(seconds=60)
    assert world.case().result is CaseResult.SAFE


def test_who_was_not_shown_that_the_canary_failed_does_not_let_the_others_go():
    world = a_world(DALLAS, FRANKFURT, TOKYO, canary=True)
    other = replace(FID, id="IBMid-7")
    world.cloud.standings[other.id] = a_standing(
        other, policies=(), policies_fault="403"
    )
    world.cloud.candidates = lambda target, wanted=None: (
        (other,) if target == DALLAS else (FID,)
    )
    world.resets.script[FRANKFURT.id].append("unshown")
    world.open()
    world.run(seconds=10)
    shown = world.case().plan.hash
    assert reasons(world) == [Reason.PREFLIGHT_UNKNOWN]

    world.run(seconds=1200)

    assert Reason.CANARY_FAILED in reasons(world)
    assert why(lambda: approve(world, plan_hash=shown)) == "other_plan"
    assert [each for each, _ in world.resets.sends] == [FRANKFURT.id]


def test_who_was_not_shown_that_preflight_cannot_tell_does_not_let_it_go():
    world = a_held_world()
    approve(world)
    world.store.paused = {"*"}
    world.run(seconds=30)
    approved = world.case().plan.hash
    world.run(seconds=600)
    blind(world)
    world.store.paused = set()
    world.run(seconds=60)

    assert Reason.PREFLIGHT_UNKNOWN in reasons(world)
    assert why(lambda: approve(world, plan_hash=approved)) == "other_plan"
    assert world.resets.sends == []


# refused


def test_a_plan_refused_before_the_first_write_is_cancelled():
    world = a_held_world()

    case = refuse(world)
    world.run(seconds=60)

    assert case.status is CaseStatus.CANCELLED
    assert [one.reason for one in case.warnings] == [Reason.REFUSED_PLAN]
    assert world.resets.sends == []
    assert world.store.leavers == {}


def test_a_plan_refused_after_the_first_write_ends_the_rest():
    world = a_world(DALLAS, FRANKFURT, TOKYO, canary=True)
    world.resets.script[FRANKFURT.id].append("refused")
    world.open()
    world.run(seconds=60)

    refuse(world)
    world.run(seconds=60)

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert [case.target(one.id).reason for one in (DALLAS, TOKYO)] == [
        Reason.REFUSED_PLAN,
        Reason.REFUSED_PLAN,
    ]
    assert len(world.resets.sends) == 1


def test_what_is_out_when_the_rest_is_refused_is_read_back():
    world = a_world(DALLAS, FRANKFURT, lag=40)
    other = replace(FID, id="IBMid-7")
    world.cloud.standings[other.id] = a_standing(
        other, policies=(), policies_fault="403"
    )
    world.cloud.candidates = lambda target, wanted=None: (
        (other,) if target == DALLAS else (FID,)
    )
    world.open()
    world.run(seconds=10)

    refuse(world)
    world.run(seconds=600)

    case = world.case()
    assert case.status is CaseStatus.SETTLED
    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED
    assert case.target(DALLAS.id).reason is Reason.REFUSED_PLAN


# reminded


def test_a_case_that_waits_is_told_again_at_growing_intervals():
    world = a_held_world()
    began = world.case().held_at

    world.run(seconds=2 * 86_400)

    times = sorted(
        {one.at - began for one in world.case().reports if one.channel == "slack"}
    )
    hours = [round(one.total_seconds() / HOUR) for one in times]
    assert hours == [0, 1, 5, 17, 41]


def test_who_is_gone_already_is_told_of_every_quarter_of_an_hour():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.cloud.users = [a_person(ROBIN), a_person(FID)]
    world.open(a_case(leaver=Leaver(iam_id=DANA.id)))

    world.run(seconds=HOUR + 10)

    assert len(held_lines(world)) == 5


def test_a_decision_ends_the_reminding():
    world = a_held_world()
    approve(world)

    world.run(seconds=7 * 86_400)

    assert held_lines(world) == ["slack:held:1"]


def test_after_an_outage_one_reminder_is_enough():
    world = a_held_world()
    world.clock.advance(3 * 86_400)

    world.run(seconds=60)

    assert len(held_lines(world)) == 2
