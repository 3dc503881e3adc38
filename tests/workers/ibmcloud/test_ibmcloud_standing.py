"""How a functional ID stands: whoever can be asked is, and the rest is said."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from ibmcloud_scenes import (
    ACCOUNT,
    FUNCTIONAL,
    FUNCTIONAL_KEY,
    LEAVER,
    PROD,
    READER,
    READER_KEY,
    STEWARD,
    Replaced,
    a_functional_id,
    a_target,
    an_account,
    delete_login,
    settings_for,
)

from simulator import Fault, Policy, delay, drop_before, status, truncate
from workers.ibmcloud.account import IbmAccount
from workers.ibmcloud.pace import Pace
from workers.offboarding import rights
from workers.offboarding.errors import StoreAwayError, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "published-ibm"
PROFILE = f"/v2/accounts/{ACCOUNT}/users/{FUNCTIONAL}"
SETTINGS = f"/v1/accounts/{ACCOUNT}/settings/identity"
SERVICE = "iam-ServiceId-99999999-aaaa-bbbb-cccc-000000000001"
SERVICE_PATH = f"/v1/serviceids/{SERVICE.removeprefix('iam-')}"
ROLE = "crn:v1:bluemix:public:iam::::role:"
CLUSTERS = Policy(("Administrator",), service_name="containers-kubernetes")
KEYS = Policy(("Operator",), service_name="iam-identity")


def roles(standing):
    return {role.removeprefix(ROLE) for one in standing.policies for role in one.roles}


def callers(simulator, path):
    return [call.caller for call in simulator.journal.calls("GET", path)]


def a_policy(*granted):
    attribute = {
        "key": "serviceName",
        "operator": "stringEquals",
        "value": "containers-kubernetes",
    }
    return {
        "resource": {"attributes": [attribute]},
        "control": {"grant": {"roles": list(granted)}},
    }


@pytest.fixture
def stands_well(far):
    """A far side that shows a functional ID in order; it reads the account, too."""
    far.says(f"GET {PROFILE}", {"iam_id": FUNCTIONAL, "state": "ACTIVE"})
    far.says(
        f"GET {SETTINGS}",
        {"restrict_create_platform_apikey": "NOT_RESTRICTED"},
    )
    far.says("GET /v2/groups", {"groups": []})
    far.says("GET /v2/policies", {"policies": [a_policy({"role_id": f"{ROLE}Viewer"})]})
    far.says("GET /v1/apikeys", {"apikeys": [{"id": "k1", "iam_id": FUNCTIONAL}]})
    return far


def test_all_that_preflight_judges_is_seen(scene, simulator):
    scene.set_policies(FUNCTIONAL, [CLUSTERS, KEYS])
    scene.restrict_create_platform_apikey = "RESTRICTED"
    scene.add_login_key(FUNCTIONAL, "another-key")
    scene.set_owner("us-south", PROD, FUNCTIONAL)
    ours = a_functional_id(
        "steward",
        regions=("us-south", "eu-central"),
        resource_groups=("prod",),
        key_limit=40,
    )
    cloud = IbmAccount(
        an_account(ours, reader=READER_KEY), settings_for(simulator.url), Pace()
    )

    standing = cloud.standing(KeyOwner(FUNCTIONAL))

    assert standing.identity == STEWARD
    assert standing.name == "steward"
    assert standing.regions == ("us-south", "eu-de")
    assert standing.resource_groups == ("prod",)
    assert roles(standing) == {"Administrator", "Operator"}
    assert (standing.state, standing.is_locked) == ("ACTIVE", False)
    assert (standing.keys, standing.key_limit, standing.free) == (3, 40, 37)
    assert standing.is_key_creation_restricted is True
    assert datetime.now(UTC) - standing.at < timedelta(seconds=30)
    faults = standing.policies_fault, standing.keys_fault, standing.state_fault
    assert faults == ("", "", "")


def test_the_reader_is_asked_for_all_but_the_keys_and_its_own_view_of_its_rights(
    scene, simulator, cloud
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])

    cloud.standing(STEWARD)

    assert callers(simulator, "/v1/apikeys") == [FUNCTIONAL]
    for path in ("/v2/policies", "/v2/groups"):
        assert set(callers(simulator, path)) == {READER, FUNCTIONAL}
    for path in (PROFILE, SETTINGS):
        assert set(callers(simulator, path)) == {READER}
    first = simulator.journal.calls("GET", "/v2/policies")[0]
    assert first.query == {
        "account_id": ACCOUNT,
        "iam_id": FUNCTIONAL,
        "type": "access",
        "state": "active",
        "format": "display",
        "limit": "100",
    }


def test_policies_of_its_access_groups_and_of_public_access_count(
    scene, simulator, cloud
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    scene.add_access_group("g1", "rule", dynamic_members=[FUNCTIONAL], policies=[KEYS])

    standing = cloud.standing(STEWARD)

    assert roles(standing) == {"Administrator", "Operator"}
    calls = simulator.journal.calls("GET", "/v2/groups")
    assert {call.query["membership_type"] for call in calls} == {"all"}
    asked = [
        one.query.get("access_group_id")
        for one in simulator.journal.calls("GET", "/v2/policies")
    ]
    assert "g1" in asked


def test_what_is_hidden_from_the_reader_the_functional_id_sees_of_itself(
    scene, simulator, cloud
):
    scene.set_policies(READER, [])
    scene.set_policies(FUNCTIONAL, [CLUSTERS])

    standing = cloud.standing(STEWARD)

    assert roles(standing) == {"Administrator"}
    assert standing.policies_fault == ""
    assert set(callers(simulator, "/v2/policies")) == {READER, FUNCTIONAL}


@pytest.mark.parametrize("action", [status(403), status(500), drop_before()])
def test_where_the_reader_fails_the_functional_id_is_asked(
    scene, simulator, cloud, action
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    readers = {"Authorization": f"Bearer {cloud._reader.token().bearer.reveal()}"}
    for path in ("/v2/policies", PROFILE, SETTINGS):
        simulator.faults.add(Fault("GET", path, action, where=readers))

    standing = cloud.standing(STEWARD)

    assert (roles(standing), standing.policies_fault) == ({"Administrator"}, "")
    assert (standing.state, standing.state_fault) == ("ACTIVE", "")
    assert standing.is_key_creation_restricted is False


def test_a_part_that_the_reader_sees_is_kept_where_the_rest_fails_for_both(
    scene, simulator, cloud
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    simulator.faults.add(Fault("GET", "/v2/groups", status(403), times=None))

    standing = cloud.standing(STEWARD)

    assert roles(standing) == {"Administrator"}
    assert standing.policies_fault.startswith(
        "Listing access groups: IBM Cloud answered 403"
    )


@pytest.mark.parametrize(
    "action", [status(403), status(500), status(429), truncate(30), status(200)]
)
@pytest.mark.parametrize("path", ["/v2/policies", "/v2/groups"])
def test_policies_that_nobody_can_read_whole_are_not_taken_for_all(
    scene, simulator, cloud, path, action
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    simulator.faults.add(Fault("GET", path, action, times=None))

    assert cloud.standing(STEWARD).policies_fault.startswith("Listing access ")


def test_no_policy_shown_to_anybody_is_not_taken_for_no_right(scene, cloud):
    scene.set_policies(FUNCTIONAL, [])

    standing = cloud.standing(STEWARD)

    assert standing.policies == ()
    assert standing.policies_fault == "IBM Cloud shows none of its policies"


def test_without_a_reader_the_functional_id_is_asked_once(scene, simulator):
    scene.set_policies(FUNCTIONAL, [])
    cloud = IbmAccount(an_account(), settings_for(simulator.url), Pace())

    cloud.standing(STEWARD)

    assert callers(simulator, "/v2/groups") == [FUNCTIONAL]


@pytest.mark.parametrize("path", [PROFILE, "/v1/apikeys", SETTINGS])
@pytest.mark.parametrize("action", [status(403), status(500), status(200, "{}")])
def test_what_cannot_be_seen_is_said_and_never_raised(
    scene, simulator, cloud, path, action
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    simulator.faults.add(Fault("GET", path, action, times=None))

    standing = cloud.standing(STEWARD)

    hidden = {
        PROFILE: (standing.state, standing.state_fault[:12]),
        "/v1/apikeys": (standing.free, standing.keys_fault[:12]),
        SETTINGS: (standing.is_key_creation_restricted, ""),
    }
    words = {PROFILE: "Reading the ", "/v1/apikeys": "Listing the ", SETTINGS: ""}
    assert hidden[path] == (None, words[path])


def test_an_empty_list_of_its_keys_is_not_twenty_free_slots(stands_well, far_cloud):
    stands_well.answers["GET /v1/apikeys"].clear()
    stands_well.says("GET /v1/apikeys", {"apikeys": []})

    standing = far_cloud.standing(STEWARD)

    assert (standing.keys, standing.free) == (None, None)
    assert standing.keys_fault == "Listing the functional ID's API keys: it is empty"


def test_a_list_of_others_keys_is_not_twenty_free_slots(stands_well, far_cloud):
    stands_well.answers["GET /v1/apikeys"].clear()
    stands_well.says("GET /v1/apikeys", {"apikeys": [{"id": "k", "iam_id": LEAVER}]})

    standing = far_cloud.standing(STEWARD)

    assert (standing.keys, standing.free) == (None, None)
    with pytest.raises(TransientError, match="only others' keys"):
        far_cloud.has_new_key(a_target("c1"), STEWARD, datetime.now(UTC))


def test_a_key_that_is_refused_hides_only_what_it_alone_may_see(
    scene, simulator, cloud
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    fault = status(400, json.dumps({"errorCode": "BXNIM0415E"}))
    cloud.reader_id()
    simulator.faults.add(Fault("POST", "/identity/token", fault, times=None))

    standing = cloud.standing(STEWARD)

    refused = "Getting a token: IBM Cloud answered 400 BXNIM0415E"
    assert standing.keys_fault.startswith(refused)
    assert standing.key_fault.startswith(refused)
    assert standing.keys is None
    assert (standing.state, standing.policies_fault) == ("ACTIVE", "")
    assert standing.identity == STEWARD


def test_with_every_key_refused_every_fault_says_so(scene, cloud):
    scene.remove_person(FUNCTIONAL)
    scene.remove_person(READER)

    standing = cloud.standing(STEWARD)

    refused = "Getting a token: IBM Cloud answered 400 BXNIM0415E"
    for fault in (standing.keys_fault, standing.policies_fault, standing.state_fault):
        assert fault.startswith(refused)
    assert (standing.policies, standing.keys, standing.state) == ((), None, None)
    assert standing.is_key_creation_restricted is None


def test_a_key_replaced_between_two_looks_shows_nothing_of_another(scene, simulator):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    scene.token_life_seconds = 40
    gone = partial(delete_login, scene, FUNCTIONAL)
    key = Replaced(FUNCTIONAL_KEY, "second-key", after=2, with_it=gone)
    ours = replace(a_functional_id(), apikey=key)
    cloud = IbmAccount(
        an_account(ours, reader=READER_KEY), settings_for(simulator.url), Pace()
    )

    standing = cloud.standing(STEWARD)

    assert standing.identity == STEWARD
    assert standing.keys_fault == "The key of functional-id is another identity's now"
    assert simulator.journal.calls("GET", "/v1/apikeys") == []


def test_one_that_is_none_of_ours_is_looked_at_by_the_reader_alone(simulator, cloud):
    standing = cloud.standing(KeyOwner(LEAVER, "Dana Lee", "dana.lee@example.com"))

    assert standing.state == "ACTIVE"
    assert standing.keys is None
    assert standing.keys_fault == (
        f"dana.lee@example.com ({LEAVER}) is no functional ID of this account"
    )
    assert FUNCTIONAL not in {call.caller for call in simulator.journal.calls("GET")}


def test_a_user_who_is_not_active_is_told_by_the_state(stands_well, far_cloud):
    stands_well.answers[f"GET {PROFILE}"].clear()
    stands_well.says(f"GET {PROFILE}", {"state": "PENDING"})

    assert far_cloud.standing(STEWARD).state == "PENDING"


def test_the_published_profile_is_read(stands_well, far_cloud):
    path = PUBLISHED / "psdk_users_get_profile.json"
    stands_well.answers[f"GET {PROFILE}"].clear()
    stands_well.says(f"GET {PROFILE}", json.loads(path.read_text())["response"]["body"])

    assert far_cloud.standing(STEWARD).state == "state"


@pytest.mark.parametrize("profile", [{}, {"state": None}, {"state": ""}, {"state": 5}])
def test_a_profile_without_a_state_is_not_one_in_order(stands_well, far_cloud, profile):
    stands_well.answers[f"GET {PROFILE}"].clear()
    stands_well.says(f"GET {PROFILE}", profile)

    standing = far_cloud.standing(STEWARD)

    assert standing.state is None
    assert standing.state_fault == (
        "Reading the functional ID's user profile: the answer has not the shape we know"
    )


@pytest.mark.parametrize("is_locked", [True, False])
def test_a_service_id_has_no_state_and_may_be_locked(stands_well, far_cloud, is_locked):
    stands_well.answers.pop("POST /identity/token")
    stands_well.gives_tokens(iam_id=SERVICE, sub_type="ServiceId")
    answer = json.loads((PUBLISHED / "psdk_iam_list_service_ids.json").read_text())
    (published,) = answer["response"]["body"]["serviceids"]
    stands_well.says(f"GET {SERVICE_PATH}", published | {"locked": is_locked})

    standing = far_cloud.standing(KeyOwner(SERVICE))

    assert (standing.state, standing.state_fault) == (None, "")
    assert standing.is_locked is is_locked
    assert standing.identity.kind is OwnerKind.FUNCTIONAL_ID
    assert stands_well.asked(f"GET {PROFILE}") == 0


@pytest.mark.parametrize("answer", [{}, {"locked": None}, {"locked": "no"}])
def test_a_service_id_that_does_not_say_is_not_taken_for_unlocked(
    stands_well, far_cloud, answer
):
    stands_well.answers.pop("POST /identity/token")
    stands_well.gives_tokens(iam_id=SERVICE)
    stands_well.says(f"GET {SERVICE_PATH}", answer)

    assert far_cloud.standing(KeyOwner(SERVICE)).state_fault == (
        "Reading the functional ID's service ID: it does not say whether it is locked"
    )


@pytest.mark.parametrize(
    ("said", "is_restricted"),
    [
        ("RESTRICTED", True),
        ("NOT_RESTRICTED", False),
        ("NOT_SET", False),
        ("SOMETHING_NEW", None),
        (None, None),
    ],
)
def test_whether_making_keys_takes_a_role_is_only_said_where_it_is_known(
    stands_well, far_cloud, said, is_restricted
):
    stands_well.answers[f"GET {SETTINGS}"].clear()
    stands_well.says(f"GET {SETTINGS}", {"restrict_create_platform_apikey": said})

    assert far_cloud.standing(STEWARD).is_key_creation_restricted is is_restricted


def action(*ids):
    return {
        "actions": [{"id": one, "display_name": "", "description": ""} for one in ids]
    }


CREATE, READ = (
    "containers-kubernetes.cluster.create",
    "containers-kubernetes.cluster.read",
)


@pytest.mark.parametrize(
    ("granted", "actions"),
    [
        ([action(CREATE, READ)], (CREATE, READ)),
        ([action(CREATE), action(READ, CREATE)], (CREATE, READ)),
        ([{"actions": [CREATE]}], (CREATE,)),
        ([{}], None),
        ([action()], None),
        ([{"actions": None}], None),
        ([{"actions": "all"}], None),
        ([{"actions": [{"display_name": "Create"}]}], None),
        ([{"actions": [CREATE, 5]}], None),
        # One of two does not say it: what they allow together is not known.
        ([action(CREATE), {}], None),
        ([], None),
    ],
)
def test_what_roles_allow_is_read_where_all_of_them_say_it(
    stands_well, far_cloud, granted, actions
):
    with_ids = [{"role_id": f"role-{n}"} | one for n, one in enumerate(granted)]
    stands_well.answers["GET /v2/policies"].clear()
    stands_well.says("GET /v2/policies", {"policies": [a_policy(*with_ids)]})

    (policy,) = far_cloud.standing(STEWARD).policies

    assert policy == rights.Policy(
        (("serviceName", "stringEquals", "containers-kubernetes"),),
        tuple(one["role_id"] for one in with_ids),
        actions=actions,
    )


def test_the_published_policies_are_read_on_all_pages(stands_well, far_cloud):
    pages = json.loads((PUBLISHED / "psdk_policies_v2_two_pages.json").read_text())
    stands_well.answers["GET /v2/policies"].clear()
    for page in pages["response"]["bodies_in_order"]:
        stands_well.says("GET /v2/policies", page)

    standing = far_cloud.standing(STEWARD)

    # Both published pages hold the same policy.
    assert standing.policies == (
        rights.Policy(
            (("key", "stringEquals", "anyValue"),), ("role_id",), has_condition=True
        ),
    )
    asked = stands_well.queries_of("GET /v2/policies")
    assert [one.get("start") for one in asked] == [None, "1"]
    assert {one["format"] for one in asked} == {"display"}


def test_a_look_is_used_again_for_a_while(stands_well, far_cloud):
    first = far_cloud.standing(STEWARD)
    calls = len(stands_well.calls)

    assert far_cloud.standing(KeyOwner(FUNCTIONAL)) is first
    assert len(stands_well.calls) == calls


def test_a_look_is_made_anew_when_it_is_too_old_or_asked_for(
    monkeypatch, stands_well, far_cloud
):
    far_cloud.standing(STEWARD)
    far_cloud.standing(STEWARD, max_age_seconds=0)
    asked = stands_well.asked("GET /v1/apikeys")
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 200)
    far_cloud.standing(STEWARD)
    still = stands_well.asked("GET /v1/apikeys")
    monkeypatch.setattr(time, "monotonic", lambda: now + 241)
    far_cloud.standing(STEWARD)

    assert (asked, still, stands_well.asked("GET /v1/apikeys")) == (2, 2, 3)


def test_a_passing_fault_is_not_kept_as_long(monkeypatch, stands_well, far_cloud):
    stands_well.answers["GET /v1/apikeys"].insert(0, (503, "", {}))
    faulty = far_cloud.standing(STEWARD)
    again = far_cloud.standing(STEWARD)
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 11)
    mended = far_cloud.standing(STEWARD)

    assert again is faulty
    assert (faulty.keys, mended.keys) == (None, 1)


def test_a_passing_fault_is_not_looked_at_by_each_who_asks_where_all_else_is_older(
    monkeypatch, stands_well, far_cloud
):
    # What this asks for serves the look at the functional ID, too.
    far_cloud.visibility()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    stands_well.answers["GET /v1/apikeys"].insert(0, (503, "", {}))

    faulty = far_cloud.standing(STEWARD)

    assert faulty.keys is None
    assert far_cloud.standing(STEWARD) is faulty


def test_a_refusal_is_kept_like_any_answer(monkeypatch, stands_well, far_cloud):
    stands_well.answers["GET /v1/apikeys"].insert(0, (403, "", {}))
    refused = far_cloud.standing(STEWARD)
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 11)

    assert far_cloud.standing(STEWARD) is refused


def test_of_many_who_ask_at_a_time_one_looks(scene, simulator, cloud):
    simulator.faults.add(Fault("GET", "/v1/apikeys", delay(0.3)))
    ready = threading.Barrier(8)

    def ask():
        ready.wait()
        return cloud.standing(STEWARD)

    with ThreadPoolExecutor(8) as pool:
        found = {id(one.result()) for one in [pool.submit(ask) for _ in range(8)]}

    assert len(found) == 1
    assert len(simulator.journal.calls("GET", "/v1/apikeys")) == 1


def test_each_functional_id_has_a_look_of_its_own(scene, simulator):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    second = a_functional_id("second", "second-key")
    cloud = IbmAccount(
        an_account(a_functional_id(), second, reader=READER_KEY),
        settings_for(simulator.url),
        Pace(),
    )

    both = cloud.standing(STEWARD), cloud.standing(KeyOwner("IBMid-2"))

    assert [one.identity.id for one in both] == [FUNCTIONAL, "IBMid-2"]
    assert [one.name for one in both] == ["functional-id", "second"]


class Away:
    """A budget nobody can reach."""

    def take(self, calls=1, *, is_survey=False):
        raise StoreAwayError("away")

    def sent(self, ticket):
        raise StoreAwayError("away")

    back_off = sent


def test_a_store_that_is_away_is_no_fault_of_the_functional_id(simulator):
    cloud = IbmAccount(
        an_account(reader=READER_KEY), settings_for(simulator.url), Pace(Away())
    )

    with pytest.raises(StoreAwayError):
        cloud.standing(STEWARD)


def test_a_dry_run_has_nothing_to_write_with(simulator, cloud):
    cloud.standing(STEWARD)
    cloud.candidates(cloud.targets().checked().targets[0])

    assert not hasattr(cloud, "retire")
    assert simulator.journal.writes() == []
    assert FUNCTIONAL_KEY not in repr(cloud.standing(STEWARD))


def test_roles_of_an_access_group_that_is_hidden_from_the_reader_are_seen(
    scene, simulator, cloud
):
    policies = Policy(("Viewer",), service_name="iam-access-management")
    scene.set_policies(READER, [policies])
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    scene.add_access_group("g1", "owners", members=[FUNCTIONAL], policies=[KEYS])

    standing = cloud.standing(STEWARD)

    assert roles(standing) == {"Administrator", "Operator"}
    assert standing.policies_fault == ""


def test_a_part_of_its_policies_shown_to_the_reader_is_not_taken_for_all(
    stands_well, far
):
    far.says("GET /v2/policies", {"policies": [a_policy({"role_id": f"{ROLE}Editor"})]})
    cloud = IbmAccount(an_account(reader=READER_KEY), settings_for(far.url), Pace())
    far.answers["POST /identity/token"].clear()
    far.gives_tokens(iam_id=READER)
    far.gives_tokens()
    cloud.reader_id()

    assert roles(cloud.standing(STEWARD)) == {"Viewer", "Editor"}


def test_while_the_functional_id_cannot_be_asked_for_now_no_role_is_lacking(
    scene, simulator, cloud
):
    scene.set_policies(FUNCTIONAL, [CLUSTERS])
    cloud.reader_id()
    simulator.faults.add(Fault("POST", "/identity/token", status(503)))

    standing = cloud.standing(STEWARD)

    assert roles(standing) == {"Administrator"}
    assert standing.policies_fault.startswith("Getting a token: IBM Cloud answered 503")


def test_a_key_that_is_refused_twice_is_refused_in_the_same_words(scene, cloud):
    cloud.reader_id()
    scene.remove_person(FUNCTIONAL)

    first, second = (
        cloud.standing(STEWARD, max_age_seconds=0).key_fault for _ in range(2)
    )

    assert first == second == "Getting a token: IBM Cloud answered 400 BXNIM0415E"
