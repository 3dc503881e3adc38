"""Taking over before anybody leaves: the same plan, guards, canary and proof."""

from dataclasses import replace

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
    a_person,
    a_standing,
    a_target,
)
from fakes import a_world
from test_deciding import a_desk

from workers.offboarding.errors import ConflictError, Reason, TransientError
from workers.offboarding.model import (
    Adoption,
    AdoptionAsked,
    CaseKind,
    CaseResult,
    CaseStatus,
    Cluster,
    KeyOwner,
    Leaver,
    NoOwner,
    Outcome,
    OwnerKind,
    Scope,
    Unread,
)

SERVICE = KeyOwner("iam-ServiceId-1", "robot", None, OwnerKind.SERVICE_ID)
DELETING = a_target(
    "us-east", "old", clusters=(Cluster("d", "d", "vpc-gen2", readable=False),)
)


def an_adoption(*, owner=None, to=None, **changes):
    adoption = Adoption("acct1", to, has_from=owner is not None)
    leaver = owner or Leaver()
    case = a_case(
        kind=CaseKind.ADOPTION, adoption=adoption, leaver=leaver, askers=("Otto",)
    )
    return replace(case, **changes)


def adopted(world, **wishes):
    return world.settle(an_adoption(**wishes))


def of(case):
    return {one.target.region: one.outcome for one in case.targets}


def a_mixed_world(**changes):
    """Three targets: Dana's, Robin's, and one of a functional ID."""
    owners = {FRANKFURT: ROBIN, TOKYO: FID}
    return a_world(DALLAS, FRANKFURT, TOKYO, owners=owners, **changes)


def test_every_target_of_a_person_is_taken_over():
    world = a_mixed_world(lag=5)

    case = adopted(world)

    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert of(case) == {"us-south": Outcome.VERIFIED, "eu-de": Outcome.VERIFIED}
    assert world.cloud.truth(DALLAS) == world.cloud.truth(FRANKFURT) == FID
    assert case.warnings == ()


def test_only_the_owner_who_is_named_gives_theirs():
    world = a_mixed_world()

    case = adopted(world, owner=Leaver("robin.park@example.com"))

    assert of(case) == {"eu-de": Outcome.VERIFIED}
    assert case.leaver.iam_id == ROBIN.id
    assert world.cloud.truth(DALLAS) == DANA


def test_a_functional_id_can_be_replaced_by_another():
    world = a_mixed_world()
    world.cloud.fids = [FID, OTHER_FID]
    world.cloud.ours = [FID, OTHER_FID]

    case = adopted(world, owner=Leaver(iam_id=FID.id), to=OTHER_FID.id)

    assert of(case) == {"jp-tok": Outcome.VERIFIED}
    assert case.targets[0].owner_after == OTHER_FID


def test_nobody_takes_over_from_themselves():
    world = a_mixed_world()

    case = adopted(world, owner=Leaver(iam_id=FID.id))

    assert [one.reason for one in case.targets] == [Reason.NO_FUNCTIONAL_ID]
    assert world.resets.sends == []


def test_a_functional_id_nobody_knows_takes_nothing_over():
    world = a_mixed_world()

    case = adopted(world, to="nobody")

    assert {one.reason for one in case.targets} == {Reason.NO_FUNCTIONAL_ID}
    assert world.resets.sends == []


def test_only_the_account_and_the_part_asked_for_are_touched():
    world = a_mixed_world()
    _other, resets = world.add_account("acct2", DALLAS)

    case = adopted(world, scope=Scope(("eu-de",), ()))

    assert of(case) == {"eu-de": Outcome.VERIFIED}
    assert resets.sends == []
    assert [one.reason for one in case.warnings] == [Reason.SCOPE_LIMITED]


def test_a_service_id_and_a_target_without_owner_are_left_alone():
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: SERVICE, FRANKFURT: NoOwner()})

    case = adopted(world)

    assert (case.result, case.targets) == (CaseResult.CLEAN, ())


def test_what_cannot_be_read_is_said_and_not_taken_for_nobodys():
    world = a_mixed_world()
    world.cloud.faults["key_owner", DALLAS.id].extend(
        [Unread(Reason.NO_ROLE, "403")] * 20
    )

    case = adopted(world)

    assert case.result is CaseResult.ATTENTION
    assert case.target(DALLAS.id).outcome is Outcome.UNREAD


