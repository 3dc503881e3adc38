"""IBM's SDK, unchanged, against the simulator."""

import ibm_platform_services as sdk
import jwt
import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services.user_management_v1 import UsersPager

from simulator import Account, Simulator
from simulator.scenario import (
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_APIKEY,
    LEAVER_IAM_ID,
)
from simulator.tokens import GRANT_TYPE


@pytest.fixture
def authenticator(simulator):
    return IAMAuthenticator(FUNCTIONAL_ID_APIKEY, url=simulator.iam_url)


@pytest.fixture
def client(simulator, authenticator):
    def make(kind):
        made = kind(authenticator=authenticator)
        made.set_service_url(simulator.url)
        return made

    return make


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_says_whose_and_which_account_it_is(simulator, authenticator):
    claims = claims_of(authenticator.token_manager.get_token())

    assert claims["iam_id"] == FUNCTIONAL_ID_IAM_ID
    assert claims["account"]["bss"] == simulator.account.account_id
    assert claims["email"] == "iks-functional-1@example.com"
    assert claims["exp"] - claims["iat"] == 3600
    assert "sub_type" not in claims


def test_a_service_id_says_that_it_is_one(simulator, token):
    simulator.account.add_service_id("iam-ServiceId-1", "steward")
    simulator.account.add_login_key("iam-ServiceId-1", "made-up")

    claims = claims_of(token("made-up"))

    assert claims["sub_type"] == "ServiceId"
    assert claims["sub"] == "ServiceId-1"
    assert claims["iam_id"] == claims["authn"]["iam_id"] == "iam-ServiceId-1"
    assert "email" not in claims


def test_a_refresh_token_comes_only_with_client_credentials(simulator):
    without = IAMAuthenticator(FUNCTIONAL_ID_APIKEY, url=simulator.iam_url)
    within = IAMAuthenticator(
        FUNCTIONAL_ID_APIKEY, url=simulator.iam_url, client_id="bx", client_secret="bx"
    )

    without.token_manager.get_token()
    within.token_manager.get_token()

    assert without.token_manager.refresh_token == "not_supported"
    assert len(within.token_manager.refresh_token) == 32


def test_an_unknown_key_gets_ibms_error(simulator):
    authenticator = IAMAuthenticator("unknown", url=simulator.iam_url)

    with pytest.raises(ApiException) as raised:
        authenticator.token_manager.get_token()

    assert raised.value.status_code == 400
    assert raised.value.http_response.json()["errorCode"] == "BXNIM0415E"


def test_a_removed_persons_key_is_unknown_and_their_token_lives_on(simulator, token):
    issued = token(LEAVER_APIKEY)

    simulator.account.remove_person(LEAVER_IAM_ID)

    form = {"grant_type": GRANT_TYPE, "apikey": LEAVER_APIKEY}
    again = requests.post(f"{simulator.iam_url}/identity/token", data=form, timeout=60)
    headers = {"Authorization": f"Bearer {issued}"}
    use = requests.get(
        f"{simulator.url}/v2/resource_groups", headers=headers, timeout=60
    )
    assert again.status_code == 400
    assert use.status_code == 200


def test_the_pager_walks_the_user_list(simulator, client):
    for number in range(5):
        simulator.account.add_person(f"IBMid-{number}", f"p{number}@example.com")
    users = client(sdk.UserManagementV1)

    pager = UsersPager(client=users, account_id=simulator.account.account_id, limit=3)
    people = pager.get_all()

    assert len(people) == 8
    assert people[0]["email"] == "dana.lee@example.com"
    path = f"/v2/accounts/{simulator.account.account_id}/users"
    assert len(simulator.journal.calls("GET", path)) == 3


def test_one_user_and_one_user_id_can_be_asked_for(simulator, client):
    users = client(sdk.UserManagementV1)
    account_id = simulator.account.account_id

    profile = users.get_user_profile(account_id, LEAVER_IAM_ID).get_result()
    found = users.list_users(account_id, user_id="dana.lee@example.com").get_result()

    assert (profile["firstname"], profile["lastname"]) == ("Dana", "Lee")
    assert [person["iam_id"] for person in found["resources"]] == [LEAVER_IAM_ID]


def test_resource_groups_are_listed_and_the_default_is_marked(client):
    groups = client(sdk.ResourceManagerV2)

    everything = groups.list_resource_groups().get_result()["resources"]
    default = groups.list_resource_groups(default=True).get_result()["resources"]

    names = [group["name"] for group in everything]
    assert names == ["default", "payments", "platform"]
    assert [group["name"] for group in default] == ["default"]


