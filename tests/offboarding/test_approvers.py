"""Who decides about an account: its own approvers, where its entry names them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from deciding_scenes import ARMED, a_desk
from factories import DALLAS, DANA, FRANKFURT, NOON, TOKYO, a_case, a_case_target
from fakes import a_world

from config.accounts import AccountSettings
from workers.desk.blind_spots import Accepting
from workers.desk.places import approvers_of
from workers.offboarding.approvers import decided_in, undone_in
from workers.offboarding.errors import ConflictError, Reason
from workers.offboarding.model import (
    Adoption,
    AdoptionAsked,
    CaseResult,
    CaseStatus,
    Leaver,
    Outcome,
)

ACCOUNTS = (
    AccountSettings("acct1", name="production", approvers=("ann", "lead@example.com")),
    AccountSettings("acct2", name="lab", approvers=("bob", "Lead@example.com")),
    AccountSettings("acct3"),
)
SETTINGS = replace(ARMED, accounts_file=ACCOUNTS)
LAB = replace(FRANKFURT, account_id="acct2")


def a_held_world(*more, asker="Otto"):
    """Have a case with a target in each of two accounts wait for an approver."""
    world = a_world(DALLAS)
    world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})
    for account_id, target in more:
        world.add_account(account_id, target, owners={target: DANA})
    world.tools = replace(world.tools, max_targets=1, approvers=approvers_of(SETTINGS))
    world.open(a_case(askers=(asker,)))
    world.run(seconds=60)
    assert world.case().status is CaseStatus.WAITING
    return world


def decide(world, person, decision="approve"):
    plan_hash = world.case().plan.hash
    desk = a_desk(world, SETTINGS)
    return getattr(desk, decision)("01CASE", plan_hash, actor="t", person=person)


def fault(call):
    with pytest.raises(ConflictError) as raised:
        call()
    return raised.value


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_an_approver_of_one_account_does_not_decide_about_two(decision):
    world = a_held_world()

    refused = fault(lambda: decide(world, "ann", decision))

    assert refused.reason == "not_their_account"
    assert str(refused) == (
        "ann does not decide about this. Account lab (acct2) has approvers of its own: "
        "bob, Lead@example.com."
    )
    world.run(seconds=600)
    assert world.case().status is CaseStatus.WAITING
    assert world.resets.sends == []


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_an_approver_of_no_account_of_the_case_is_told_of_all_of_them(decision):
    world = a_held_world()

    refused = fault(lambda: decide(world, "sam", decision))

    assert "Account production (acct1) has" in str(refused)
    assert "Account lab (acct2) has" in str(refused)


def test_who_stands_in_every_list_approves_in_any_letters():
    world = a_held_world()

    decide(world, "LEAD@example.com")
    world.run()

    assert world.case().result is CaseResult.SAFE
    assert world.case().plan.approved_by == "LEAD@example.com"


def test_an_account_without_a_list_leaves_it_to_any_approver_of_the_others():
    world = a_held_world(("acct3", TOKYO))

    decide(world, "lead@example.com")
    world.run()

    assert world.case().result is CaseResult.SAFE


def test_who_asked_does_not_approve_though_their_account_names_them():
    world = a_held_world(asker="lead@example.com")

    assert fault(lambda: decide(world, "lead@example.com")).reason == "own_request"


def test_an_account_where_nothing_is_left_to_write_has_no_say():
    done = a_case_target(DALLAS, outcome=Outcome.VERIFIED)
    case = a_case(done, a_case_target(LAB))

    assert undone_in(case) == {"acct2"}
    assert decided_in(case) == {"acct2"}


def test_with_nothing_left_to_write_every_account_of_the_case_has_a_say():
    done = a_case_target(DALLAS, outcome=Outcome.VERIFIED)
    unread = a_case_target(LAB, outcome=Outcome.UNREAD)

    assert decided_in(a_case(done, unread)) == {"acct1", "acct2"}


def test_an_adoption_is_about_its_account_before_anything_was_seen():
    assert decided_in(a_case(adoption=Adoption("acct2"))) == {"acct2"}


# a worker that knows other approvers than who let it through


def test_a_worker_takes_no_approval_of_somebody_its_file_does_not_name():
    world = a_held_world()
    plan_hash = world.case().plan.hash
    # A web process with an accounts file of yesterday.
    a_desk(world).approve("01CASE", plan_hash, actor="t", person="ann")
    world.run(seconds=600)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert [note.reason for note in case.plan.refused] == [
        Reason.APPROVER_NOT_LISTED,
        Reason.TOO_MANY_TARGETS,
    ]
    assert "ann approved it, and is not one of the approvers of account lab" in (
        case.plan.refused[0].text
    )
    assert world.resets.sends == []


def test_after_that_who_is_named_lets_it_go():
    world = a_held_world()
    a_desk(world).approve("01CASE", world.case().plan.hash, actor="t", person="ann")
    world.run(seconds=600)

    decide(world, "lead@example.com")
    world.run()

    assert world.case().result is CaseResult.SAFE


# what else an account's approvers decide


def an_adoption(account_id, *, dry_run=False):
    return AdoptionAsked(
        Adoption(account_id), Leaver(), dry_run=dry_run, actor="t", person="ann"
    )


def test_an_adoption_is_started_by_an_approver_of_its_account_alone():
    desk = a_desk(a_world(), SETTINGS)

    refused = fault(lambda: desk.adopt(an_adoption("acct2")))

    assert refused.reason == "not_their_account"
    assert desk.adopt(an_adoption("acct1")).case.adoption.account_id == "acct1"


def test_what_an_adoption_would_do_any_approver_may_see():
    desk = a_desk(a_world(), SETTINGS)

    assert desk.adopt(an_adoption("acct2", dry_run=True)).case.dry_run


class Switched:
    """The switches of the store: what was turned, and no more."""

    def __init__(self):
        self.turned = []

    def pause(self, **how):
        self.turned.append((how["account_id"], how["paused"]))

    def paused(self):
        return self.turned


def a_desk_that_pauses():
    world = a_world()
    desk = a_desk(world, SETTINGS)
    desk._switches = Switched()
    return desk


def test_the_pause_of_an_account_ends_by_its_own_approvers_alone():
    desk = a_desk_that_pauses()

    refused = fault(lambda: desk.pause("acct2", paused=False, actor="t", person="ann"))
    desk.pause("acct2", paused=False, actor="t", person="bob")

    assert refused.reason == "not_their_account"
    assert desk.pauses() == [("acct2", False)]


def test_anybody_who_may_pauses_an_account_and_ends_the_pause_of_everything():
    desk = a_desk_that_pauses()

    desk.pause("acct2", paused=True, actor="t", person="ann")
    desk.pause(None, paused=False, actor="t", person="ann")

    assert desk.pauses() == [("acct2", True), ("*", False)]


def test_a_blind_spot_is_accepted_by_an_approver_of_its_account_alone():
    kept = []

    class Spots:
        put = kept.append

    accepting = Accepting(
        Spots(), ACCOUNTS, clock=lambda: NOON, approvers=approvers_of(SETTINGS)
    )
    until = NOON + timedelta(days=3)

    def accept(person):
        return accepting.accept_blind_spot(
            "acct2/eu-de/payments-id",
            reason="it is being torn down",
            until=until,
            actor="token",
            person=person,
        )

    refused = fault(lambda: accept("ann"))
    accept("bob")

    assert refused.reason == "not_their_account"
    assert [one.accepted_by for one in kept] == ["token"]
