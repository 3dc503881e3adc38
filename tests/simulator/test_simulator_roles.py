"""Which roles a reset takes, and what becomes of one that lacks others."""

import pytest
import requests

from simulator import Policy, key_owner
from simulator.scenario import (
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)

SERVICE = "iam-ServiceId-steward"
SERVICE_KEY = "made-up-key-of-a-steward"
TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}
ADMINISTRATOR = Policy(("Administrator",), service_name="containers-kubernetes")
OPERATOR = Policy(("Operator",), service_name="iam-identity")
CREATE = "containers-kubernetes.cluster.create"


@pytest.fixture
def reset(simulator, caller):
    """Reset as the functional ID with these policies."""

    def send(*policies):
        simulator.account.set_policies(FUNCTIONAL_ID_IAM_ID, policies)
        return caller.post(f"{simulator.containers_url}/v1/keys", headers=TARGET)

    return send


@pytest.fixture
def reset_as_service(simulator, token):
    """The same as a service ID."""
    simulator.account.add_service_id(SERVICE, "steward")
    simulator.account.add_login_key(SERVICE, SERVICE_KEY)

    def send(*policies):
        simulator.account.set_policies(SERVICE, policies)
        headers = {"Authorization": f"Bearer {token(SERVICE_KEY)}", **TARGET}
        url = f"{simulator.containers_url}/v1/keys"
        return requests.post(url, headers=headers, timeout=60)

    return send


def owner(simulator):
    return simulator.account.owner("us-south", PAYMENTS_GROUP_ID)


def test_who_has_the_documented_roles_resets(simulator, reset):
    assert reset(*key_owner()).status_code == 204
    assert owner(simulator) == FUNCTIONAL_ID_IAM_ID
    assert simulator.account.broken_clusters() == []


def test_roles_in_the_targets_group_are_enough(simulator, reset):
    assert reset(*key_owner(PAYMENTS_GROUP_ID)).status_code == 204
    # The functional ID owned this one before, and has no role there any more.
    (broken,) = simulator.account.broken_clusters()
    assert (broken.name, broken.service) == ("sandbox", "containers-kubernetes")


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (Policy(("Editor", "Manager"), service_name="containers-kubernetes"),),
        (Policy(("Administrator",), service_name="is"),),
        key_owner(PLATFORM_GROUP_ID),
        (
            Policy(
                ("Administrator",),
                service_name="containers-kubernetes",
                region="eu-de",
            ),
        ),
        (
            Policy(
                ("Administrator",),
                service_name="containers-kubernetes",
                rule={"key": "k", "operator": "timeLessThan", "value": "1"},
                rule_is_met=False,
            ),
        ),
        (
            Policy(
                ("Administrator",),
                service_name="containers-kubernetes",
                tags=(("env", "prod"),),
            ),
        ),
    ],
)
def test_without_administrator_on_clusters_there_it_is_403_and_nothing_changes(
    simulator, reset, policies
):
    before = simulator.account.key_count(FUNCTIONAL_ID_IAM_ID)

    answer = reset(*policies)

    assert answer.status_code == 403
    assert answer.json()["type"] == "Authentication"
    assert "code" not in answer.json()
    assert owner(simulator) == LEAVER_IAM_ID
    assert simulator.account.key_count(FUNCTIONAL_ID_IAM_ID) == before


def test_an_access_group_may_give_the_role(simulator, reset):
    simulator.account.add_access_group(
        "AccessGroupId-1",
        "stewards",
        members=[FUNCTIONAL_ID_IAM_ID],
        policies=[ADMINISTRATOR],
    )

    assert reset().status_code == 204


@pytest.mark.parametrize(
    ("actions", "status"),
    [([CREATE], 204), (["containers-kubernetes.cluster.read"], 403), ([], 403)],
)
def test_a_role_of_the_accounts_own_counts_by_its_actions(
    simulator, reset, actions, status
):
    crn = simulator.account.add_custom_role("Keeper", actions)

    answer = reset(Policy((crn,), service_name="containers-kubernetes"))

    assert answer.status_code == status


