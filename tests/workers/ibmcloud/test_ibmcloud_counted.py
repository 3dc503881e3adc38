"""How many calls a look takes, by kind, and that they do not wait for each other."""

import re
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ibmcloud_scenes import (
    ACCOUNT,
    FUNCTIONAL,
    FUNCTIONAL_KEY,
    READER,
    READER_KEY,
    STEWARD,
    an_account,
    delete_login,
    settings_for,
)

from config.secret import FileSecret
from simulator import Account, Simulator, account_reader, key_owner
from workers.ibmcloud.account import IbmAccount, open_cloud
from workers.ibmcloud.pace import Pace
from workers.offboarding.discovery import look_at
from workers.offboarding.forecast import forecast
from workers.offboarding.ports import Grant

LISTS = {
    "/global/v2/classic/getClusters": 1,
    "/global/v2/satellite/getClusters": 1,
    "/global/v2/vpc/getClusters": 1,
    "/v1/accounts/~/settings/identity": 1,
    # Users' and service IDs'.
    "/v1/apikeys": 2,
    "/v2/accounts/~/users": 1,
    "/v2/policies": 1,
    "/v2/resource_groups": 1,
    "/v2/resource_instances": 1,
}


class Gathering:
    """A budget that lets nobody go before so many have come."""

    def __init__(self, together):
        self._all_here = threading.Barrier(together)

    def take(self, calls=1, *, is_survey=False):
        self._all_here.wait(60)
        return Grant("ticket")

    def back_off(self, seconds):
        raise AssertionError("nobody is slowed down")


def an_account_of(targets, clusters, *, provider="vpc-gen2"):
    account = Account(ACCOUNT)
    account.add_person(FUNCTIONAL, "steward@example.com")
    account.add_login_key(FUNCTIONAL, FUNCTIONAL_KEY)
    account.set_policies(FUNCTIONAL, [*key_owner(), *account_reader()])
    for at in range(targets):
        account.add_group(f"group{at}", f"group-{at}")
        account.set_owner("us-south", f"group{at}", FUNCTIONAL)
    for at in range(clusters):
        place = {"region": "us-south", "group_id": f"group{at % targets}"}
        account.add_cluster(f"c{at:04d}", f"app-{at}", provider=provider, **place)
    return account


def counted(account, *, then_standing=False):
    with Simulator([account]) as simulator:
        cloud = open_cloud(an_account(), settings_for(simulator.url))
        view = look_at(cloud, None)
        assert view.unseen == ()
        if then_standing:
            simulator.journal.clear()
            forecast(cloud, view)
        return Counter(
            re.sub(f"{ACCOUNT}|c\\d{{4}}", "~", call.path)
            for call in simulator.journal.calls("GET")
        )


def test_a_look_takes_its_lists_and_one_call_a_target():
    found = counted(an_account_of(7, 20))

    assert found == LISTS | {"/global/v1/logging/~/clusterkeyowner": 7}


def test_ten_times_the_clusters_take_not_one_call_more():
    assert counted(an_account_of(4, 9)) == counted(an_account_of(4, 90))


def test_of_many_clusters_the_resource_controllers_pages_are_all_that_is_more():
    more = counted(an_account_of(4, 250)) - counted(an_account_of(4, 9))

    assert more == {"/v2/resource_instances": 2}


def test_classic_clusters_take_one_list_more_whatever_their_number():
    few = counted(an_account_of(4, 9, provider="classic"))
    many = counted(an_account_of(4, 90, provider="classic"))

    assert few == many
    assert few - counted(an_account_of(4, 9)) == {"/global/v1/clusters": 1}


def test_how_the_identity_that_reads_stands_takes_two_calls_more():
    found = counted(an_account_of(3, 3), then_standing=True)

    assert found == {"/v2/groups": 1, "/v1/apikeys": 1}


def test_the_lists_of_clusters_and_groups_do_not_wait_for_each_other(simulator):
    budget = Gathering(together=5)
    cloud = open_cloud(an_account(), settings_for(simulator.url), budget=budget)

    found = cloud.targets().checked()

    assert found.unseen == ()


def test_what_a_standing_is_made_of_does_not_wait_for_each_other(simulator):
    # Policies, groups, keys, state and settings.
    budget = Gathering(together=5)
    cloud = open_cloud(an_account(), settings_for(simulator.url), budget=budget)

    standing = cloud.standing(STEWARD)

    faults = standing.policies_fault, standing.keys_fault, standing.state_fault
    assert faults == ("", "", "")


def policies_asked(simulator):
    return len(simulator.journal.calls("GET", "/v2/policies"))


def test_a_standing_is_as_old_as_the_oldest_answer_it_uses(
    monkeypatch, scene, simulator
):
    scene.set_policies(FUNCTIONAL, [*key_owner(), *account_reader()])
    cloud = open_cloud(an_account(), settings_for(simulator.url))
    cloud.visibility()
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 200)
    standing = cloud.standing(STEWARD)
    age = datetime.now(UTC) - standing.at
    asked = policies_asked(simulator)
    monkeypatch.setattr(time, "monotonic", lambda: now + 241)
    cloud.standing(STEWARD)

    assert timedelta(seconds=199) < age < timedelta(seconds=260)
    assert (asked, policies_asked(simulator)) == (1, 2)


def test_whoever_wants_it_fresh_gets_nothing_that_was_asked_before(scene, simulator):
    scene.set_policies(FUNCTIONAL, [*key_owner(), *account_reader()])
    cloud = open_cloud(an_account(), settings_for(simulator.url))
    cloud.visibility()
    cloud.people()
    simulator.journal.clear()

    cloud.standing(STEWARD, max_age_seconds=0)

    paths = {call.path for call in simulator.journal.calls("GET")}
    assert paths == {
        f"/v1/accounts/{ACCOUNT}/settings/identity",
        "/v1/apikeys",
        f"/v2/accounts/{ACCOUNT}/users/{FUNCTIONAL}",
        "/v2/groups",
        "/v2/policies",
    }


def test_what_one_reader_was_answered_is_no_answer_to_another(
    scene, simulator, tmp_path
):
    key = tmp_path / "reader.apikey"
    key.write_text(READER_KEY)
    reader = FileSecret(key)
    reader.check()
    account = replace(an_account(), reader=reader)
    scene.token_life_seconds = 40
    cloud = IbmAccount(account, settings_for(simulator.url), Pace())
    cloud.visibility()
    settings = f"/v1/accounts/{ACCOUNT}/settings/identity"
    scene.add_service_id("iam-ServiceId-other", "other")
    scene.add_login_key("iam-ServiceId-other", "key-of-another")
    key.write_text("key-of-another")
    delete_login(scene, READER)

    cloud.standing(STEWARD)

    asked = simulator.journal.calls("GET", settings)
    assert [one.caller for one in asked] == [READER, "iam-ServiceId-other"]


def test_a_user_list_tells_the_state_that_a_profile_would(far, far_cloud):
    users = f"GET /v2/accounts/{ACCOUNT}/users"
    far.says(users, {"resources": [{"iam_id": FUNCTIONAL, "state": "PROCESSING"}]})
    far_cloud.people()

    standing = far_cloud.standing(STEWARD)

    assert (standing.state, standing.state_fault) == ("PROCESSING", "")
    assert far.asked(f"{users}/{FUNCTIONAL}") == 0
