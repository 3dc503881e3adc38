"""The resource controller shows when the cluster lists are short; it proves no more."""

import json
from pathlib import Path

import pytest

from simulator import Fault, drop_before, status, truncate
from workers.offboarding.errors import Reason

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "published-ibm"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
INSTANCES = "GET /v2/resource_instances"
VPC = "GET /global/v2/vpc/getClusters"


def an_instance(cluster_id, service="containers-kubernetes", **changed):
    crn = f"crn:v1:bluemix:public:{service}:us-south:a/{ACCOUNT}:{cluster_id}::"
    return {"crn": crn, "name": f"name of {cluster_id}", "state": "active"} | changed


@pytest.fixture
def empty(far):
    """A far side whose lists are empty, save what a test says."""
    for kind in ("vpc", "classic", "satellite"):
        far.says(f"GET /global/v2/{kind}/getClusters", [])
    far.says("GET /v2/resource_groups", {"resources": [{"id": PROD, "name": "prod"}]})
    return far


def instances(far, *resources):
    far.says(INSTANCES, {"resources": list(resources)})


def test_a_cluster_that_no_list_shows_makes_the_lists_short(scene, cloud):
    scene.hide_from_lists("c2")

    found = cloud.targets().checked()

    (note,) = found.unseen
    assert note.reason is Reason.LIST_SHORT
    assert note.text == (
        "Missing from every cluster list: 1 of the 3 clusters that the resource "
        "controller knows (c2)"
    )
    assert not found.is_final
    assert [one.id for one in found.targets[0].clusters] == ["c1", "c3"]


def test_lists_that_show_all_are_not_called_short(cloud):
    found = cloud.targets().checked()

    assert found.unseen == ()
    assert found.is_final


def test_up_to_three_are_named_and_the_others_counted(empty, far_cloud):
    instances(empty, *(an_instance(f"c{number}") for number in range(5)))

    (note,) = far_cloud.targets().checked().unseen

    assert note.text == (
        "Missing from every cluster list: 5 of the 5 clusters that the resource "
        "controller knows (name of c0, name of c1, name of c2 and 2 more)"
    )


def test_a_cluster_counts_as_shown_in_any_list_and_any_state(empty, far_cloud):
    place = {"region": "us-south", "resourceGroup": PROD}
    empty.answers.pop(VPC)
    empty.says(VPC, [{"id": "c1", "state": "deleting", **place}, {"id": "c2"}])
    instances(empty, an_instance("c1"), an_instance("c2"))

    reasons = [note.reason for note in far_cloud.targets().checked().unseen]

    assert reasons == [Reason.LIST_UNREADABLE]


@pytest.mark.parametrize(
    "resource",
    [
        an_instance("c1", state="removed"),
        an_instance("c1", state="provisioning"),
        an_instance("c1", state=None),
        an_instance("c1", service="cloud-object-storage"),
        an_instance(""),
        an_instance("c1", crn="crn"),
        an_instance("c1", crn=None),
        an_instance("c1", crn=5),
        {},
    ],
)
def test_what_is_no_active_cluster_is_passed_over(empty, far_cloud, resource):
    instances(empty, resource)

    found = far_cloud.targets().checked()

    assert found.unseen == ()
    assert found.is_final


def test_an_instance_without_a_name_is_called_by_its_id(empty, far_cloud):
    instances(empty, an_instance("c1", name=None))

    (note,) = far_cloud.targets().checked().unseen

    assert note.text.endswith("knows (c1)")


def test_a_very_long_name_is_cut(empty, far_cloud):
    instances(empty, an_instance("c1", name="n" * 500))

    (note,) = far_cloud.targets().checked().unseen

    assert note.text.endswith(f"({'n' * 60})")


def test_all_pages_are_read_with_the_readers_token(scene, simulator, cloud):
    for number in range(230):
        scene.add_cluster(f"x{number}", "x", region="eu-de", group_id=PROD)

    assert cloud.targets().checked().unseen == ()
    calls = simulator.journal.calls("GET", "/v2/resource_instances")
    assert len(calls) == 3
    assert {call.caller for call in calls} == {READER}
    assert calls[0].query == {
        "resource_id": "containers-kubernetes",
        "state": "active",
        "limit": "100",
    }


@pytest.mark.parametrize(
    "action", [status(403), status(500), status(429), drop_before(), truncate(20)]
)
def test_a_second_look_that_failed_is_no_word_against_the_lists(
    simulator, cloud, capsys, action
):
    simulator.faults.add(Fault("GET", "/v2/resource_instances", action))

    found = cloud.targets().checked()

    assert found.unseen == ()
    assert found.is_final
    assert "instances.unreadable" in capsys.readouterr().out


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"resources": None},
        {"resources": [], "next_url": "/v2/resource_instances?limit=1"},
        {"resources": [], "next_url": "/v2/resource_instances?start=again"},
        {"resources": [5]},
    ],
)
def test_pages_that_make_no_sense_or_go_in_circles_end(empty, far_cloud, page):
    empty.says(INSTANCES, page)

    assert far_cloud.targets().checked().unseen == ()
    assert empty.asked(INSTANCES) <= 2


def test_the_published_pages_are_followed(empty, far_cloud):
    fixture = PUBLISHED / "psdk_resource_instances_two_pages.json"
    for page in json.loads(fixture.read_text())["response"]["bodies_in_order"]:
        page["resources"][0]["crn"] = an_instance("c1")["crn"]
        empty.says(INSTANCES, page)

    (note,) = far_cloud.targets().checked().unseen

    assert note.text.endswith(
        "1 of the 1 clusters that the resource controller knows (name)"
    )
    assert empty.queries_of(INSTANCES)[1]["start"] == "1"


def test_lists_that_failed_for_good_are_not_read_again_for_being_short(
    empty, far_cloud
):
    empty.answers.pop(VPC)
    empty.says(VPC, "", 403)
    instances(empty, an_instance("c1"))

    found = far_cloud.targets().checked()

    reasons = [note.reason for note in found.unseen]
    assert reasons == [Reason.LIST_UNREADABLE, Reason.LIST_SHORT]
    assert found.is_final


def test_the_groups_names_come_along_for_targets_without_clusters(empty, far_cloud):
    instances(empty)

    assert far_cloud.targets().checked().group_names == {PROD: "prod"}
