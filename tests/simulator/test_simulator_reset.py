"""What a reset does to the account, over HTTP and without."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from simulator import Account
from simulator.errors import FarSideError
from simulator.scenario import (
    COLLEAGUE_IAM_ID,
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
)

TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}


@pytest.fixture
def reset(simulator, caller):
    def send(**headers):
        url = f"{simulator.containers_url}/v1/keys"
        return caller.post(url, headers=headers)

    return send


@pytest.fixture
def shown(simulator, caller):
    def read(cluster="payments-prod"):
        url = f"{simulator.containers_url}/v1/logging/{cluster}/clusterkeyowner"
        return caller.get(url).json().get("id")

    return read


def test_the_caller_becomes_the_owner_of_every_cluster_of_the_target(
    simulator, reset, shown
):
    answer = reset(**TARGET)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    assert shown("payments-prod") == shown("payments-batch") == FUNCTIONAL_ID_IAM_ID
    assert shown("payments-eu") == LEAVER_IAM_ID
    owner = simulator.account.owner("us-south", PAYMENTS_GROUP_ID)
    assert owner == FUNCTIONAL_ID_IAM_ID


def test_the_old_key_is_kept_and_the_new_one_names_the_target(simulator, reset):
    before = simulator.account.api_keys()

    reset(**TARGET)

    after = simulator.account.api_keys()
    assert after[:-1] == before
    assert after[-1].iam_id == FUNCTIONAL_ID_IAM_ID
    assert after[-1].name == "containers-kubernetes-key"
    assert "us-south" in after[-1].description
    assert PAYMENTS_GROUP_ID in after[-1].description


def test_without_a_resource_group_the_default_groups_key_is_reset(simulator, reset):
    answer = reset(**{"X-Region": "us-south"})

    account = simulator.account
    assert answer.status_code == 204
    assert account.owner("us-south", DEFAULT_GROUP_ID) == FUNCTIONAL_ID_IAM_ID
    assert account.owner("us-south", PAYMENTS_GROUP_ID) == LEAVER_IAM_ID


@pytest.mark.parametrize("region", [None, "", "nowhere"])
def test_a_missing_or_unknown_region_is_refused(simulator, reset, region):
    before = simulator.account.owners()

    answer = reset(**{**TARGET, "X-Region": region})

    assert answer.status_code == 400
    assert simulator.account.owners() == before


def test_an_unknown_resource_group_is_refused(reset):
    assert reset(**{**TARGET, "X-Auth-Resource-Group": "payments"}).status_code == 404


def test_an_older_region_name_means_the_same_target(simulator, reset):
    reset(**{"X-Region": "eu-central", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID})

    owner = simulator.account.owner("eu-de", PAYMENTS_GROUP_ID)
    assert owner == FUNCTIONAL_ID_IAM_ID


def test_the_twenty_first_key_is_refused(simulator, reset):
    statuses = [reset(**TARGET).status_code for _ in range(19)]

    # Two slots were taken before: the login key and the key of us-east/default.
    assert statuses == [204] * 18 + [400]
    assert simulator.account.key_count(FUNCTIONAL_ID_IAM_ID) == 20


def test_many_at_once_get_no_more_keys_than_there_are_slots(simulator, token):
    headers = {"Authorization": f"Bearer {token()}", **TARGET}
    url = f"{simulator.containers_url}/v1/keys"

    def send(_):
        return requests.post(url, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(send, range(40)))

    assert statuses == [204] * 18 + [400] * 22
    assert len(simulator.journal.resets()) == 40


def test_who_may_not_reset_changes_nothing(simulator, reset):
    simulator.account.forbid_reset(FUNCTIONAL_ID_IAM_ID)

    answer = reset(**TARGET)

    assert (answer.status_code, answer.json()["code"]) == (403, "A0656")
    assert simulator.account.owner("us-south", PAYMENTS_GROUP_ID) == LEAVER_IAM_ID


def test_readers_see_the_new_owner_after_the_lag(simulator, reset, shown, clock):
    account = simulator.account
    account.clock = clock
    account.replication_lag_seconds = 10
    account.set_owner("us-south", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    reset(**TARGET)

    assert account.owner("us-south", PAYMENTS_GROUP_ID) == FUNCTIONAL_ID_IAM_ID
    clock.now += 9.9
    assert shown() == LEAVER_IAM_ID
    clock.now += 0.1
    assert shown() == FUNCTIONAL_ID_IAM_ID


def test_the_journal_has_who_reset_what(simulator, reset):
    reset(**TARGET, **{"X-Auth-Resource-Account": simulator.account.account_id})

    (call,) = simulator.journal.resets()
    assert (call.method, call.path, call.status) == ("POST", "/global/v1/keys", 204)
    assert call.caller == FUNCTIONAL_ID_IAM_ID
    assert call.headers == {
        "X-Region": "us-south",
        "X-Auth-Resource-Group": PAYMENTS_GROUP_ID,
        "X-Auth-Resource-Account": simulator.account.account_id,
    }
    assert call.has_authorization
    assert call.at <= call.answered_at
    assert simulator.journal.writes() == [call]


def test_the_journal_holds_no_token_and_no_key(simulator, caller, reset):
    reset(**TARGET)

    everything = repr(simulator.journal.calls())

    token = caller.headers["Authorization"].removeprefix("Bearer ")
    assert token not in everything
    assert FUNCTIONAL_ID_APIKEY not in everything


@pytest.mark.parametrize(
    ("how", "status", "body"),
    [
        ("keep", 200, {"id": LEAVER_IAM_ID, "name": "Dana Lee"}),
        ("empty", 200, {}),
        ("404", 404, {"type": "General"}),
        ("P0005", 401, {"code": "P0005"}),
    ],
)
def test_a_removed_owner_is_answered_as_chosen(simulator, caller, how, status, body):
    simulator.account.removed_owner_answer = how
    simulator.account.remove_person(LEAVER_IAM_ID)

    answer = caller.get(
        f"{simulator.containers_url}/v1/logging/payments-eu/clusterkeyowner"
    )

    assert answer.status_code == status
    assert body.items() <= answer.json().items()


def test_removal_deletes_all_keys_of_that_person_only(simulator):
    account = simulator.account
    others = [key for key in account.api_keys() if key.iam_id != LEAVER_IAM_ID]

    account.remove_person(LEAVER_IAM_ID)

    assert account.api_keys() == others
    assert LEAVER_IAM_ID not in {person.iam_id for person in account.people()}
    assert account.owner("eu-de", PAYMENTS_GROUP_ID) == LEAVER_IAM_ID
    with pytest.raises(KeyError):
        account.remove_person(LEAVER_IAM_ID)


def test_a_removed_person_with_a_living_token_cannot_reset():
    account = Account()
    account.add_group("g", "default", default=True)
    account.add_person("IBMid-1", "one@example.com")
    account.remove_person("IBMid-1")

    with pytest.raises(FarSideError) as raised:
        account.reset("us-south", "g", "IBMid-1")

    assert raised.value.body["code"] == "A0656"


def test_a_target_without_a_key_has_no_owner(simulator, shown):
    simulator.account.add_cluster(
        "new", "new", region="us-south", group_id=DEFAULT_GROUP_ID
    )

    assert simulator.account.owner("us-south", DEFAULT_GROUP_ID) is None
    assert shown("new") is None


def test_lists_hold_one_provider_each_and_can_be_narrowed(simulator, caller):
    def names(kind, **headers):
        url = f"{simulator.containers_url}/v2/{kind}/getClusters"
        return [c["name"] for c in caller.get(url, headers=headers).json()]

    narrowed = names("vpc", **{"X-Auth-Resource-Group": PAYMENTS_GROUP_ID})
    assert names("classic") == ["payments-batch"]
    assert names("satellite") == ["payments-edge"]
    assert len(names("vpc")) == 5
    assert narrowed == ["payments-prod", "payments-eu"]


def test_a_vanished_cluster_is_not_found_and_its_target_keeps_the_key(
    simulator, caller
):
    simulator.account.remove_cluster("cq1plt00eude000006")

    answer = caller.get(
        f"{simulator.containers_url}/v1/logging/cq1plt00eude000006/clusterkeyowner"
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "G0004")
    assert COLLEAGUE_IAM_ID in simulator.account.owners().values()