def test_api_keys_are_paged_by_the_next_url(simulator, client):
    keys = client(sdk.IamIdentityV1)
    names, token = [], None
    while True:
        page = keys.list_api_keys(
            account_id=simulator.account.account_id,
            scope="account",
            type="user",
            sort="name",
            pagesize=3,
            pagetoken=token,
        ).get_result()
        names += [key["name"] for key in page["apikeys"]]
        if "next" not in page:
            break
        token = requests.utils.urlparse(page["next"]).query
        token = dict(pair.split("=", 1) for pair in token.split("&"))["pagetoken"]
        token = requests.utils.unquote(token)

    assert names == ["containers-kubernetes-key"] * 5 + ["login-key"] * 3
    assert len(simulator.journal.calls("GET", "/v1/apikeys")) == 3


def test_a_page_token_alone_goes_on_with_the_first_question(simulator, caller):
    url = f"{simulator.iam_url}/v1/apikeys"
    query = {"scope": "account", "sort": "name", "pagesize": "5"}
    first = caller.get(url, params=query).json()

    second = caller.get(first["next"].split("&")[0]).json()

    assert first["next"].startswith(f"{simulator.iam_url}/v1/apikeys?pagetoken=")
    assert [key["name"] for key in second["apikeys"]] == ["login-key"] * 3
    assert "next" not in second
    assert second["offset"] == 5


def test_without_account_scope_only_ones_own_keys_are_seen(client):
    keys = client(sdk.IamIdentityV1)

    page = keys.list_api_keys().get_result()

    assert {key["iam_id"] for key in page["apikeys"]} == {FUNCTIONAL_ID_IAM_ID}
    assert len(page["apikeys"]) == 2


def test_service_id_keys_are_not_among_the_users(simulator, client):
    simulator.account.add_service_id("iam-ServiceId-1", "steward")
    simulator.account.add_login_key("iam-ServiceId-1", "made-up")
    keys = client(sdk.IamIdentityV1)

    of_users = keys.list_api_keys(scope="account", type="user", pagesize=100)
    of_services = keys.list_api_keys(scope="account", type="serviceid", pagesize=100)

    assert len(of_users.get_result()["apikeys"]) == 8
    (only,) = of_services.get_result()["apikeys"]
    assert only["iam_id"] == "iam-ServiceId-1"


def test_one_key_can_be_read_and_an_unknown_one_is_404(simulator, client):
    keys = client(sdk.IamIdentityV1)
    key_id = simulator.account.api_keys()[0].key_id

    found = keys.get_api_key(key_id).get_result()

    assert found["id"] == key_id
    assert found["apikey"] == ""
    with pytest.raises(ApiException) as raised:
        keys.get_api_key("ApiKey-nothing")
    assert raised.value.status_code == 404


def test_another_accounts_users_are_refused(client):
    with pytest.raises(ApiException) as raised:
        client(sdk.UserManagementV1).list_users("another")

    assert raised.value.status_code == 403


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic Yng6Yng="])
@pytest.mark.parametrize(
    "path", ["/v2/resource_groups", "/v1/apikeys", "/global/v1/regions"]
)
def test_no_call_goes_through_without_a_token(simulator, path, authorization):
    headers = {"Authorization": authorization} if authorization else {}

    answer = requests.get(f"{simulator.url}{path}", headers=headers, timeout=60)

    assert answer.status_code == 401
    (call,) = simulator.journal.calls(path=path)
    assert call.caller is None
    assert call.has_authorization == (authorization is not None)


def test_a_token_expires_by_the_accounts_clock(clock):
    account = Account(clock=clock, token_life_seconds=900)
    account.add_person("IBMid-1", "one@example.com")
    account.add_login_key("IBMid-1", "made-up")
    with Simulator([account]) as simulator:
        form = {"grant_type": GRANT_TYPE, "apikey": "made-up"}
        url = f"{simulator.iam_url}/identity/token"
        answer = requests.post(url, data=form, timeout=60).json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        regions = f"{simulator.containers_url}/v1/regions"

        clock.now += 899
        before = requests.get(regions, headers=headers, timeout=60)
        clock.now += 1
        after = requests.get(regions, headers=headers, timeout=60)

    assert answer["expires_in"] == 900
    assert answer["expiration"] == 1_795_411_019
    assert (before.status_code, after.status_code) == (200, 401)


def test_a_token_leads_into_its_own_account(clock):
    accounts = [Account("one", clock=clock), Account("two", clock=clock)]
    for account in accounts:
        account.add_person("IBMid-1", "one@example.com")
        account.add_login_key("IBMid-1", f"key of {account.account_id}")
        account.add_group(f"group of {account.account_id}", "default", default=True)
    with Simulator(accounts) as simulator:
        names = []
        for account in accounts:
            form = {"grant_type": GRANT_TYPE, "apikey": f"key of {account.account_id}"}
            url = f"{simulator.iam_url}/identity/token"
            answer = requests.post(url, data=form, timeout=60).json()
            headers = {"Authorization": f"Bearer {answer['access_token']}"}
            groups = requests.get(
                f"{simulator.url}/v2/resource_groups", headers=headers, timeout=60
            ).json()
            names += [group["id"] for group in groups["resources"]]

    assert names == ["group of one", "group of two"]
