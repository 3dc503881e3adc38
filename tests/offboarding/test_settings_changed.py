"""Settings that change between plan and reset: what holds when it is sent counts.

Workers see a change at different moments, so the one that resets may know more than the
one that planned, or less.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA
from fakes import a_world, perform

from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import CaseResult, Outcome, Step, Work
from workers.offboarding.ports import Account

PLAN = Work("01CASE", Step.PLAN)
RESET = Work("01CASE", Step.RESET, DALLAS.id)
LATER = timedelta(minutes=3)
STRANGER = PermanentError("no functional ID here", reason=Reason.WRONG_IDENTITY)


@pytest.fixture
def world():
    """A world whose one case is planned, with its reset still to come."""
    made = a_world(DALLAS)
    made.open()
    perform(made.tools, made.store, PLAN)
    return made


def with_accounts(world, **accounts):
    return replace(world.tools, accounts=accounts)


def unarmed(world):
    return with_accounts(world, acct1=Account(world.cloud))


def target(world):
    return world.case().target(DALLAS.id)


def test_an_account_that_was_held_back_since_is_not_written_to(world):
    world.clock.advance(LATER.total_seconds())

    perform(unarmed(world), world.store, RESET)

    assert world.resets.sent(DALLAS) == 0
    assert target(world).outcome is Outcome.PLANNED


def test_a_worker_that_is_behind_ends_nothing_that_another_may_reset(world):
    perform(unarmed(world), world.store, RESET)
    assert target(world).outcome is None

    world.clock.advance(10)
    world.run()

    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE


def test_a_worker_that_does_not_know_the_account_yet_ends_nothing_of_it(world):
    perform(with_accounts(world), world.store, RESET)
    assert target(world).outcome is None

    world.clock.advance(10)
    world.run()

    assert world.case().result is CaseResult.SAFE


def test_what_is_in_an_account_that_was_taken_out_ends_as_not_read(world):
    world.clock.advance(LATER.total_seconds())

    perform(with_accounts(world), world.store, RESET)

    assert world.resets.sent(DALLAS) == 0
    assert (target(world).outcome, target(world).reason) == (
        Outcome.UNREAD,
        Reason.ACCOUNT_REMOVED,
    )


def test_a_worker_that_does_not_know_the_functional_id_yet_ends_nothing(world):
    world.resets.faults.append(STRANGER)

    perform(world.tools, world.store, RESET)

    assert target(world).outcome is None
    world.clock.advance(10)
    world.run()
    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE


def test_a_functional_id_that_was_taken_out_resets_nothing(world):
    world.clock.advance(LATER.total_seconds())
    world.resets.faults.append(STRANGER)

    perform(world.tools, world.store, RESET)

    assert world.resets.sent(DALLAS) == 0
    assert (target(world).outcome, target(world).reason) == (
        Outcome.FAILED,
        Reason.WRONG_IDENTITY,
    )


def test_a_reset_that_began_before_the_change_looks_again_before_it_is_sent(world):
    former = replace(world.tools, is_in_force=lambda: False)

    sent = perform(former, world.store, RESET)

    assert sent == (RESET,)
    assert world.resets.sent(DALLAS) == 0
    assert target(world).intent_at is None
    world.run()
    assert world.resets.sent(DALLAS) == 1
    assert world.case().result is CaseResult.SAFE


@pytest.mark.parametrize("name", [DANA.id, "Dana.Lee@example.com"])
def test_somebody_who_is_protected_since_the_plan_was_made_is_left_alone(world, name):
    tools = replace(world.tools, protected=(name,))

    perform(tools, world.store, RESET)

    assert world.resets.sent(DALLAS) == 0
    assert (target(world).outcome, target(world).reason) == (
        Outcome.FAILED,
        Reason.PROTECTED_USER,
    )


def test_whose_key_acts_here_since_the_plan_was_made_is_left_alone(world):
    world.clock.advance(LATER.total_seconds())
    world.store.is_protected = lambda refs: f"iam:{DANA.id}" in refs

    perform(world.tools, world.store, RESET)

    assert world.resets.sent(DALLAS) == 0
    assert target(world).reason is Reason.PROTECTED_USER
