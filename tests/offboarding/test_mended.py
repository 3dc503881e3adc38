"""What was mended a moment ago counts: red is never said by a look from before."""

from datetime import timedelta

import pytest
from factories import DALLAS, FID, NOON, a_standing
from fakes import a_world

from workers.offboarding.errors import Reason
from workers.offboarding.model import Outcome

RED = {"policies": ()}, {"key_fault": "BXNIM0415E"}, {"keys": 20}
MINUTE = timedelta(minutes=1)


def kept(world, old, new):
    """Have the account keep a look from before, until somebody wants a new one."""
    looks = []

    def standing(one, *, max_age_seconds=240):
        looks.append(max_age_seconds)
        changes = old if max_age_seconds else {**new, "at": world.clock() + MINUTE}
        return a_standing(**{"at": NOON - MINUTE, **changes})

    world.cloud.standing = standing
    return looks


@pytest.mark.parametrize("red", RED)
def test_what_was_mended_since_the_last_look_is_seen(red):
    world = a_world(DALLAS)
    kept(world, red, {})

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_what_is_red_still_is_looked_at_twice_and_no_more():
    world = a_world(DALLAS)
    looks = kept(world, {"policies": ()}, {"policies": ()})

    world.settle()

    assert looks == [240, 0]
    assert world.outcomes() == {"us-south": (Outcome.FAILED, Reason.MISSING_ROLE)}


def test_what_is_mended_before_the_reset_is_seen_as_well():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=301)
    kept(world, {"policies": (), "at": NOON + MINUTE}, {})
    world.store.paused.clear()

    world.run()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_one_in_order_is_looked_at_once():
    world = a_world(DALLAS)
    looks = kept(world, {}, {})

    world.settle()

    assert looks == [240]
    assert world.case().targets[0].functional_id == FID