def test_a_target_whose_clusters_are_being_deleted_is_never_reset():
    world = a_world(DELETING)
    world.cloud.faults["key_owner", DELETING.id].extend(
        [Unread(Reason.NO_CLUSTER)] * 20
    )

    assert adopted(world).targets == ()
    assert world.resets.sends == []


def test_while_one_of_our_own_is_not_known_nothing_is_reset():
    world = a_mixed_world()
    world.cloud.faults["identities"].extend([TransientError("down")] * 50)

    case = adopted(world)

    assert {one.reason for one in case.targets} == {Reason.LIST_UNREADABLE}
    assert world.resets.sends == []


def test_an_owner_who_changed_since_the_plan_keeps_the_key():
    world = a_mixed_world()
    world.cloud.faults["key_owner", DALLAS.id].extend([DANA, ROBIN])

    case = adopted(world)

    assert case.target(DALLAS.id).outcome is Outcome.CHANGED_HANDS
    assert [each for each, _ in world.resets.sends] == [FRANKFURT.id]


def test_a_dry_adoption_writes_nothing():
    world = a_mixed_world()

    case = adopted(world, dry_run=True)

    assert case.result is CaseResult.PLANNED
    assert of(case) == {"us-south": Outcome.PLANNED, "eu-de": Outcome.PLANNED}
    assert world.resets.sends == []


def test_an_adoption_has_its_canary_and_its_guards():
    world = a_mixed_world(lag=5, canary=True)
    world.tools = replace(world.tools, max_targets=1)
    world.open(an_adoption())
    world.run(seconds=60)
    case = world.case()
    assert [one.reason for one in case.plan.refused] == [Reason.TOO_MANY_TARGETS]

    desk = a_desk(world)
    with pytest.raises(ConflictError):
        desk.approve(case.id, case.plan.hash, actor="o", person="Otto")
    desk.approve(case.id, case.plan.hash, actor="a", person="Ann")
    world.run(seconds=60)

    first, second = (at for _, at in world.resets.sends)
    assert world.case().result is CaseResult.SAFE
    assert second > first


def test_a_red_functional_id_takes_nothing_over():
    world = a_mixed_world()
    world.cloud.standings[FID.id] = a_standing(policies=())

    case = adopted(world)

    assert {one.reason for one in case.targets} == {Reason.MISSING_ROLE}
    assert world.resets.sends == []


def test_an_adoption_holds_no_departure_up_and_joins_none():
    world = a_mixed_world()
    world.store.paused = {"*"}
    world.open(an_adoption(id="01ADOPT", owner=Leaver("dana.lee@example.com")))
    world.run(seconds=20)

    opened = world.open(a_case(opened_by=replace(a_case().opened_by, event_key="x:1")))
    world.run(seconds=20)
    world.store.paused = set()
    world.run(seconds=600)

    assert opened == "01CASE"
    assert world.case().result is CaseResult.SAFE
    assert world.case("01ADOPT").result is CaseResult.SAFE
    assert len(world.resets.sends) == 1


def test_an_adoption_of_a_name_two_people_have_waits():
    world = a_mixed_world()
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))

    world.open(an_adoption(owner=Leaver("dana.lee@example.com")))
    world.run(seconds=60)

    assert world.case().status is CaseStatus.WAITING
    assert world.resets.sends == []


def test_an_owner_nobody_knows_is_said():
    world = a_mixed_world()

    case = adopted(world, owner=Leaver("nobody@example.com"))

    assert [one.reason for one in case.warnings] == [Reason.PERSON_NOT_FOUND]


def test_the_desk_opens_an_adoption_that_plans_at_once():
    world = a_mixed_world()
    asked = AdoptionAsked(Adoption("acct1"), actor="tok", person="Otto", reason="safe")

    opened = a_desk(world).adopt(asked)
    world.run(seconds=60)

    case = world.case(opened.case.id)
    assert (case.kind, case.result) == (CaseKind.ADOPTION, CaseResult.SAFE)
    assert (case.askers, case.opened_by.actor) == (("Otto",), "tok")
    assert case.received_at == NOON


def test_an_account_that_is_not_set_up_is_said_and_not_called_clean():
    world = a_mixed_world()

    case = world.settle(an_adoption(adoption=Adoption("elsewhere")))

    assert case.result is CaseResult.ATTENTION
    assert [one.reason for one in case.warnings] == [Reason.LIST_UNREADABLE]
