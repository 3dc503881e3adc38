"""What was found by trying to break the rules of a case at work."""

from collections import deque
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    TOKYO,
    a_case,
    a_departure,
    a_person,
    a_policy,
    a_standing,
    a_target,
)
from fakes import a_world, perform
from test_adopting import an_adoption
from test_deciding import a_desk, approve, blind, reasons, refuse

from workers.offboarding.errors import ConflictError, Reason, TransientError
from workers.offboarding.model import (
    BlindSpot,
    CaseResult,
    CaseStatus,
    CaseTarget,
    FollowUp,
    KeyOwner,
    Leaver,
    OpenedBy,
    Outcome,
    OwnerKind,
    Step,
    Unread,
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


# stopped


def test_a_case_stopped_while_a_guard_held_it_is_settled_and_told():
    world = a_world(DALLAS, FRANKFURT, canary=True)
    world.resets.script[FRANKFURT.id].append("refused")
    world.open(a_case(leaver=Leaver("dana.lee@example.com", DANA.id)))
    world.run(seconds=60)
    assert reasons(world) == [Reason.CANARY_FAILED]

    world.open(
        departure=a_departure(
            event_key="okta:2", leaver=Leaver("dana.lee@example.com", ROBIN.id)
        )
    )
    world.run(seconds=600)

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert len(world.resets.sends) == 1


def two_pools(world, *, unknown=()):
    """Have DALLAS taken over by somebody of whom preflight cannot tell."""
    other = replace(FID, id="IBMid-7")
    world.cloud.standings[other.id] = a_standing(
        other, policies=(), policies_fault="403"
    )
    world.cloud.candidates = lambda target, wanted=None: (
        (other,) if target == DALLAS else (FID,)
    )


def test_nothing_is_sent_after_an_approver_refused():
    world = a_world(DALLAS, FRANKFURT, TOKYO)
    two_pools(world)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    work(world, Step.RESET, TOKYO)
    meanwhile(world, "key_owner", lambda: refuse(world))

    work(world, Step.RESET, FRANKFURT)
    world.run(seconds=600)

    assert world.resets.sent(FRANKFURT) == 0
    assert world.case().target(FRANKFURT.id).reason is Reason.REFUSED_PLAN
    assert world.case().status is CaseStatus.SETTLED


def test_a_reset_that_began_before_the_rest_was_ended_is_not_sent():
    world = a_world(DALLAS, FRANKFURT, TOKYO)
    two_pools(world)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    work(world, Step.RESET, TOKYO)

    def is_ended():
        refuse(world)
        work(world, Step.PLAN)

    meanwhile(world, "key_owner", is_ended)
    work(world, Step.RESET, FRANKFURT)
    world.run(seconds=600)

    assert world.resets.sent(FRANKFURT) == 0
    assert world.case().status is CaseStatus.SETTLED


@pytest.mark.parametrize("how", ["lost_before", "transient"])
def test_what_was_out_at_a_refusal_and_did_nothing_is_not_sent_again(how):
    world = a_world(DALLAS, FRANKFURT)
    two_pools(world)
    world.resets.script[FRANKFURT.id].append(how)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    if how == "lost_before":
        work(world, Step.RESET, FRANKFURT)
        refuse(world)
    else:
        send = world.resets.prepare

        def prepare(*args):
            ready = send(*args)
            sends = ready.send

            def send_late():
                refuse(world)
                perform(world.tools, world.store, Work("01CASE", Step.PLAN))
                return sends()

            ready.send = send_late
            return ready

        world.resets.prepare = prepare

    world.run(seconds=3600)

    case = world.case()
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert {one.reason for one in case.targets} == {Reason.REFUSED_PLAN}
    assert world.resets.sent(FRANKFURT) == 1


# one reset under way for one target


@pytest.mark.parametrize("first", ["01ADOPT", "01CASE"])
def test_an_adoption_and_a_departure_never_reset_one_target_at_once(first):
    world = a_world(DALLAS, lag=40)
    adoption = an_adoption(id="01ADOPT")
    world.open(adoption if first == "01ADOPT" else None)
    world.run(seconds=5)
    assert world.resets.sent(DALLAS) == 1

    world.open(a_case(received_at=world.clock()) if first == "01ADOPT" else adoption)
    world.run(seconds=900)

    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE
    assert world.case("01ADOPT").result in (CaseResult.SAFE, CaseResult.CLEAN)


# the canary


@pytest.mark.parametrize("is_approved", [True, False])
def test_where_preflight_cannot_tell_one_goes_first_all_the_same(is_approved):
    world = a_world(DALLAS, FRANKFURT, TOKYO, canary=True)
    world.tools = replace(world.tools, lets_unknown_go=not is_approved)
    blind(world)
    world.resets.script[FRANKFURT.id].append("refused")
    world.open()
    world.run(seconds=60)
    if is_approved:
        approve(world)
        world.run(seconds=60)

    assert [each for each, _ in world.resets.sends] == [FRANKFURT.id]
    assert Reason.CANARY_FAILED in reasons(world)


def test_a_canary_that_another_functional_id_took_over_proves_nothing():
    world = a_world(DALLAS, FRANKFURT, TOKYO, lag=5, canary=True)
    world.resets.script[FRANKFURT.id].append("nothing")
    world.open()
    world.run(seconds=8)
    world.cloud.own(FRANKFURT, OTHER_FID)

    world.run(seconds=600)

    assert world.case().target(FRANKFURT.id).outcome is Outcome.ALREADY
    second, third = (
        sent_at for each, sent_at in world.resets.sends if each != FRANKFURT.id
    )
    assert third > second


def test_a_canary_of_which_preflight_cannot_tell_any_more_lets_another_go_first():
    world = a_world(DALLAS, FRANKFURT, TOKYO, canary=True)
    world.store.paused = {"*"}
    world.open()
    world.run(seconds=360)
    only_tokyo = replace(
        a_policy("Administrator", "containers-kubernetes", group="platform-id")
    )
    others = a_standing().policies[1:]
    world.cloud.standings[FID.id] = a_standing(
        policies=(only_tokyo, *others), policies_fault="403"
    )
    world.store.paused = set()
    world.run(seconds=60)

    assert [each for each, _ in world.resets.sends] == [TOKYO.id]


def test_a_canary_somebody_took_over_hands_on_to_one_that_was_let_through():
    world = a_world(DALLAS, FRANKFURT, canary=True)
    world.tools = replace(world.tools, lets_unknown_go=True)
    blind(world)
    world.cloud.faults["key_owner", FRANKFURT.id].extend([DANA, OTHER_FID])

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert [each for each, _ in world.resets.sends] == [DALLAS.id]


# let through on purpose


def test_who_approved_too_many_resets_let_nothing_else_go():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    world.run(seconds=60)
    blind(world)

    approve(world)
    world.run(seconds=60)

    assert world.resets.sends == []
    assert reasons(world) == [Reason.PREFLIGHT_UNKNOWN]
    approve(world)
    world.run(seconds=60)
    assert world.case().result is CaseResult.SAFE


def test_an_approval_says_nothing_of_a_preflight_that_cannot_tell_later():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    world.run(seconds=60)
    world.store.paused = {"*"}
    approve(world)
    world.run(seconds=600)
    blind(world)
    world.store.paused = set()

    world.run(seconds=60)

    assert world.resets.sends == []
    assert reasons(world) == [Reason.PREFLIGHT_UNKNOWN]


# nobody approves their own


def test_who_asked_for_a_case_that_gave_way_cannot_approve_the_other():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.cloud.users[0] = a_person(DANA, user_id="d.lee@example.com")
    world.open()
    world.run(seconds=60)
    later = a_case(
        id="02CASE",
        leaver=Leaver("d.lee@example.com"),
        opened_by=OpenedBy("api", None, "token"),
        askers=("Otto",),
    )
    world.open(later)
    world.run(seconds=60)
    assert world.case("02CASE").joined_to == "01CASE"

    with pytest.raises(ConflictError, match="asked for this case"):
        approve(world, person="Otto")


# blind spots


def test_a_blind_spot_hides_no_target_that_is_known_to_be_the_leavers():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, blind_spots=AsIf(DALLAS.id))
    world.cloud.faults["key_owner", DALLAS.id].extend([DANA, Unread(Reason.NO_ROLE)])

    case = world.settle()

    assert case.target(DALLAS.id).outcome is Outcome.UNREAD
    assert case.result is CaseResult.ATTENTION


