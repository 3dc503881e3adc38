"""API keys and service IDs: used, locked, disabled, deleted, through IBM's SDK."""

from concurrent.futures import ThreadPoolExecutor

import ibm_platform_services as sdk
import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services.iam_identity_v1 import ApiKey, ServiceId, ServiceIdList

from simulator import Policy
from simulator.scenario import (
    COLLEAGUE_APIKEY,
    COLLEAGUE_IAM_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_APIKEY,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
)
from simulator.tokens import GRANT_TYPE

SERVICE = "iam-ServiceId-steward"
WEAK = (Policy(("Operator",), service_name="iam-identity"),)
CHANGES = [
    "delete_api_key",
    "disable_api_key",
    "enable_api_key",
    "lock_api_key",
    "unlock_api_key",
]


@pytest.fixture
def identity(simulator):
    def make(raw_key=FUNCTIONAL_ID_APIKEY):
        authenticator = IAMAuthenticator(raw_key, url=simulator.iam_url)
        client = sdk.IamIdentityV1(authenticator=authenticator)
        client.set_service_url(simulator.url)
        return client

    return make


def login(simulator, raw_key):
    form = {"grant_type": GRANT_TYPE, "apikey": raw_key}
    return requests.post(f"{simulator.iam_url}/identity/token", data=form, timeout=60)


def key_of(simulator, iam_id, name="containers-kubernetes-key"):
    keys = simulator.account.api_keys()
    return next(k for k in keys if (k.iam_id, k.name) == (iam_id, name))


def refused(call, *arguments):
    with pytest.raises(ApiException) as raised:
        call(*arguments)
    return raised.value.status_code


def activity_of(client, key):
    answer = client.get_api_key(key.key_id, include_activity=True).get_result()
    return ApiKey.from_dict(answer).activity


