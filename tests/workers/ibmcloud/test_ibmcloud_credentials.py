"""Classic credentials: one list tells of most targets, the others are asked."""

import json
from pathlib import Path

import pytest

from simulator import Fault, published_error, status
from workers.offboarding.errors import Reason
from workers.offboarding.model import Cluster, ResourceGroup, Target, Unread

SAMPLES = Path(__file__).parent / "samples"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
LIST = "GET /global/v1/clusters"
ONE = "GET /global/v1/credentials"
USER = "1234567_dana.lee@example.com"


def a_classic(*ids, region="us-south", group=PROD, readable=True, provider="classic"):
    clusters = tuple(Cluster(one, one, provider, readable) for one in ids)
    return Target(ACCOUNT, region, ResourceGroup(group, "prod"), clusters)


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())["response"]


@pytest.fixture
def classic(scene):
    scene.add_cluster("b1", "b1", region="us-south", group_id=PROD, provider="classic")
    scene.add_cluster("b2", "b2", region="eu-de", group_id=PROD, provider="classic")
    return scene


def test_a_stored_user_is_read_where_one_is_set(classic, simulator, cloud):
    classic.set_classic_credential("us-south", PROD, USER)
    targets = [a_classic("b1"), a_classic("b2", region="eu-de")]

    found = cloud.classic_credentials(targets)

    assert found == {targets[0].id: USER}
    (call,) = simulator.journal.calls("GET", "/global/v1/credentials")
    assert call.headers == {
        "X-Region": "us-south",
        "X-Auth-Resource-Group": PROD,
        "X-Auth-Resource-Account": ACCOUNT,
    }


def test_a_target_without_classic_clusters_is_not_asked_for(far, far_cloud):
    assert far_cloud.classic_credentials([a_classic("c1", provider="vpc-gen2")]) == {}
    assert far.calls == []


def test_where_the_list_says_plainly_none_nothing_more_is_asked(far, far_cloud):
    far.says(LIST, [{"id": "b1", "apiUser": ""}, {"id": "b2", "apiUser": ""}])

    found = far_cloud.classic_credentials([a_classic("b1", "b2")])

    assert found == {}
    assert far.asked(ONE) == 0


@pytest.mark.parametrize(
    "listed",
    [
        [{"id": "b1", "apiUser": USER}],
        [{"id": "b1", "apiUser": " "}],
        [{"id": "b1", "apiUser": None}],
        [{"id": "b1"}],
        [],
        [{"id": "other", "apiUser": ""}],
        [5, None, {"apiUser": ""}],
        {"clusters": []},
        "<html>",
    ],
)
def test_where_the_list_does_not_say_the_target_is_asked(far, far_cloud, listed):
    far.says(LIST, listed)
    far.says(ONE, {"apiUser": USER})
    target = a_classic("b1")

    assert far_cloud.classic_credentials([target]) == {target.id: USER}


@pytest.mark.parametrize("code", [403, 404, 500])
def test_a_list_that_failed_is_no_answer(far, far_cloud, code):
    far.says(LIST, "", code)
    far.says(ONE, {"apiUser": USER})
    target = a_classic("b1")

    assert far_cloud.classic_credentials([target]) == {target.id: USER}


def test_one_cluster_that_is_not_listed_is_enough_to_ask(far, far_cloud):
    far.says(LIST, [{"id": "b1", "apiUser": ""}])
    far.says(ONE, {"apiUser": USER})

    assert list(far_cloud.classic_credentials([a_classic("b1", "b2")]).values()) == [
        USER
    ]


def test_a_cluster_being_deleted_need_not_be_listed(far, far_cloud):
    far.says(LIST, [{"id": "b1", "apiUser": ""}])
    target = a_classic("b1")
    gone = Cluster("b2", "b2", "classic", readable=False)
    both = Target(ACCOUNT, "us-south", target.resource_group, (*target.clusters, gone))

    assert far_cloud.classic_credentials([both]) == {}
    assert far.asked(ONE) == 0


