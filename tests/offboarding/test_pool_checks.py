"""What the doctor says of each functional ID."""

from dataclasses import replace

import pytest
from factories import (
    DALLAS,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    a_person,
    a_policy,
    a_standing,
)
from fakes import FakeCloud, a_world

from workers.offboarding.checking import check_all, index_now
from workers.offboarding.health import Verdict
from workers.offboarding.model import Cluster, KeyOwner, OwnerKind
from workers.offboarding.rights import Policy

OK, WARNING = Verdict.OK, Verdict.WARNING
UNPROVEN, FAILED = Verdict.UNPROVEN, Verdict.FAILED
ALL = {
    "functional_id",
    "functional_id_roles",
    "key_creation",
    "key_slots",
    "functional_id_alone",
    "functional_id_narrow",
}
CLASSIC = (Cluster("c1", "old", "classic"),)


def checks(*targets, **standing):
    world = a_world(*(targets or (DALLAS,)))
    world.cloud.standings[FID.id] = a_standing(**standing)
    found = {one.what: one for one in check_all([world.cloud])}
    return {what: one for what, one in found.items() if what not in BEFORE}


BEFORE = {one.what for one in check_all([a_world(DALLAS).cloud])} - ALL


def test_a_functional_id_in_order_is_well_in_every_respect():
    found = checks(DALLAS, FRANKFURT)

    assert set(found) == ALL
    assert {one.verdict for one in found.values()} == {OK}
    assert {one.account_id for one in found.values()} == {"acct1"}


def test_what_was_mended_since_the_last_look_is_told_as_it_is_now():
    world = a_world(DALLAS)
    world.cloud.stood[FID.id] = a_standing(policies=())

    found = {one.what: one for one in check_all([world.cloud])}

    assert found["functional_id_roles"].verdict is OK


def test_the_slots_are_foreseen():
    found = checks(DALLAS, FRANKFURT, keys=12)["key_slots"]

    assert found.text == (
        "Functional 1 (fid@example.com): 12 of 20 API keys used; 2 targets of people "
        "would fall to it; 6 left after."
    )


@pytest.mark.parametrize(
    ("keys", "verdict", "said"),
    [
        (17, OK, "1 left after."),
        (18, FAILED, "0 left after."),
        (19, FAILED, "1 short then."),
        (None, UNPROVEN, "could not be seen: 403."),
    ],
)
def test_too_few_slots_are_red_and_unseen_ones_not_proven(keys, verdict, said):
    found = checks(DALLAS, FRANKFURT, keys=keys, keys_fault="403")["key_slots"]

    assert found.verdict is verdict
    assert found.text.endswith(said)


def test_free_slots_are_too_few_where_more_would_fall_to_it():
    targets = [replace(DALLAS, region=f"r{number}") for number in range(5)]

    found = checks(*targets, keys=16)["key_slots"]

    assert found.verdict is FAILED
    assert found.text.endswith("1 short then.")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"state": "PENDING"}, FAILED),
        ({"key_fault": "BXNIM0415E"}, FAILED),
        ({"state": None, "state_fault": "403"}, UNPROVEN),
    ],
)
def test_an_identity_that_is_not_in_order_is_told(changes, verdict):
    found = checks(**changes)["functional_id"]

    assert found.verdict is verdict
    assert found.mend


def test_roles_are_judged_for_what_it_owns_and_for_what_would_fall_to_it():
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: FID, FRANKFURT: ROBIN})
    for group in (DALLAS.resource_group.id, "elsewhere"):
        only = [a_policy(service="is", group=group)]
        kept = [one for one in a_standing().policies if "'is'" not in str(one)]
        world.cloud.standings[FID.id] = a_standing(policies=(*kept, *only))

        [found] = [
            one for one in check_all([world.cloud]) if one.what == "functional_id_roles"
        ]

        assert found.verdict is (OK if group != "elsewhere" else FAILED)
    assert "--service-name is" in found.command


def test_roles_that_cannot_be_told_are_not_proven():
    found = checks(policies=(), policies_fault="403")["functional_id_roles"]

    assert found.verdict is UNPROVEN
    assert found.text.endswith("403. 4 more like it.")


@pytest.mark.parametrize(
    ("restricted", "has_role", "verdict"),
    [
        (False, False, OK),
        (True, True, OK),
        (True, False, FAILED),
        (None, False, UNPROVEN),
        (None, True, OK),
    ],
)
def test_the_restriction_of_key_creation_is_checked(restricted, has_role, verdict):
    creator = Policy(
        (("serviceName", "stringEquals", "iam-identity"),),
        ("crn:v1:bluemix:public:iam-identity::::serviceRole:UserApiKeyCreator",),
    )
    policies = (*a_standing().policies, *((creator,) if has_role else ()))

    found = checks(policies=policies, is_key_creation_restricted=restricted)

    assert found["key_creation"].verdict is verdict


def test_a_service_id_makes_no_user_keys():
    service = KeyOwner("iam-ServiceId-1", "iks", None, OwnerKind.FUNCTIONAL_ID)
    world = a_world(DALLAS)
    world.cloud.ours = world.cloud.fids = [service]
    world.cloud.users.append(a_person(service))
    world.cloud.standings[service.id] = a_standing(
        service, state=None, is_key_creation_restricted=True
    )

    found = {one.what: one for one in check_all([world.cloud])}

    assert found["key_creation"].verdict is OK
    assert "a service ID that is not locked" in found["functional_id"].text


def test_rights_too_many_are_a_warning_and_rights_unseen_not_proven():
    broad = checks(policies=(*a_standing().policies, a_policy()))
    unseen = checks(policies_fault="403")

    assert broad["functional_id_narrow"].verdict is WARNING
    assert "Administrator on all services" in broad["functional_id_narrow"].text
    assert unseen["functional_id_narrow"].verdict is UNPROVEN


def test_one_identity_in_two_accounts_is_told_in_both():
    world = a_world(DALLAS)
    second = FakeCloud(world.clock, [], account_id="acct2")
    third = FakeCloud(world.clock, [], account_id="acct3")
    third.ours = third.fids = [OTHER_FID]

    found = {
        one.account_id: one.verdict
        for one in check_all([world.cloud, second, third])
        if one.what == "functional_id_alone"
    }

    assert found == {"acct1": WARNING, "acct2": WARNING, "acct3": OK}


def test_classic_permissions_are_said_not_to_be_seen():
    target = replace(DALLAS, clusters=CLASSIC)

    found = checks(target)["classic_infrastructure"]

    assert found.verdict is UNPROVEN
    assert found.command == (
        "ibmcloud target -g payments-id && ibmcloud ks infra-permissions get "
        "--region us-south"
    )


def test_an_index_made_now_has_the_functional_ids_too():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: FID})

    [index] = index_now([world.cloud], NOON)

    [state] = index.functional_ids
    assert (state.owner, state.owns, state.would_take) == (FID, 1, 1)
    assert (index.surveyed_at, len(index.holdings)) == (NOON, 2)
