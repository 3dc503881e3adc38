"""What the reader may see is proven by its policies, or it is not known."""

import json
from pathlib import Path

import pytest
from ibmcloud_scenes import settings_for

from config.settings import Secret
from simulator import Fault, Policy, account_reader, drop_before, status, truncate
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.policies import access_groups_of, policies_of
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.tokens import Tokens
from workers.offboarding import rights
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import Right, Visibility

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "fixtures" / "published-ibm"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
ROLE = "crn:v1:bluemix:public:iam::::role:"
POLICIES, GROUPS = "GET /v2/policies", "GET /v2/groups"
SETTINGS = f"GET /v1/accounts/{ACCOUNT}/settings/identity"

CLUSTERS = Policy(("Viewer",), service_name="containers-kubernetes")
KEYS = Policy(("Administrator",), service_name="iam-identity")
USERS = Policy(("Viewer",), service_name="user-management")
GRANT_CLUSTERS = (
    "ibmcloud iam service-policy-create ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
    " --roles Viewer --service-name containers-kubernetes"
)


def a_policy(**changed):
    """A policy as the API shows it: Administrator on clusters, account-wide."""
    resource = {"attributes": [{"key": "serviceName", "operator": "stringEquals"}]}
    resource["attributes"][0]["value"] = "containers-kubernetes"
    grant = {"grant": {"roles": [{"role_id": f"{ROLE}Administrator"}]}}
    return {"type": "access", "resource": resource, "control": grant} | changed


def sample(name):
    return json.loads((HERE / "samples" / f"{name}.json").read_text())["response"]


def published(name):
    text = (PUBLISHED / f"{name}.json").read_text()
    return json.loads(text)["response"]["bodies_in_order"]


@pytest.fixture
def far_iam(far):
    """Who reads policies, before a far side."""
    tokens = Tokens(Secret("k"), far.url, ACCOUNT)
    return Asker(tokens, settings_for(far.url), reading_session())


def test_a_reader_with_the_three_roles_account_wide_sees_all(scene, cloud):
    scene.set_policies(READER, account_reader())
    scene.restrict_user_list_visibility = "RESTRICTED"

    found = cloud.visibility()

    assert found == Visibility(Right.OK, Right.OK, Right.OK)
    assert found.is_proven


def test_policies_are_read_with_the_readers_own_token(simulator, cloud):
    cloud.visibility()

    calls = simulator.journal.calls("GET")
    assert {call.caller for call in calls} == {READER}
    (asked,) = (one for one in calls if one.path == "/v2/policies")
    assert asked.query == {
        "account_id": ACCOUNT,
        "iam_id": READER,
        "type": "access",
        "state": "active",
        "limit": "100",
    }


def test_access_groups_are_not_asked_where_direct_policies_prove_all(simulator, cloud):
    cloud.visibility()

    assert simulator.journal.calls("GET", "/v2/groups") == []


def test_policies_of_access_groups_count_by_whatever_rule_one_is_in(
    scene, simulator, cloud
):
    scene.set_policies(READER, [CLUSTERS])
    scene.add_access_group("g1", "readers", members=[READER], policies=[KEYS])
    scene.add_access_group("g2", "rule", dynamic_members=[READER], policies=[USERS])
    scene.restrict_user_list_visibility = "RESTRICTED"

    assert cloud.visibility().is_proven
    (call,) = simulator.journal.calls("GET", "/v2/groups")
    assert call.query["membership_type"] == "all"
    assert call.query["iam_id"] == READER


@pytest.mark.parametrize(
    "narrow",
    [
        Policy(("Viewer",), service_name="containers-kubernetes", region="us-south"),
        Policy(
            ("Viewer",), service_name="containers-kubernetes", resource_group_id=PROD
        ),
        Policy(("Reader",), service_name="containers-kubernetes"),
        Policy(("Administrator",), service_name="cloud-object-storage"),
    ],
)
def test_a_narrower_right_does_not_prove_that_every_cluster_is_seen(
    scene, cloud, narrow
):
    scene.set_policies(READER, [narrow, KEYS])

    found = cloud.visibility()

    assert found.clusters is Right.MISSING
    assert found.keys is Right.OK
    assert found.users is Right.OK
    assert not found.is_proven
    assert found.why == (
        f"Some clusters may be hidden from {READER}: no policy shown gives it Viewer on"
        " Kubernetes Service in the whole account. To grant Viewer on Kubernetes"
        f" Service in the whole account: {GRANT_CLUSTERS}",
    )