# accounts that are not there any more


def test_a_case_whose_account_was_taken_out_of_the_file_ends_all_the_same():
    world = a_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.add_account("acct2", TOKYO)
    world.open()
    world.run(seconds=60)
    accounts = {"acct1": world.tools.accounts["acct1"]}
    world.tools = replace(world.tools, accounts=accounts)

    approve(world)
    world.run(seconds=3600)

    assert world.case().status is CaseStatus.SETTLED
    assert world.case().result is CaseResult.ATTENTION


def test_what_is_out_in_an_account_that_was_taken_out_ends_failed_and_not_never():
    world = a_world(DALLAS, lag=40)
    world.open()
    world.run(seconds=10)
    world.tools = replace(world.tools, accounts={})

    world.run(seconds=3600)

    assert world.case().status is CaseStatus.SETTLED
    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.OWNER_NOT_SHOWN)}


# ticked off


def test_ticking_a_follow_up_off_does_not_undo_what_a_worker_wrote_meanwhile():
    world = a_world(DALLAS, lag=20)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    follow_up = FollowUp("classic_credential", "Have it replaced.")
    targets = world.store.stored["01CASE"].targets
    targets[DALLAS.id] = replace(targets[DALLAS.id], follow_ups=(follow_up,))
    load, todo = world.store.load, [lambda: work(world, Step.RESET, DALLAS)]

    def loads_late(case_id):
        case = load(case_id)
        if todo:
            todo.pop()()
        return case

    world.store.load = loads_late
    a_desk(world).tick("01CASE", 1, actor="ops")
    world.store.load = load
    world.run()

    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE
    assert world.case().targets[0].follow_ups[0].done_at is not None


