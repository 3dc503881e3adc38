"""How many key slots a plan counts: one for each reset that is sure to be tried."""

from dataclasses import replace

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    TOKYO,
    a_case,
    a_policy,
    a_standing,
    a_target,
)
from fakes import a_world

from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import Outcome

DOWN = TransientError("timeout")
GROUP = TOKYO.resource_group.id


def standing_with(free, *policies):
    kept = [one for one in a_standing().policies if one != a_policy(service="is")]
    held = (*kept, *policies) if policies else a_standing().policies
    return a_standing(policies=held, keys=20 - free)


def test_a_target_that_preflight_ends_leaves_its_slot_to_the_next():
    world = a_world(DALLAS, TOKYO)
    world.cloud.standings[FID.id] = standing_with(
        1, a_policy(service="is", group=GROUP)
    )

    world.settle()

    assert world.outcomes() == {
        "us-south": (Outcome.FAILED, Reason.MISSING_ROLE),
        "jp-tok": (Outcome.VERIFIED, None),
    }


def test_no_more_are_planned_than_there_are_slots():
    world = a_world(DALLAS, FRANKFURT, TOKYO)
    world.cloud.standings[FID.id] = standing_with(2)

    world.settle()

    assert len(world.resets.sends) == 2
    assert world.outcomes()["jp-tok"] == (Outcome.FAILED, Reason.KEY_LIMIT)


def test_what_a_dry_run_planned_in_an_earlier_look_counts_in_the_next():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.standings[FID.id] = standing_with(1)
    world.cloud.faults["candidates", FRANKFURT.id].append(DOWN)

    world.settle(a_case(dry_run=True, is_dry_as_asked=True))

    assert world.outcomes() == {
        "us-south": (Outcome.PLANNED, None),
        "eu-de": (Outcome.FAILED, Reason.KEY_LIMIT),
    }


def test_a_reset_that_the_look_at_the_keys_is_too_old_to_show_has_its_slot():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.found.append(FRANKFURT)
    world.cloud.own(FRANKFURT, DANA)
    # As it is kept for some minutes: one slot free, before the first reset.
    world.cloud.standing = lambda one, **_: replace(standing_with(1), at=NOON)

    world.settle()

    assert world.resets.sent(FRANKFURT) == 0
    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.FAILED, Reason.KEY_LIMIT),
    }


def test_a_reset_that_certainly_did_nothing_still_needs_its_slot():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.found.append(FRANKFURT)
    world.cloud.own(FRANKFURT, DANA)
    world.cloud.standings[FID.id] = standing_with(1)
    # Until then nothing new is seen.
    world.cloud.faults["targets"].extend([DOWN, DOWN])
    world.resets.script[DALLAS.id].extend(["limited", "ok"])

    world.settle()

    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "eu-de": (Outcome.FAILED, Reason.KEY_LIMIT),
    }


def test_several_functional_ids_share_a_plan_by_the_slots_they_have_left():
    targets = [a_target(one) for one in ("us-south", "us-east", "eu-de", "jp-tok")]
    world = a_world(*targets)
    world.cloud.ours = world.cloud.fids = [FID, OTHER_FID]
    world.cloud.standings = {
        FID.id: standing_with(1),
        OTHER_FID.id: a_standing(OTHER_FID, keys=18),
    }

    case = world.settle()

    takers = [one.functional_id.id for one in case.targets if one.resets]
    assert sorted(takers) == sorted([FID.id, OTHER_FID.id, OTHER_FID.id])
    ended = [reason for _, reason in world.outcomes().values() if reason]
    assert ended == [Reason.KEY_LIMIT]
