"""What a case leaves to be done when it settles."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, FID, FRANKFURT, NOON, ROBIN, a_case, a_case_target
from fakes import a_world, perform

from workers.offboarding.advice import command_for
from workers.offboarding.after_reset import Means, left_by_reset
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Cluster,
    Leaver,
    Outcome,
    Step,
    Work,
)
from workers.offboarding.ports import Retirement

CSI, SCALER = "vpc-block-csi-driver", "cluster-autoscaler"
DONE_BY_SERVICE = Means(True, Retirement.DELETE, timedelta(minutes=30))
NOTHING = Means(False, Retirement.OFF, timedelta(minutes=30))


def with_clusters(*addons, target=DALLAS, readable=True):
    clusters = tuple(
        Cluster(f"c{n}", f"web-{n}", "vpc-gen2", readable, each)
        for n, each in enumerate(addons, 1)
    )
    return replace(target, clusters=clusters)


def left(case):
    return [
        (one.kind, one.cluster_id, one.addon, one.done_at is None)
        for target in case.targets
        for one in target.follow_ups
    ]


def test_the_pods_of_each_addon_that_keeps_the_old_key_are_named_with_the_command():
    target = with_clusters((CSI, SCALER, "openshift-data-foundation"), ())
    world = a_world(target)

    case = world.settle()

    assert left(case) == [
        ("recreate_addon_pods", "c1", CSI, True),
        ("recreate_addon_pods", "c1", SCALER, True),
    ]
    [csi, _] = case.targets[0].follow_ups
    assert csi.text == (
        "Delete the ibm-vpc-block-csi-controller pods of the add-on "
        "vpc-block-csi-driver in cluster web-1 (c1) once it has picked the new key up; "
        "Kubernetes starts them again. Until then they keep the old key, and once that "
        "is gone, attaching block storage fails."
    )
    assert "pod/ibm-vpc-block-csi-controller" in command_for(csi, target)
    assert "addons c1" not in world.journal
    assert case.result is CaseResult.SAFE


def test_a_cluster_whose_addons_no_list_told_is_asked_once_after_the_resets():
    world = a_world(with_clusters(None))
    world.cloud.has_addons["c1"] = (SCALER,)

    case = world.settle()

    assert left(case) == [("recreate_addon_pods", "c1", SCALER, True)]
    assert world.journal.count("addons c1") == 1
    assert world.journal.index("addons c1") > world.journal.index(f"send {DALLAS.id}")


@pytest.mark.parametrize(
    "fault",
    [TransientError("timeout"), PermanentError("403", reason=Reason.NO_ROLE)],
)
def test_addons_that_could_not_be_seen_are_never_taken_for_none(fault):
    world = a_world(with_clusters(None))
    world.cloud.faults["addons", "c1"].append(fault)

    case = world.settle()

    assert left(case) == [("recreate_addon_pods", "c1", None, True)]
    [one] = case.targets[0].follow_ups
    assert one.text.startswith(
        f"It could not be seen which add-ons cluster web-1 (c1) has: {fault}. Look "
        "with `ibmcloud ks cluster addon ls --cluster c1`."
    )


def test_a_cluster_that_is_being_deleted_needs_nothing():
    clusters = (
        Cluster("c1", "gone", "vpc-gen2", readable=False, addons=(CSI,)),
        Cluster("c2", "going", "vpc-gen2", readable=False),
        Cluster("c3", "web", "vpc-gen2", addons=()),
    )
    world = a_world(replace(DALLAS, clusters=clusters))

    assert left(world.settle()) == []


def test_a_dry_run_leaves_nothing_and_asks_nothing():
    world = a_world(with_clusters((CSI,), None))

    case = world.settle(a_case(dry_run=True))

    assert (left(case), case.result) == ([], CaseResult.PLANNED)
    assert "addons c2" not in world.journal
    assert Work("01CASE", Step.AFTERCARE) not in world.store.due


def test_what_was_the_functional_ids_already_needs_nothing():
    target = with_clusters((CSI,))
    world = a_world(target)
    # Somebody was faster, between the plan and the reset.
    world.cloud.faults["key_owner", target.id].extend([None, FID])

    case = world.settle()

    assert case.targets[0].outcome is Outcome.ALREADY
    assert left(case) == []


def test_masters_and_old_keys_are_spoken_of_only_where_the_service_deals_with_them():
    target = a_case_target(with_clusters(()), outcome=Outcome.VERIFIED, resets=1)

    without = left_by_reset(target, {}, NOTHING, NOON)
    with_both = left_by_reset(target, {}, DONE_BY_SERVICE, NOON)

    assert without.follow_ups == ()
    assert [(one.kind, one.cluster_id) for one in with_both.follow_ups] == [
        ("refresh_master", "c1"),
        ("retire_old_key", None),
    ]
    assert [one.text for one in with_both.follow_ups] == [
        "The service refreshes the master of cluster web-1 (c1), one cluster at a "
        "time.",
        "The superseded cluster API keys here are deleted by the service when every "
        "target of the case is read back under a functional ID and the clusters have "
        "had 30 minutes to pick the new key up.",
    ]


def test_nothing_is_left_twice_and_what_is_done_stays_done():
    target = a_case_target(
        with_clusters((CSI,), ()), outcome=Outcome.VERIFIED, resets=1
    )
    once = left_by_reset(target, {}, DONE_BY_SERVICE, NOON)
    ticked = replace(
        once,
        follow_ups=tuple(replace(one, done_at=NOON) for one in once.follow_ups),
    )

    later = NOON + timedelta(hours=1)

    assert left_by_reset(once, {}, DONE_BY_SERVICE, later) == once
    assert left_by_reset(ticked, {}, DONE_BY_SERVICE, later) == ticked


def retried(world):
    case = world.case()
    opened = replace(case, status=CaseStatus.OPEN, result=None, settled_at=None)
    anew = [one for one in case.targets if not one.is_safe]
    told = replace(world.store.ledger("01CASE")[-1], what="case.retried")
    said = world.store.turn(
        opened,
        told,
        expected=(CaseStatus.SETTLED,),
        takes=True,
        dropped=[one.target.id for one in anew],
    )
    assert said == "ok"
    world.run()
    return world.case()


def test_a_retried_case_sees_what_it_could_not_see_before():
    world = a_world(with_clusters(None), FRANKFURT)
    world.resets.script[FRANKFURT.id].append("refused")
    world.cloud.faults["addons", "c1"].append(TransientError("timeout"))
    world.cloud.has_addons["c1"] = (CSI,)
    before = world.settle()

    after = retried(world)

    assert left(before) == [("recreate_addon_pods", "c1", None, True)]
    assert left(after) == [
        ("recreate_addon_pods", "c1", None, False),
        ("recreate_addon_pods", "c1", CSI, True),
    ]
    assert after.result is CaseResult.SAFE


def test_what_a_person_looked_after_is_not_asked_for_by_a_retried_case():
    world = a_world(with_clusters(None), FRANKFURT)
    world.resets.script[FRANKFURT.id].append("refused")
    world.cloud.faults["addons", "c1"].append(TransientError("timeout"))
    world.cloud.has_addons["c1"] = (CSI,)
    world.settle()
    mine = world.store.stored["01CASE"].targets
    ticked = replace(mine[DALLAS.id].follow_ups[0], done_at=NOON)
    mine[DALLAS.id] = replace(mine[DALLAS.id], follow_ups=(ticked,))

    after = retried(world)

    assert left(after) == [("recreate_addon_pods", "c1", None, False)]
    assert world.journal.count("addons c1") == 1


def test_aftercare_follows_where_a_reset_of_this_case_was_proven_and_nowhere_else():
    ours, theirs = a_world(DALLAS), a_world(DALLAS, owners={DALLAS: ROBIN})
    for world in (ours, theirs):
        world.open()
        world.run(until=lambda world=world: world.case().status is CaseStatus.SETTLED)

    care = Work("01CASE", Step.AFTERCARE)
    assert care in ours.store.due
    assert care not in theirs.store.due


def test_a_case_taken_up_again_meanwhile_is_left_to_its_next_report():
    world = a_world(DALLAS)
    world.open(a_case(leaver=Leaver("dana.lee@example.com")))
    world.run(until=lambda: world.case().status is CaseStatus.SETTLED)
    mine = world.store.stored["01CASE"]
    mine.head = replace(mine.head, status=CaseStatus.OPEN)

    perform(world.tools, world.store, Work("01CASE", Step.AFTERCARE))

    assert Work("01CASE", Step.AFTERCARE) not in world.store.due
    assert "key_used_at" not in " ".join(world.journal)