def test_a_new_cluster_key_is_used_once_it_shows(simulator, identity, clock):
    account = simulator.account
    client = identity()
    client.list_api_keys()
    account.clock = clock
    account.replication_lag_seconds = 60
    account.reset("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    key = account.api_keys()[-1]

    before = activity_of(client, key)
    clock.now += 60
    after = activity_of(client, key)

    assert (before.authn_count, before.last_authn) == (0, None)
    assert (after.authn_count, after.last_authn) == (1, "2026-11-23T05:02+0000")
    assert "activity" not in client.get_api_key(key.key_id).get_result()


@pytest.mark.parametrize(("lag", "counts"), [(30, [0, 1]), (None, [0, 0])])
def test_its_first_use_may_come_later_or_never(simulator, clock, lag, counts):
    account = simulator.account
    account.clock = clock
    account.activity_lag_seconds = lag
    account.set_owner("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    key = account.api_keys()[-1]

    clock.now += 29
    before = account.activity(key.key_id).count
    clock.now += 1

    assert [before, account.activity(key.key_id).count] == counts


def test_a_login_key_counts_its_tokens(simulator, identity):
    key = key_of(simulator, LEAVER_IAM_ID, "login-key")
    unused = activity_of(identity(), key)

    for _ in range(2):
        login(simulator, LEAVER_APIKEY)

    assert (unused.authn_count, unused.last_authn) == (0, None)
    used = activity_of(identity(), key)
    assert used.authn_count == 2
    assert used.last_authn is not None


def test_a_deleted_key_is_gone_and_so_is_its_slot(simulator, identity):
    key = key_of(simulator, LEAVER_IAM_ID)
    before = simulator.account.key_count(LEAVER_IAM_ID)

    answer = identity().delete_api_key(key.key_id)

    assert answer.get_status_code() == 204
    assert refused(identity().delete_api_key, key.key_id) == 404
    assert refused(identity().get_api_key, key.key_id) == 404
    assert simulator.account.key_count(LEAVER_IAM_ID) == before - 1
    (gone, _) = simulator.journal.calls("DELETE", f"/v1/apikeys/{key.key_id}")
    assert gone.caller == FUNCTIONAL_ID_IAM_ID
    assert gone in simulator.journal.writes()


def test_a_locked_key_stays_until_it_is_unlocked(simulator, identity):
    key, client = key_of(simulator, LEAVER_IAM_ID), identity()

    locked = client.lock_api_key(key.key_id).get_status_code()
    refusals = [
        refused(client.delete_api_key, key.key_id),
        refused(client.disable_api_key, key.key_id),
    ]
    shown = client.get_api_key(key.key_id).get_result()
    unlocked = client.unlock_api_key(key.key_id).get_status_code()

    assert (locked, unlocked) == (204, 204)
    assert refusals == [409, 409]
    assert (shown["locked"], shown["disabled"]) == (True, False)
    assert client.delete_api_key(key.key_id).get_status_code() == 204


def test_a_disabled_key_gives_no_tokens_until_it_is_enabled(simulator, identity):
    key, client = key_of(simulator, LEAVER_IAM_ID, "login-key"), identity()

    disabled = client.disable_api_key(key.key_id).get_status_code()
    without = login(simulator, LEAVER_APIKEY)
    shown = client.get_api_key(key.key_id).get_result()
    enabled = client.enable_api_key(key.key_id).get_status_code()
    again = login(simulator, LEAVER_APIKEY)

    assert (disabled, enabled) == (204, 204)
    assert (without.status_code, without.json()["errorCode"]) == (400, "BXNIM0415E")
    assert shown["disabled"] is True
    assert again.status_code == 200


def test_a_deleted_login_key_gives_no_tokens(simulator, identity):
    key = key_of(simulator, LEAVER_IAM_ID, "login-key")

    identity().delete_api_key(key.key_id)

    assert login(simulator, LEAVER_APIKEY).json()["errorCode"] == "BXNIM0415E"


def test_each_change_gives_a_new_version(simulator, identity):
    key, client = key_of(simulator, LEAVER_IAM_ID), identity()

    tags = [client.get_api_key(key.key_id).get_result()["entity_tag"]]
    client.disable_api_key(key.key_id)
    tags.append(client.get_api_key(key.key_id).get_result()["entity_tag"])

    assert [tag.partition("-")[0] for tag in tags] == ["1", "2"]


def test_the_list_tells_locked_and_disabled_keys(simulator, identity):
    client = identity()
    client.disable_api_key(key_of(simulator, LEAVER_IAM_ID).key_id)
    client.lock_api_key(key_of(simulator, COLLEAGUE_IAM_ID).key_id)

    found = client.list_api_keys(scope="account", pagesize=100).get_result()["apikeys"]

    assert [k["iam_id"] for k in found if k["disabled"]] == [LEAVER_IAM_ID]
    assert [k["iam_id"] for k in found if k["locked"]] == [COLLEAGUE_IAM_ID]
    created_ats = {key["created_at"][-5:] for key in found}
    assert created_ats == {"+0000"}
    assert all(key["crn"].endswith(f"::apikey:{key['id']}") for key in found)


@pytest.mark.parametrize("change", CHANGES)
def test_ones_own_key_can_be_changed_and_others_not_without_administrator(
    simulator, identity, change
):
    simulator.account.set_policies(COLLEAGUE_IAM_ID, WEAK)
    client = identity(COLLEAGUE_APIKEY)
    others = key_of(simulator, LEAVER_IAM_ID)

    mine = getattr(client, change)(key_of(simulator, COLLEAGUE_IAM_ID).key_id)

    assert mine.get_status_code() == 204
    assert refused(getattr(client, change), others.key_id) == 403
    assert simulator.account.api_key(others.key_id) == others


@pytest.mark.parametrize("change", CHANGES)
def test_a_key_that_is_not_there_cannot_be_changed(identity, change):
    assert refused(getattr(identity(), change), "ApiKey-none") == 404


def test_of_many_who_delete_a_key_one_did_it(simulator, token):
    key = key_of(simulator, FUNCTIONAL_ID_IAM_ID)
    headers = {"Authorization": f"Bearer {token()}"}
    url = f"{simulator.iam_url}/v1/apikeys/{key.key_id}"

    def delete(_):
        return requests.delete(url, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(delete, range(16)))

    assert statuses == [204] + [404] * 15


def test_ones_own_key_is_readable_where_others_are_refused(simulator, identity):
    account = simulator.account
    account.key_list_refusal = "403"
    account.set_policies(COLLEAGUE_IAM_ID, WEAK)
    client = identity(COLLEAGUE_APIKEY)

    mine = client.get_api_key(key_of(simulator, COLLEAGUE_IAM_ID).key_id)

    assert mine.get_status_code() == 200
    assert refused(client.get_api_key, key_of(simulator, LEAVER_IAM_ID).key_id) == 403


def broken(simulator):
    return {(one.name, one.cause) for one in simulator.account.broken_clusters()}


def test_deleting_the_key_in_use_breaks_the_targets_clusters(simulator, identity):
    identity().delete_api_key(key_of(simulator, COLLEAGUE_IAM_ID).key_id)

    assert broken(simulator) == {("platform-eu", "key_deleted")}


def test_disabling_the_key_in_use_breaks_them_while_it_lasts(simulator, identity):
    key, client = key_of(simulator, COLLEAGUE_IAM_ID), identity()

    client.disable_api_key(key.key_id)
    while_disabled = broken(simulator)
    client.enable_api_key(key.key_id)

    assert while_disabled == {("platform-eu", "key_disabled")}
    assert broken(simulator) == set()


def test_a_superseded_key_can_go_and_breaks_nothing(simulator, identity):
    key = key_of(simulator, COLLEAGUE_IAM_ID)
    simulator.account.reset("eu-de", key.target[1], FUNCTIONAL_ID_IAM_ID)

    in_use = simulator.account.is_in_use(key)
    identity().delete_api_key(key.key_id)

    assert not in_use
    assert broken(simulator) == set()


def test_before_clusters_have_the_new_key_the_old_one_is_in_use(
    simulator, identity, clock
):
    account = simulator.account
    key, client = key_of(simulator, COLLEAGUE_IAM_ID), identity()
    client.list_api_keys()
    clock.now = account.clock()
    account.clock = clock
    account.replication_lag_seconds, account.pickup_seconds = 10, 900
    account.reset("eu-de", key.target[1], FUNCTIONAL_ID_IAM_ID)

    client.delete_api_key(key.key_id)

    assert account.is_in_use(account.api_keys()[-1])
    clock.now += 909
    assert broken(simulator) == {("platform-eu", "key_deleted")}
    clock.now += 1
    assert broken(simulator) == set()


def test_a_removed_owner_breaks_all_their_clusters(simulator):
    simulator.account.remove_person(LEAVER_IAM_ID)

    assert broken(simulator) == {
        (name, "owner_removed")
        for name in (
            "payments-prod",
            "payments-batch",
            "platform-tools",
            "payments-eu",
            "payments-edge",
        )
    }


def test_a_cluster_that_is_being_deleted_is_not_counted(simulator):
    simulator.account.set_cluster_state("cq1plt00eude000006", "deleting")

    simulator.account.remove_person(COLLEAGUE_IAM_ID)

    assert broken(simulator) == set()


def test_service_ids_are_listed_and_read_by_their_bare_id(simulator, identity):
    account = simulator.account
    account.add_service_id(SERVICE, "steward")
    account.add_service_id("iam-ServiceId-other", "other")
    account.lock_service_id(SERVICE)
    client = identity()

    listed = client.list_service_ids(account_id=account.account_id, pagesize=1)
    named = client.list_service_ids(account_id=account.account_id, name="other")
    read = client.get_service_id("ServiceId-steward").get_result()

    page = listed.get_result()
    (first,) = ServiceIdList.from_dict(page).serviceids
    assert (first.iam_id, first.locked, "next" in page) == (SERVICE, True, True)
    assert [one["locked"] for one in named.get_result()["serviceids"]] == [False]
    assert ServiceId.from_dict(read).locked is True
    assert read["crn"].endswith("::serviceid:ServiceId-steward")
    assert refused(client.get_service_id, "ServiceId-none") == 404


def test_a_service_id_sees_itself_without_any_role(simulator, identity):
    account = simulator.account
    account.add_service_id(SERVICE, "steward")
    account.add_service_id("iam-ServiceId-other", "other")
    account.add_login_key(SERVICE, "made-up")
    account.set_policies(SERVICE, [])
    client = identity("made-up")

    listed = client.list_service_ids(account_id=account.account_id).get_result()

    assert [one["iam_id"] for one in listed["serviceids"]] == [SERVICE]
    assert refused(client.get_service_id, "ServiceId-other") == 404


def test_another_accounts_service_ids_are_refused(identity):
    client = identity()

    with pytest.raises(ApiException) as raised:
        client.list_service_ids(account_id="another")

    assert raised.value.status_code == 403


def test_who_is_not_in_the_account_has_no_profile(simulator, identity):
    authenticator = identity().authenticator
    users = sdk.UserManagementV1(authenticator=authenticator)
    users.set_service_url(simulator.url)
    account_id = simulator.account.account_id
    found = users.get_user_profile(account_id, LEAVER_IAM_ID).get_result()

    simulator.account.remove_person(LEAVER_IAM_ID)

    assert found["state"] == "ACTIVE"
    assert refused(users.get_user_profile, account_id, LEAVER_IAM_ID) == 404
