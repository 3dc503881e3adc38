"""What follows a proven reset, played against the simulated account."""

from datetime import UTC, datetime, timedelta

import pytest
from ibmcloud_scenes import FUNCTIONAL, LEAVER, PROD, STEWARD, a_target

from simulator import Policy
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import KeyOwner
from workers.offboarding.ports import Retirement

DALLAS = ("us-south", PROD)


def keys_of(cloud, iam_id):
    return [one for one in cloud.cluster_keys().keys if one.iam_id == iam_id]


def test_the_leavers_superseded_key_is_disabled_and_then_deleted(cloud, resets):
    resets.prepare(a_target("c1"), STEWARD).send()
    (old,) = keys_of(cloud, LEAVER)

    resets.retire(old, STEWARD, Retirement.DISABLE)
    (disabled,) = keys_of(cloud, LEAVER)
    resets.retire(disabled, STEWARD, Retirement.DELETE)

    assert (old.place, old.is_disabled, disabled.is_disabled) == (DALLAS, False, True)
    assert keys_of(cloud, LEAVER) == []
    assert len(keys_of(cloud, FUNCTIONAL)) == 1


def test_a_key_deleted_twice_is_deleted(simulator, cloud, resets):
    (old,) = keys_of(cloud, LEAVER)

    resets.retire(old, STEWARD, Retirement.DELETE)

    assert resets.retire(old, STEWARD, Retirement.DELETE) is None
    assert len(simulator.journal.writes()) == 2


def test_a_key_that_was_locked_is_listed_as_such_and_left_alone(
    scene, simulator, cloud, resets
):
    (old,) = keys_of(cloud, LEAVER)
    scene.change_key(old.id, is_locked=True)
    (locked,) = keys_of(cloud, LEAVER)

    with pytest.raises(ValueError, match="locked"):
        resets.retire(locked, STEWARD, Retirement.DELETE)

    assert simulator.journal.writes() == []


def test_without_the_role_for_it_nobody_elses_key_is_retired(scene, cloud, resets):
    scene.set_policies(FUNCTIONAL, [Policy(("Viewer",), service_name="iam-identity")])
    (old,) = keys_of(cloud, LEAVER)

    with pytest.raises(PermanentError) as caught:
        resets.retire(old, STEWARD, Retirement.DELETE)

    assert caught.value.reason is Reason.NO_ROLE
    assert keys_of(cloud, LEAVER) == [old]


def test_retiring_frees_a_key_slot(cloud, resets):
    resets.prepare(a_target("c1"), STEWARD).send()
    resets.prepare(a_target("c1"), STEWARD).send()
    before = cloud.standing(STEWARD, max_age_seconds=0).keys
    oldest = min(keys_of(cloud, FUNCTIONAL), key=lambda one: one.created_at)

    resets.retire(oldest, STEWARD, Retirement.DELETE)

    assert (before, cloud.standing(STEWARD, max_age_seconds=0).keys) == (3, 2)


def test_a_master_is_refreshed_by_the_functional_id(simulator, resets):
    target = a_target("c1")

    resets.refresh_master(target, target.clusters[0], STEWARD)

    (call,) = simulator.journal.calls("POST", "/global/v2/refreshMaster")
    assert (call.caller, call.status) == (FUNCTIONAL, 204)


def test_the_use_of_the_new_key_is_a_second_proof(scene, cloud, resets):
    since = datetime.now(UTC) - timedelta(seconds=5)
    before = cloud.key_used_at(a_target("c1"), STEWARD, since)
    scene.activity_lag_seconds = None
    resets.prepare(a_target("c1"), STEWARD).send()
    unused = cloud.key_used_at(a_target("c1"), STEWARD, since)

    scene.activity_lag_seconds = 0.0
    used = cloud.key_used_at(a_target("c1"), STEWARD, since)

    assert (before, unused) == (None, None)
    assert used is not None
    assert abs(used - datetime.now(UTC)) < timedelta(minutes=2)


def test_a_custom_role_is_judged_by_what_it_allows(scene, cloud):
    create = "containers-kubernetes.cluster.create"
    crn = scene.add_custom_role("ClusterKeeper", [create])
    scene.set_policies(
        FUNCTIONAL, [Policy((crn,), service_name="containers-kubernetes")]
    )

    (policy,) = cloud.standing(STEWARD).policies

    assert (policy.roles, policy.actions) == ((crn,), (create,))


def test_a_locked_service_id_is_seen(scene, cloud):
    service = "iam-ServiceId-99999999-aaaa-bbbb-cccc-000000000001"
    scene.add_service_id(service, "steward")
    scene.lock_service_id(service)

    standing = cloud.standing(KeyOwner(service))

    assert (standing.is_locked, standing.state, standing.state_fault) == (
        True,
        None,
        "",
    )
