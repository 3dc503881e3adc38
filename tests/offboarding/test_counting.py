"""What the ledger says when a case settles: all that its result was made of."""

from factories import DALLAS, DANA, FRANKFURT
from fakes import a_world

from workers.offboarding.entries import in_words
from workers.offboarding.errors import Reason
from workers.offboarding.model import ListedKey, Scope

EMPTY = ("us-east", "empty-id")


def entries(world, what):
    return [one for one in world.store.ledger("01CASE") if one.what == what]


def test_a_target_that_the_plan_itself_settled_stands_in_the_ledger_with_its_reason():
    world = a_world(DALLAS)
    world.cloud.listed = [ListedKey(DANA.id, *DALLAS.place), ListedKey(DANA.id, *EMPTY)]

    world.settle()

    [counted] = entries(world, "target.counted")
    assert counted.target_id.endswith("/us-east/empty-id")
    assert counted.place.startswith("us-east, ")
    assert counted.reason is Reason.NO_CLUSTER
    assert counted.detail.startswith("unread")


def test_what_was_read_back_is_not_said_twice():
    world = a_world(DALLAS, FRANKFURT)

    world.settle()

    assert entries(world, "target.counted") == []


def test_a_settled_case_says_what_its_second_clock_waits_for():
    world = a_world(DALLAS)

    case = world.settle()

    [settled] = entries(world, "case.settled")
    left = [one for each in case.targets for one in each.follow_ups]
    assert (settled.settle_minutes, settled.follow_ups) == (30, len(left))


def test_a_scope_is_said_in_words():
    assert in_words(None) is None
    assert in_words(Scope(("us-south",))) == ("regions: us-south; resource groups: all")
