"""Masters and add-ons: what is left to do for a cluster after its key changed."""

import pytest
import requests

from simulator import Policy
from simulator.scenario import (
    COLLEAGUE_APIKEY,
    COLLEAGUE_IAM_ID,
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_IAM_ID,
    PAYMENTS_GROUP_ID,
)

CLUSTER = "cq1pay00south00001"


@pytest.fixture
def refresh(simulator, caller):
    def send(cluster=CLUSTER, **headers):
        url = f"{simulator.containers_url}/v2/refreshMaster"
        return caller.post(url, json={"cluster": cluster}, headers=headers)

    return send


def test_a_master_is_refreshed_and_that_is_remembered(simulator, refresh):
    answer = refresh(**{"X-Auth-Resource-Group": PAYMENTS_GROUP_ID})

    (done,) = simulator.account.refreshes()
    assert (answer.status_code, answer.content) == (204, b"")
    assert (done.cluster_id, done.iam_id) == (CLUSTER, FUNCTIONAL_ID_IAM_ID)
    assert [call.path for call in simulator.journal.writes()] == [
        "/global/v2/refreshMaster"
    ]


def test_the_older_call_does_the_same_and_takes_a_name(simulator, caller):
    url = f"{simulator.containers_url}/v1/clusters/payments-prod/masters"

    done = caller.put(url, json={"action": "refresh"})
    other = caller.put(url, json={"action": "update"})
    none = caller.put(url)

    assert [one.status_code for one in (done, other, none)] == [204, 400, 400]
    assert [one.cluster_id for one in simulator.account.refreshes()] == [CLUSTER]


def test_a_second_refresh_has_to_wait(simulator, refresh, clock):
    account = simulator.account
    account.clock = clock
    clock.now = 1.0
    account.refresh_seconds = 60

    first = refresh()
    clock.now += 59
    soon, other = refresh(), refresh("platform-eu")
    clock.now += 1
    later = refresh()

    statuses = [one.status_code for one in (first, soon, other, later)]
    assert statuses == [204, 409, 204, 204]
    assert len(account.refreshes()) == 3


@pytest.mark.parametrize(
    ("role", "status"),
    [("Viewer", 403), ("Editor", 403), ("Operator", 204), ("Administrator", 204)],
)
def test_operator_is_the_least_role_for_it(simulator, token, role, status):
    simulator.account.set_policies(
        COLLEAGUE_IAM_ID,
        [
            Policy(("Viewer",), service_name="containers-kubernetes"),
            Policy(
                (role,),
                service_name="containers-kubernetes",
                resource_group_id=PAYMENTS_GROUP_ID,
            ),
        ],
    )
    headers = {"Authorization": f"Bearer {token(COLLEAGUE_APIKEY)}"}
    url = f"{simulator.containers_url}/v2/refreshMaster"

    def send(cluster):
        body = {"cluster": cluster}
        return requests.post(url, json=body, headers=headers, timeout=60).status_code

    assert (send(CLUSTER), send("platform-eu")) == (status, 403)


def test_an_unknown_cluster_and_none_are_refused(simulator, refresh, caller):
    group = {"X-Auth-Resource-Group": DEFAULT_GROUP_ID}
    empty = caller.post(f"{simulator.containers_url}/v2/refreshMaster", json={})

    assert [refresh("nobody").status_code, empty.status_code] == [404, 400]
    assert refresh(**group).json()["code"] == "A0006"
    assert simulator.account.refreshes() == []


def test_addons_are_asked_for_in_two_ways(simulator, caller):
    base = simulator.containers_url

    by_path = caller.get(f"{base}/v1/clusters/{CLUSTER}/addons").json()
    by_query = caller.get(f"{base}/v2/getClusterAddons", params={"cluster": CLUSTER})
    nobody = caller.get(f"{base}/v2/getClusterAddons")

    assert [one["name"] for one in by_path] == [
        "vpc-block-csi-driver",
        "cluster-autoscaler",
    ]
    assert by_query.json() == by_path
    assert nobody.status_code == 404


def test_the_list_may_come_without_addons(simulator, caller):
    url = f"{simulator.containers_url}/v2/vpc/getClusters"
    shown = caller.get(url).json()[0]["addons"]

    simulator.account.list_addons = "absent"

    assert shown[1] == {"name": "cluster-autoscaler", "version": "1.0.0"}
    assert all("addons" not in one for one in caller.get(url).json())
