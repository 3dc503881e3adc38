"""Resets whose end is not known: crashes, lost answers, answers that prove nothing."""

from datetime import timedelta

import pytest
from factories import DALLAS, FID, FRANKFURT, NOON
from fakes import WorkerDied, a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import CaseResult, Outcome, Unread

DOWN = TransientError("timeout")
BAD_KEY = PermanentError("400, BXNIM0415E", reason=Reason.BAD_KEY)
VERIFIED = {"us-south": (Outcome.VERIFIED, None)}
NOT_SHOWN = {"us-south": (Outcome.FAILED, Reason.OWNER_NOT_SHOWN)}


def a_scripted_world(*script, **changes):
    world = a_world(DALLAS, **changes)
    world.resets.script[DALLAS.id].extend(script)
    return world


def numbers(world):
    target = world.case().targets[0]
    return target.resets, target.proven_failures


def test_a_lost_answer_of_a_reset_that_happened_is_verified_and_not_sent_again():
    world = a_scripted_world("lost_after", lag=20)

    world.settle()

    assert world.outcomes() == VERIFIED
    assert numbers(world) == (1, 0)


def test_a_lost_answer_of_a_reset_that_did_not_happen_is_sent_once_more():
    world = a_scripted_world("lost_before")

    world.settle()

    first, second = (at for _, at in world.resets.sends)
    assert world.outcomes() == VERIFIED
    assert second - first >= timedelta(seconds=300)
    assert numbers(world) == (2, 1)


def test_there_is_no_third_time():
    world = a_scripted_world("lost_before", "lost_before", "lost_before")

    world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert numbers(world) == (2, 2)


def test_a_refused_try_does_not_use_up_the_one_repetition_of_a_lost_answer():
    world = a_scripted_world("transient", "transient", "lost_before")

    world.settle()

    assert world.outcomes() == VERIFIED
    assert numbers(world) == (4, 3)


@pytest.mark.parametrize("fault", [DOWN, BAD_KEY])
def test_a_lost_answer_is_never_sent_again_while_the_keys_cannot_be_read(fault):
    world = a_scripted_world("lost_before")
    world.cloud.faults["has_new_key", DALLAS.id].extend([fault] * 500)

    world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert numbers(world) == (1, 0)


def test_a_lost_answer_is_never_sent_again_once_the_key_is_there():
    world = a_scripted_world("lost_after", lag=86_400)

    world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert numbers(world) == (1, 0)


def test_a_lost_answer_is_never_sent_again_while_the_owner_cannot_be_read():
    world = a_scripted_world("lost_before")
    world.store.after = lambda kind, change: (
        change.wrote and world.cloud.own(DALLAS, Unread(Reason.NOT_FOUND, "404"))
    )

    world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert numbers(world) == (1, 0)


def test_one_unread_owner_at_the_deadline_does_not_fail_the_target():
    world = a_scripted_world("ok", lag=310)
    world.open()
    world.run(seconds=300)
    world.cloud.faults["key_owner", DALLAS.id].append(DOWN)

    world.run()

    assert world.outcomes() == VERIFIED


def test_a_204_that_never_shows_is_no_verification():
    world = a_scripted_world("unshown")

    case = world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert case.result is CaseResult.ATTENTION
    assert numbers(world) == (1, 0)


def test_a_204_that_did_nothing_at_all_is_proven_and_not_repeated():
    world = a_scripted_world("nothing")

    world.settle()

    assert world.outcomes() == NOT_SHOWN
    assert numbers(world) == (1, 1)


def test_a_crash_between_intent_and_send_sends_once_in_the_end():
    world = a_world(DALLAS)
    died = []

    def die(kind, change):
        if change.wrote and not died:
            died.append(True)
            raise WorkerDied

    world.store.after = die
    world.settle()

    assert world.outcomes() == VERIFIED
    assert len(world.resets.sends) == 1
    assert numbers(world) == (2, 1)
    assert world.resets.sends[0][1] >= NOON + timedelta(seconds=300)


def test_a_crash_between_send_and_outcome_does_not_send_again():
    world = a_scripted_world("died_after", lag=5)

    world.settle()

    assert world.outcomes() == VERIFIED
    assert len(world.resets.sends) == 1


def test_a_crash_before_the_effect_is_sent_once_more():
    world = a_scripted_world("died_before")

    world.settle()

    assert world.outcomes() == VERIFIED
    assert numbers(world) == (2, 1)


def test_work_that_kills_its_workers_is_given_up_and_the_others_go_on():
    world = a_world(DALLAS, FRANKFURT)
    prepare = world.resets.prepare

    def die(target, functional_id):
        if target == DALLAS:
            raise WorkerDied
        return prepare(target, functional_id)

    world.resets.prepare = die
    world.settle()

    assert world.outcomes() == {
        "us-south": (Outcome.FAILED, Reason.GAVE_UP),
        "eu-de": (Outcome.VERIFIED, None),
    }


def test_a_read_back_that_kills_its_workers_is_given_up():
    world = a_world(DALLAS)
    world.store.after = lambda kind, change: (
        change.wrote
        and world.cloud.faults["key_owner", DALLAS.id].extend([WorkerDied()] * 50)
    )

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.GAVE_UP)}
    assert len(world.resets.sends) == 1


def test_a_worker_frozen_past_its_lease_may_not_write_that_it_is_about_to_reset():
    world = a_world(DALLAS)
    frozen = []

    def freeze(kind, change):
        if change.wrote and not frozen:
            frozen.append(True)
            world.clock.advance(61)

    world.store.before = freeze
    world.settle()

    assert world.outcomes() == VERIFIED
    assert numbers(world) == (1, 0)


def test_a_refused_reset_fails_its_target_with_the_reason():
    world = a_scripted_world("refused")

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.NO_ROLE)}
    assert numbers(world) == (1, 1)


def test_a_429_waits_as_long_as_was_asked():
    world = a_scripted_world("limited")

    world.settle()

    first, second = (at for _, at in world.resets.sends)
    assert world.outcomes() == VERIFIED
    assert second - first == timedelta(seconds=45)


def test_a_read_back_waits_as_long_as_was_asked():
    world = a_world(DALLAS, lag=3)
    limited = TransientError("429", retry_after_seconds=90)
    world.store.after = lambda kind, change: (
        change.wrote and world.cloud.faults["key_owner", DALLAS.id].append(limited)
    )

    case = world.settle()

    assert case.targets[0].settled_at == NOON + timedelta(seconds=95)


def test_a_token_that_fails_for_a_moment_is_asked_for_again():
    world = a_world(DALLAS)
    world.resets.faults.extend([DOWN, DOWN])

    world.settle()

    assert world.outcomes() == VERIFIED
    assert numbers(world) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "reason"), [(DOWN, Reason.UNREACHABLE), (BAD_KEY, Reason.BAD_KEY)]
)
def test_a_token_that_fails_for_good_fails_the_target_and_sends_nothing(fault, reason):
    world = a_world(DALLAS)
    world.resets.faults.extend([fault] * 50)

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.FAILED, reason)}
    assert world.resets.sends == []


def test_what_was_read_back_is_the_functional_id_itself():
    world = a_world(DALLAS, lag=40)

    case = world.settle()

    assert case.targets[0].owner_after == FID
    assert case.targets[0].settled_at >= NOON + timedelta(seconds=45)
