"""One target goes first, and the others when that one is verified."""

from dataclasses import replace

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    OTHER_FID,
    ROBIN,
    TOKYO,
    a_case,
    a_person,
    a_target,
)
from fakes import a_world
from test_deciding import a_desk

from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Cluster,
    Outcome,
    Unread,
)

TIMEOUT = TransientError("timeout")
CLUSTERS = tuple(Cluster(f"c{one}", f"c{one}", "vpc-gen2") for one in range(3))
BIG = a_target("us-east", "big", clusters=CLUSTERS)
DOOMED = a_target(
    "us-east", "doomed", clusters=(Cluster("d", "d", "vpc-gen2", readable=False),)
)


def sends(world):
    return [target_id.split("/")[1] for target_id, _ in world.resets.sends]


def sent_at(world, target):
    return next(at for each, at in world.resets.sends if each == target.id)


def verified_at(world, target):
    return world.case().target(target.id).settled_at


def refused(world):
    plan = world.case().plan
    return [note.reason for note in plan.refused]


def held_lines(world):
    return [one for one, _, _ in world.slack.got if ":held:" in one]


def test_the_target_with_the_fewest_clusters_goes_first_and_the_others_follow():
    world = a_world(BIG, DALLAS, FRANKFURT, lag=9, canary=True)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert sends(world)[0] == "eu-de"
    assert all(
        sent_at(world, one) >= verified_at(world, FRANKFURT) for one in (BIG, DALLAS)
    )
    assert world.case().canaries == ()


def test_a_target_whose_clusters_are_all_being_deleted_does_not_go_first():
    world = a_world(DOOMED, BIG, canary=True)
    world.cloud.faults["key_owner", DOOMED.id].append(DANA)

    world.settle()

    assert sends(world)[0] == "us-east"
    assert world.resets.sends[0][0] == BIG.id


def test_the_others_wait_for_approval_when_the_canary_is_not_verified():
    world = a_world(BIG, DALLAS, FRANKFURT, canary=True)
    world.resets.script[FRANKFURT.id].append("refused")

    world.open()
    world.run(seconds=3600)

    case = world.case()
    assert case.status is CaseStatus.WAITING
    assert refused(world) == [Reason.CANARY_FAILED]
    assert sends(world) == ["eu-de"]
    assert len(held_lines(world)) == 1
    assert "eu-de / payments went first" in case.plan.refused[0].text


def test_a_canary_that_never_shows_holds_the_others():
    world = a_world(BIG, FRANKFURT, canary=True)
    world.resets.script[FRANKFURT.id].append("unshown")

    world.open()
    world.run(seconds=3600)

    assert world.case().status is CaseStatus.WAITING
    assert refused(world) == [Reason.CANARY_FAILED]
    assert sends(world) == ["eu-de"]


def test_a_person_who_is_gone_has_no_canary():
    world = a_world(BIG, DALLAS, FRANKFURT, lag=60, canary=True)
    world.cloud.users = [a_person(ROBIN), a_person(FID)]

    case = world.settle(a_case(leaver=replace(a_case().leaver, iam_id=DANA.id)))

    assert case.is_gone
    assert {at for _, at in world.resets.sends} == {sent_at(world, BIG)}


def test_without_the_setting_all_go_at_once():
    world = a_world(BIG, DALLAS, FRANKFURT, lag=60, canary=False)

    world.settle()

    assert len({at for _, at in world.resets.sends}) == 1


def test_a_single_target_goes_at_once_and_holds_nobody_when_it_fails():
    world = a_world(DALLAS, canary=True)
    world.resets.script[DALLAS.id].append("refused")

    case = world.settle()

    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.ATTENTION)
    assert case.plan.refused == ()


@pytest.mark.parametrize("reading", [ROBIN, OTHER_FID, Unread(Reason.NOT_FOUND)])
def test_a_canary_that_ends_before_any_write_lets_another_go_first(reading):
    world = a_world(BIG, DALLAS, FRANKFURT, lag=5, canary=True)
    seen = world.cloud.faults["key_owner", FRANKFURT.id]
    seen.extend([DANA, reading])

    case = world.settle()

    assert case.target(FRANKFURT.id).outcome is not Outcome.VERIFIED
    assert [case.target(one.id).outcome for one in (DALLAS, BIG)] == [
        Outcome.VERIFIED,
        Outcome.VERIFIED,
    ]
    assert sent_at(world, BIG) >= verified_at(world, DALLAS)


def test_each_functional_id_has_a_canary_of_its_own():
    world = a_world(BIG, DALLAS, FRANKFURT, TOKYO, lag=9, canary=True)
    by_region = {"eu-de": OTHER_FID, "jp-tok": OTHER_FID}
    world.cloud.fids = [FID, OTHER_FID]
    world.cloud.ours = [FID, OTHER_FID]
    world.cloud.candidates = lambda target, wanted=None: (
        by_region.get(target.region, FID),
    )

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert sorted(sends(world)[:2]) == ["eu-de", "us-south"]
    assert sent_at(world, TOKYO) >= verified_at(world, FRANKFURT)
    assert sent_at(world, BIG) >= verified_at(world, DALLAS)


def test_targets_that_come_to_the_plan_while_the_canary_is_out_wait_for_it_too():
    world = a_world(FRANKFURT, BIG, lag=30, canary=True)
    world.cloud.faults["key_owner", BIG.id].extend([TIMEOUT] * 2)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert sent_at(world, BIG) >= verified_at(world, FRANKFURT)


def test_a_retried_case_sends_its_canary_first_again():
    world = a_world(BIG, FRANKFURT, canary=True)
    world.resets.script[FRANKFURT.id].append("refused")
    world.open()
    world.run(seconds=60)
    desk = a_desk(world)
    desk.refuse("01CASE", world.case().plan.hash, actor="a", person="Ann")
    world.run(seconds=60)
    assert world.case().result is CaseResult.ATTENTION
    assert world.case().target(BIG.id).reason is Reason.REFUSED_PLAN

    desk.retry("01CASE", actor="ops")
    world.run(seconds=600)

    assert world.case().result is CaseResult.SAFE
    assert sends(world) == ["eu-de", "eu-de", "us-east"]


def test_a_canary_begun_from_the_owner_index_holds_what_the_full_look_adds():
    world = a_world(FRANKFURT, BIG, lag=30, canary=True)
    world.cloud.found = [FRANKFURT]
    world.survey()
    world.cloud.found = [FRANKFURT, BIG]
    world.clock.advance(60)

    case = world.settle(a_case(received_at=world.clock(), starts_at=world.clock()))

    assert case.result is CaseResult.SAFE
    assert "case.planned_from_index" in world.whats()
    assert sent_at(world, BIG) >= verified_at(world, FRANKFURT)