def test_a_role_of_the_accounts_own_may_show_clusters(simulator, caller):
    crn = simulator.account.add_custom_role(
        "Watcher", ["containers-kubernetes.cluster.read"]
    )
    watching = Policy((crn,), service_name="containers-kubernetes", region="us-east")
    simulator.account.set_policies(FUNCTIONAL_ID_IAM_ID, [watching])

    found = caller.get(f"{simulator.containers_url}/v2/vpc/getClusters").json()

    assert [one["name"] for one in found] == ["sandbox"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ((), 403),
        ((Policy(("Viewer",), service_name="iam-identity"),), 403),
        ((Policy(("Operator",)),), 403),
        ((OPERATOR,), 204),
        ((Policy(("Administrator",), service_name="iam-identity"),), 204),
        ((Policy(("Operator",), service_group_id="IAM"),), 204),
    ],
)
def test_a_service_id_needs_operator_on_iam_identity(reset_as_service, more, status):
    answer = reset_as_service(ADMINISTRATOR, *more)

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "A0656"


def test_a_person_needs_no_operator(reset):
    assert reset(ADMINISTRATOR).status_code == 204


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("Operator", 403),
        ("ServiceIdCreator", 403),
        ("UserApiKeyCreator", 204),
        ("Administrator", 204),
    ],
)
def test_where_making_keys_is_restricted_a_role_for_that_is_needed(
    simulator, reset, role, status
):
    simulator.account.restrict_create_platform_apikey = "RESTRICTED"

    answer = reset(ADMINISTRATOR, Policy((role,), service_name="iam-identity"))

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "A0656"
        assert owner(simulator) == LEAVER_IAM_ID


def test_that_goes_for_service_ids_too(simulator, reset_as_service):
    simulator.account.restrict_create_platform_apikey = "RESTRICTED"

    assert reset_as_service(ADMINISTRATOR, OPERATOR).status_code == 403


@pytest.mark.parametrize("needs_roles", [True, False])
def test_no_key_is_made_for_a_locked_service_id(
    simulator, reset_as_service, needs_roles
):
    account = simulator.account
    account.resets_need_roles = needs_roles

    account.lock_service_id(SERVICE)
    locked = reset_as_service(ADMINISTRATOR, OPERATOR)
    account.lock_service_id(SERVICE, is_locked=False)
    unlocked = reset_as_service(ADMINISTRATOR, OPERATOR)

    assert (locked.status_code, locked.json()["code"]) == (403, "A0656")
    assert unlocked.status_code == 204


def test_a_person_cannot_be_locked(simulator):
    with pytest.raises(KeyError):
        simulator.account.lock_service_id(LEAVER_IAM_ID)


def test_roles_can_be_left_out_of_it(simulator, reset):
    simulator.account.resets_need_roles = False

    assert reset().status_code == 204


def test_somebody_may_have_a_limit_of_their_own(simulator, reset):
    # Two slots were taken before: the login key and the key of us-east/default.
    simulator.account.key_limits = {FUNCTIONAL_ID_IAM_ID: 3, LEAVER_IAM_ID: 0}

    statuses = [reset(ADMINISTRATOR) for _ in range(2)]

    assert [one.status_code for one in statuses] == [204, 400]
    assert statuses[1].json()["code"] == "A03e9b"


@pytest.mark.parametrize(
    ("lacking", "broken"),
    [
        ("is", {"payments-prod": "is"}),
        (
            "container-registry",
            {
                "payments-prod": "container-registry",
                "payments-batch": "container-registry",
            },
        ),
        ("cloud-object-storage", {"payments-prod": "cloud-object-storage"}),
    ],
)
def test_a_reset_without_a_role_beside_succeeds_and_breaks_the_clusters(
    simulator, reset, lacking, broken
):
    answer = reset(*key_owner(but=(lacking,)))

    found = simulator.account.broken_clusters()
    mine = [one for one in found if one.region == "us-south"]
    assert answer.status_code == 204
    assert {one.name: one.service for one in mine} == broken
    assert {(one.owner, one.cause) for one in found} == {
        (FUNCTIONAL_ID_IAM_ID, "role_missing")
    }


def test_a_role_on_the_registry_must_not_be_limited_to_a_group(simulator, reset):
    limited = Policy(
        ("Administrator",),
        service_name="container-registry",
        resource_group_id=PAYMENTS_GROUP_ID,
    )

    reset(*key_owner(but=("container-registry",)), limited)

    services = {one.service for one in simulator.account.broken_clusters()}
    assert services == {"container-registry"}


def test_an_owner_whose_roles_are_trimmed_breaks_their_clusters(simulator):
    account = simulator.account
    before = account.broken_clusters()

    account.set_policies(LEAVER_IAM_ID, [])

    broken = account.broken_clusters()
    assert before == []
    assert len(broken) == 5
    assert {one.service for one in broken} == {"containers-kubernetes"}