def test_a_policy_that_holds_only_at_times_proves_nothing(scene, cloud):
    rule = {"key": "{{environment.attributes.day_of_week}}", "operator": "dayOfWeek"}
    limited = Policy(("Viewer",), service_name="containers-kubernetes", rule=rule)
    scene.set_policies(READER, [limited, KEYS])

    found = cloud.visibility()

    assert found.clusters is Right.CANNOT_TELL
    assert "cannot be told from outside" in found.why[0]
    assert found.why[0].endswith(GRANT_CLUSTERS)


def test_without_any_policy_shown_nothing_is_known_and_nothing_missing(scene, cloud):
    scene.own_policies_readable = False
    scene.set_policies(READER, [])

    found = cloud.visibility()

    assert (found.clusters, found.keys) == (Right.CANNOT_TELL, Right.CANNOT_TELL)
    assert len(found.why) == 2
    assert "IBM Cloud shows none of its policies" in found.why[0]
    assert found.why[1] == (
        f"Other people's API keys may be hidden from {READER}: IBM Cloud shows none of"
        " its policies, and an account owner needs none. To grant Administrator on IAM"
        " Identity Service in the whole account: ibmcloud iam service-policy-create"
        " ServiceId-0a1b2c3d-1111-2222-3333-444455556666 --roles Administrator"
        " --service-name iam-identity"
    )


@pytest.mark.parametrize(
    "action",
    [status(403), status(500), status(429), drop_before(), truncate(30), status(200)],
)
@pytest.mark.parametrize("path", ["/v2/policies", "/v2/groups"])
def test_a_read_that_failed_makes_it_unknown_and_says_so(
    scene, simulator, cloud, path, action
):
    scene.set_policies(READER, [CLUSTERS] if path == "/v2/groups" else [])
    simulator.faults.add(Fault("GET", path, action, times=None))

    found = cloud.visibility()

    assert found.keys is Right.CANNOT_TELL
    assert "its policies could not all be read (Listing access " in found.why[-1]


def test_one_group_that_cannot_be_read_hides_no_other(scene, simulator, cloud):
    scene.set_policies(READER, [CLUSTERS])
    scene.add_access_group("g1", "one", members=[READER], policies=[])
    scene.add_access_group("g2", "two", members=[READER], policies=[KEYS])
    simulator.faults.add(Fault("GET", "/v2/policies", status(403), skip=1))

    assert cloud.visibility().keys is Right.OK


def test_a_key_that_is_refused_is_no_exception(scene, cloud):
    scene.remove_person(READER)

    found = cloud.visibility()

    assert not found.is_proven
    assert found.users is Right.CANNOT_TELL
    (why,) = found.why
    assert why.startswith("Whether anything is hidden from our key cannot be told: ")


@pytest.mark.parametrize(
    ("restricted", "policies", "users"),
    [
        ("NOT_RESTRICTED", [CLUSTERS, KEYS], Right.OK),
        ("RESTRICTED", [CLUSTERS, KEYS], Right.MISSING),
        ("RESTRICTED", [CLUSTERS, KEYS, USERS], Right.OK),
        ("NOT_SET", [CLUSTERS, KEYS], Right.CANNOT_TELL),
    ],
)
def test_the_user_list_is_open_or_takes_a_role(
    scene, cloud, restricted, policies, users
):
    scene.restrict_user_list_visibility = restricted
    scene.set_policies(READER, policies)

    found = cloud.visibility()

    assert found.users is users
    assert found.is_proven is (users is Right.OK)


def test_settings_that_cannot_be_read_leave_the_user_list_unknown(
    scene, simulator, cloud
):
    scene.set_policies(READER, [CLUSTERS, KEYS])
    simulator.faults.add(Fault("GET", SETTINGS.removeprefix("GET "), status(403)))

    assert cloud.visibility().users is Right.CANNOT_TELL


@pytest.mark.parametrize(
    ("email", "whom"),
    [
        ("robin.park@example.com", "robin.park@example.com"),
        ("o'neil; rm x@example.com", "'o'\"'\"'neil; rm x@example.com'"),
        (None, "IBMid-1"),
    ],
)
def test_the_command_names_a_person_as_the_shell_can_take_it(
    far, far_cloud, email, whom
):
    far.answers.clear()
    far.gives_tokens(iam_id="IBMid-1", email=email)
    far.says(POLICIES, {"policies": []})
    far.says(GROUPS, {"groups": []})

    why = far_cloud.visibility().why

    assert why[0].endswith(
        f" ibmcloud iam user-policy-create {whom} --roles Viewer"
        " --service-name containers-kubernetes"
    )


