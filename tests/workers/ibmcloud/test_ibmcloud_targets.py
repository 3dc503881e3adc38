"""Three lists become targets; what is not whole becomes a note."""

import pytest

from simulator import Fault, drop_before, status, truncate
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import Cluster, ResourceGroup, Target

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
VPC = "/global/v2/vpc/getClusters"
CLASSIC = "/global/v2/classic/getClusters"
SATELLITE = "/global/v2/satellite/getClusters"


@pytest.fixture
def empty(far):
    """A far side whose three lists and group list are empty."""
    far.says(f"GET {CLASSIC}", [])
    far.says(f"GET {SATELLITE}", [])
    far.says("GET /v2/resource_groups", {"resources": []})
    return far


def item(**changed):
    cluster = {"id": "c1", "name": "n1", "region": "us-south", "resourceGroup": PROD}
    return cluster | {"state": "normal", "provider": "vpc-gen2"} | changed


def cluster(*given):
    return Cluster(*given, type="kubernetes")


def test_the_three_lists_are_merged_to_targets_in_a_stable_order(scene, cloud):
    scene.add_cluster("b1", "old", region="us-south", group_id=PROD, provider="classic")
    scene.add_cluster(
        "s1", "edge", region="eu-de", group_id=SANDBOX, provider="satellite"
    )

    found = cloud.targets().checked()

    assert found.unseen == ()
    assert found.targets == (
        Target(
            ACCOUNT,
            "eu-de",
            ResourceGroup(SANDBOX, "sandbox"),
            (cluster("s1", "edge", "satellite"),),
        ),
        Target(
            ACCOUNT,
            "us-south",
            ResourceGroup(PROD, "prod"),
            (
                cluster("b1", "old", "classic"),
                cluster("c1", "c1", "vpc-gen2"),
                cluster("c2", "c2", "vpc-gen2"),
                cluster("c3", "c3", "vpc-gen2"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("path", "title"), [(VPC, "VPC"), (CLASSIC, "classic"), (SATELLITE, "Satellite")]
)
def test_a_list_that_fails_is_noted_and_the_others_are_used(
    scene, simulator, cloud, path, title
):
    scene.add_cluster("b1", "b", region="eu-de", group_id=PROD, provider="classic")
    scene.add_cluster("s1", "s", region="eu-gb", group_id=PROD, provider="satellite")
    simulator.faults.add(Fault("GET", path, status(403, '{"code": "A0001"}')))

    found = cloud.targets().checked()

    note, short = found.unseen
    assert note.reason is Reason.LIST_UNREADABLE
    assert note.text == (
        f"Reading the {title} cluster list: IBM Cloud answered 403 A0001"
    )
    assert short.reason is Reason.LIST_SHORT
    assert len(found.targets) == 2
    assert found.is_final


@pytest.mark.parametrize(
    "action", [status(500), status(429), drop_before(), truncate(20), status(200, "")]
)
def test_no_kind_of_fault_makes_a_list_look_empty(simulator, cloud, action):
    simulator.faults.add(Fault("GET", VPC, action))

    found = cloud.targets().checked()

    assert found.targets == ()
    assert [note.reason for note in found.unseen] == [
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
    ]
    assert not found.is_final


@pytest.mark.parametrize("text", ["null", "{}", '{"clusters": []}', "<html>", "7"])
def test_an_answer_that_is_no_list_is_not_an_empty_list(empty, far_cloud, text):
    empty.says(f"GET {VPC}", text)

    found = far_cloud.targets().checked()

    assert [note.reason for note in found.unseen] == [Reason.LIST_UNREADABLE]


def test_a_list_that_forgets_to_call_itself_json_is_read(empty, far_cloud):
    empty.says(f"GET {VPC}", [item()], headers={"Content-Type": "text/plain"})

    assert [one.region for one in far_cloud.targets().checked().targets] == ["us-south"]


def test_an_item_that_cannot_be_used_is_named_and_hides_no_other(empty, far_cloud):
    odd = [item(), item(id="c2", region=""), item(id=None), "x", item(id="c3")]
    del odd[4]["resourceGroup"]
    empty.says(f"GET {VPC}", odd)

    found = far_cloud.targets().checked()

    assert [one.id for one in found.targets[0].clusters] == ["c1"]
    (note,) = found.unseen
    assert note.reason is Reason.LIST_UNREADABLE
    assert note.text == (
        "Reading the VPC cluster list: 4 of 5 entries cannot be used: "
        "cluster c2 (no region); one without id (no id); one that is no object; "
        "cluster c3 (no resource group)"
    )


def test_unknown_fields_and_odd_unneeded_ones_do_no_harm(empty, far_cloud):
    empty.says(f"GET {VPC}", [item(name=5, state=None, provider=None, new={"a": 1})])

    (target,) = far_cloud.targets().checked().targets

    assert target.clusters == (Cluster("c1", "c1", "vpc-gen2"),)


@pytest.mark.parametrize(
    ("older", "today"),
    [
        ("uk-south", "eu-gb"),
        ("eu-central", "eu-de"),
        ("ap-south", "au-syd"),
        ("ap-north", "jp-tok"),
    ],
)
def test_older_and_todays_region_name_are_one_target(empty, far_cloud, older, today):
    empty.says(f"GET {VPC}", [item(region=older), item(id="c2", region=today)])

    (target,) = far_cloud.targets().checked().targets

    assert target.region == today
    assert [one.id for one in target.clusters] == ["c1", "c2"]


@pytest.mark.parametrize("state", ["deleted", "deleting", "Deleting"])
def test_a_cluster_being_deleted_keeps_its_target_and_is_no_window(
    empty, far_cloud, state
):
    empty.says(f"GET {VPC}", [item(state=state)])

    (target,) = far_cloud.targets().checked().targets

    assert target.clusters == (Cluster("c1", "n1", "vpc-gen2", readable=False),)


def test_a_cluster_in_two_lists_is_one_cluster(empty, far_cloud):
    empty.says(f"GET {VPC}", [item(), item()])
    empty.answers.pop(f"GET {CLASSIC}")
    empty.says(f"GET {CLASSIC}", [item(provider="classic")])

    (target,) = far_cloud.targets().checked().targets

    assert target.clusters == (Cluster("c1", "n1", "vpc-gen2"),)


def test_equal_names_are_different_clusters(empty, far_cloud):
    empty.says(f"GET {VPC}", [item(), item(id="c2")])

    (target,) = far_cloud.targets().checked().targets

    assert [one.id for one in target.clusters] == ["c1", "c2"]


def test_unreadable_group_names_hide_no_target(simulator, cloud):
    simulator.faults.add(Fault("GET", "/v2/resource_groups", status(403)))

    found = cloud.targets().checked()

    assert found.unseen == ()
    assert found.targets[0].resource_group == ResourceGroup(PROD, "prod")


def test_a_group_nobody_names_is_called_by_its_id(empty, far_cloud):
    empty.says(f"GET {VPC}", [item()])

    assert far_cloud.targets().checked().targets[0].resource_group == ResourceGroup(
        PROD, PROD
    )


def test_a_key_of_another_account_finds_nothing_rather_than_an_empty_account(
    far, far_cloud
):
    far.answers.clear()
    far.gives_tokens(account={"bss": "another"})

    with pytest.raises(PermanentError) as caught:
        far_cloud.targets().checked()

    assert caught.value.reason is Reason.WRONG_ACCOUNT
    assert set(far.calls) == {"POST /identity/token"}


def test_without_a_token_nothing_is_listed(simulator, cloud):
    simulator.faults.add(Fault("POST", "/identity/token", status(503)))

    with pytest.raises(TransientError):
        cloud.targets().checked()


@pytest.mark.parametrize(
    ("said", "kind"), [("OpenShift", "openshift"), (None, ""), (7, ""), ("", "")]
)
def test_a_cluster_says_whether_it_is_openshift(empty, far_cloud, said, kind):
    empty.says(f"GET {VPC}", [item(type=said)])

    [target] = far_cloud.targets().checked().targets

    assert target.clusters[0].type == kind