def test_with_nothing_but_clusters_being_deleted_the_target_is_asked(far, far_cloud):
    far.says(LIST, [{"id": "b1", "apiUser": ""}])
    far.says(ONE, {"apiUser": USER})
    target = a_classic("b1", readable=False)

    assert far_cloud.classic_credentials([target]) == {target.id: USER}


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 500])
def test_none_set_is_an_answer_whatever_its_status(far, far_cloud, code):
    far.says(LIST, [])
    far.says(ONE, sample("ks-credentials-none")["body"], code)

    assert far_cloud.classic_credentials([a_classic("b1")]) == {}


def test_none_set_does_not_cost_us_our_token(far, far_cloud):
    far.says(LIST, [])
    far.says(ONE, sample("ks-credentials-none")["body"], 401)

    far_cloud.classic_credentials([a_classic("b1")])
    far_cloud.classic_credentials([a_classic("b1")])

    assert far.asked("POST /identity/token") == 1


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ("", 403, Reason.NO_ROLE),
        ("", 404, Reason.NOT_FOUND),
        ("", 500, Reason.UNREACHABLE),
        ("slow down", 429, Reason.RATE_LIMITED),
        ("", 200, Reason.UNEXPECTED_ANSWER),
        ({}, 200, Reason.UNEXPECTED_ANSWER),
        ({"apiUser": None}, 200, Reason.UNEXPECTED_ANSWER),
        ([], 200, Reason.UNEXPECTED_ANSWER),
    ],
)
def test_what_could_not_be_read_is_unread_and_never_none(
    far, far_cloud, body, code, reason
):
    far.says(LIST, [])
    far.says(ONE, body, code)

    (found,) = far_cloud.classic_credentials([a_classic("b1")]).values()

    assert isinstance(found, Unread)
    assert found.reason is reason
    assert found.detail.startswith("Reading the classic credential: ")


def test_an_empty_user_is_none(far, far_cloud):
    far.says(LIST, [])
    far.says(ONE, {"apiUser": ""})

    assert far_cloud.classic_credentials([a_classic("b1")]) == {}


def test_one_target_that_cannot_be_read_hides_no_other(simulator, cloud, classic):
    classic.set_classic_credential("us-south", PROD, USER)
    classic.set_classic_credential("eu-de", PROD, USER)
    simulator.faults.add(Fault("GET", "/global/v1/credentials", status(500)))
    targets = [a_classic("b1"), a_classic("b2", region="eu-de")]

    found = cloud.classic_credentials(targets)

    assert isinstance(found[targets[0].id], Unread)
    assert found[targets[1].id] == USER


@pytest.mark.parametrize(
    ("code", "reason"), [(429, Reason.RATE_LIMITED), (401, Reason.BAD_KEY)]
)
def test_what_holds_for_all_targets_is_not_asked_for_each(far, far_cloud, code, reason):
    far.says(LIST, [])
    far.says(ONE, "", code)
    targets = [a_classic("b1"), a_classic("b1", region="eu-de")]

    found = far_cloud.classic_credentials(targets)

    assert [one.reason for one in found.values()] == [reason, reason]
    assert far.asked(ONE) == 1


def test_the_published_code_of_none_is_known(simulator, cloud, classic):
    classic.set_classic_credential("us-south", PROD, USER)
    none = published_error("E0051")
    simulator.faults.add(Fault("GET", "/global/v1/credentials", none))

    assert cloud.classic_credentials([a_classic("b1")]) == {}


def test_the_samples_are_read_as_they_are(far, far_cloud):
    far.says(LIST, sample("ks-v1-clusters")["body"])
    far.says(ONE, sample("ks-credentials-set")["body"])
    target = a_classic("bq0aaaa10classic001")

    assert far_cloud.classic_credentials([target]) == {
        target.id: "1234567_leaver@example.com"
    }


def test_nothing_is_ever_set_or_unset(far, far_cloud):
    far.says(LIST, [])
    far.says(ONE, {"apiUser": USER})

    far_cloud.classic_credentials([a_classic("b1")])

    assert set(far.calls) == {"POST /identity/token", LIST, ONE}