# two canaries


def test_each_canary_that_fails_is_told_and_named():
    world = a_world(DALLAS, FRANKFURT, TOKYO, a_target("us-east"), canary=True)
    fids = {"us-south": FID, "eu-de": FID}
    world.cloud.fids = world.cloud.ours = [FID, OTHER_FID]
    world.cloud.candidates = lambda target, wanted=None: (
        fids.get(target.region, OTHER_FID),
    )
    for one in (DALLAS, FRANKFURT, TOKYO, a_target("us-east")):
        world.resets.script[one.id].append("unshown")
    world.open()

    world.run(seconds=2000)

    notes = world.case().plan.refused
    assert [one.reason for one in notes] == [Reason.CANARY_FAILED] * 2
    assert len({one.text.split(" went")[0] for one in notes}) == 2
    assert len([one for one, _, _ in world.slack.got if ":held:" in one]) == 2


# adoption


def test_an_owner_of_whom_nobody_knows_what_they_are_is_said():
    someone = KeyOwner("HRID-1", "somebody", None, OwnerKind.UNKNOWN)
    world = a_world(DALLAS, owners={DALLAS: someone})

    case = world.settle(an_adoption())

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {"us-south": (Outcome.UNREAD, Reason.OWNER_UNKNOWN)}
    assert world.resets.sends == []


# nobody planned to take over yet


def test_a_retried_target_waits_until_it_is_known_who_takes_it_over():
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].append("refused")
    world.settle()
    world.cloud.faults["candidates"].append(TIMEOUT)

    a_desk(world).retry("01CASE", actor="ops")
    world.run(seconds=600)

    assert world.case().result is CaseResult.SAFE


def test_a_target_at_work_since_before_functional_ids_were_planned_is_planned_anew():
    world = a_world(DALLAS, canary=True)
    world.open()
    perform(world.tools, world.store, Work("01CASE", Step.PLAN))
    old = CaseTarget(DALLAS, owner_before=DANA)
    world.store.stored["01CASE"].targets[DALLAS.id] = old

    world.run(seconds=600)

    assert world.case().result is CaseResult.SAFE
    assert world.resets.sent(DALLAS) == 1