def test_all_pages_of_policies_and_groups_are_read(scene, simulator, cloud):
    filler = [Policy(("Viewer",), service_name=f"service-{n}") for n in range(130)]
    scene.set_policies(READER, [*filler, CLUSTERS])
    for number in range(130):
        scene.add_access_group(f"g{number:03}", "g", members=[READER], policies=[])
    scene.add_access_group("last", "g", members=[READER], policies=[KEYS])

    assert cloud.visibility().is_proven
    assert len(simulator.journal.calls("GET", "/v2/groups")) == 2


@pytest.mark.parametrize(
    "page",
    [
        {},
        [],
        {"policies": None},
        {"policies": [a_policy(resource={})]},
        {"policies": [a_policy(control={})]},
        {"policies": [{"type": "access"}]},
        {"policies": [], "next": {"href": "/v2/policies"}},
        {"policies": [], "next": {"start": "again"}},
        {"policies": [], "next": "page 2"},
    ],
)
def test_policies_that_make_no_sense_are_an_error(far, far_iam, page):
    far.says(POLICIES, page)

    with pytest.raises(TransientError) as caught:
        policies_of(far_iam, iam_id=READER)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"groups": [{}]},
        {"groups": [], "next": {}},
        {"groups": [], "next": {"href": "/v2/groups?limit=1"}},
        {"groups": [], "next": {"href": "/v2/groups?offset=1"}},
    ],
)
def test_groups_that_make_no_sense_are_an_error(far, far_iam, page):
    far.says(GROUPS, page)

    with pytest.raises(TransientError) as caught:
        access_groups_of(far_iam, READER)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_the_published_pages_of_policies_are_read(far, far_iam):
    for page in published("psdk_policies_v2_two_pages"):
        far.says(POLICIES, page)

    found = policies_of(far_iam, iam_id=READER)

    one = rights.Policy(
        (("key", "stringEquals", "anyValue"),), ("role_id",), has_condition=True
    )
    assert found == (one, one)
    assert far.queries_of(POLICIES)[1]["start"] == "1"


def test_the_published_pages_of_groups_are_read(far, far_iam):
    for page in published("psdk_access_groups_two_pages"):
        far.says(GROUPS, page)

    assert access_groups_of(far_iam, READER) == ("id", "id")
    assert far.queries_of(GROUPS)[1]["offset"] == "1"


def test_the_samples_are_read_as_they_are(far, far_iam):
    far.says(POLICIES, sample("policies-v2-direct")["body"])

    found = policies_of(far_iam, iam_id=READER)

    assert found[0] == rights.Policy(
        (
            ("accountId", "stringEquals", ACCOUNT),
            ("serviceName", "stringEquals", "containers-kubernetes"),
        ),
        (f"{ROLE}Administrator", "crn:v1:bluemix:public:iam::::serviceRole:Manager"),
    )
    assert rights.right_to(found, "containers-kubernetes", "Viewer") is Right.OK
    assert rights.right_to(found, "iam-identity", "Operator") is Right.MISSING


@pytest.mark.parametrize(
    ("given", "read"),
    [("x", "x"), (True, "true"), (False, "false"), (["a", "b"], ("a", "b")), (5, "5")],
)
def test_a_value_may_be_a_text_a_truth_or_several(far, far_iam, given, read):
    attribute = {"key": "region", "operator": "o", "value": given}
    page = {"policies": [a_policy(resource={"attributes": [attribute]})]}
    far.says(POLICIES, page)

    (found,) = policies_of(far_iam, iam_id=READER)

    assert found.attributes == (("region", "o", read),)


@pytest.mark.parametrize(
    "changed",
    [
        {"rule": {"operator": "or", "conditions": []}},
        {"pattern": "time-based-conditions:weekly"},
        {"resource": {"attributes": [], "tags": [{"key": "env", "value": "dev"}]}},
    ],
)
def test_rules_patterns_and_tags_are_conditions(far, far_iam, changed):
    far.says(POLICIES, {"policies": [a_policy(**changed)]})

    (found,) = policies_of(far_iam, iam_id=READER)

    assert found.has_condition


def test_what_lets_services_in_is_no_policy_of_ours(far, far_iam):
    far.says(POLICIES, {"policies": [a_policy(type="authorization")]})

    assert policies_of(far_iam, iam_id=READER) == ()
