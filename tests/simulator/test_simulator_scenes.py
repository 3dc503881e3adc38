"""What can be put into an account, and the ready-made second scene."""

import stat
import tomllib
from pathlib import Path

import pytest
import requests

from simulator import (
    Account,
    Simulator,
    demo_account,
    departure_account,
    two_accounts,
)
from simulator.scenario import (
    BILLING_FUNCTIONAL_ID_APIKEY,
    BILLING_FUNCTIONAL_ID_IAM_ID,
    BILLING_GROUP_ID,
    BILLING_OWNER_IAM_ID,
    COLLEAGUE_IAM_ID,
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_EMAIL,
    LEAVER_IAM_ID,
    LONDON_OWNER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)
from simulator.second_scene import (
    DATA,
    FORMER_IAM_ID,
    PIPELINE_IAM_ID,
    PLATFORM,
    READER_IAM_ID,
    STAGING_ID,
    STAGING_PLATFORM,
)
from simulator.tokens import GRANT_TYPE

OWNER = "/v1/logging/{}/clusterkeyowner"
TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}


@pytest.fixture
def owner_of(simulator, caller):
    def read(cluster="payments-prod"):
        return caller.get(f"{simulator.containers_url}{OWNER.format(cluster)}")

    return read


def test_a_classic_credential_is_answered_for_its_target_alone(simulator, caller):
    account = simulator.account
    user = "1234567_dana.lee@example.com"
    account.set_classic_credential("us-south", PAYMENTS_GROUP_ID, user)
    url = f"{simulator.containers_url}/v1/credentials"

    here = caller.get(url, headers=TARGET)
    there = caller.get(url, headers={**TARGET, "X-Region": "eu-de"})
    nowhere = caller.get(url)
    (listed,) = caller.get(f"{simulator.containers_url}/v1/clusters").json()
    account.set_classic_credential("us-south", PAYMENTS_GROUP_ID, None)
    gone = caller.get(url, headers=TARGET)

    assert here.json() == {"apiUser": user}
    assert (there.status_code, there.json()["code"]) == (404, "E0051")
    assert nowhere.status_code == 400
    assert (listed["name"], listed["apiUser"]) == ("payments-batch", user)
    assert gone.json()["code"] == "E0051"


def test_without_a_stored_credential_the_classic_list_has_an_empty_one(
    simulator, caller
):
    (listed,) = caller.get(f"{simulator.containers_url}/v1/clusters").json()

    assert (listed["apiUser"], listed["ownerEmail"]) == ("", "")
    assert listed["crn"].endswith(":bq1pay00south00002::")
    assert (listed["region"], listed["location"]) == ("us-south", "dal10")


def test_the_classic_list_can_be_narrowed(simulator, caller):
    simulator.account.add_cluster(
        "bq9",
        "far",
        region="eu-de",
        group_id=DEFAULT_GROUP_ID,
        provider="classic",
        creator_email="robin.park@example.com",
    )

    def names(headers=None, **query):
        url = f"{simulator.containers_url}/v1/clusters"
        return [
            (one["name"], one["ownerEmail"])
            for one in caller.get(url, headers=headers, params=query).json()
        ]

    far = [("far", "robin.park@example.com")]
    assert len(names()) == 2
    assert names(location="fra02") == far
    assert names(headers={"X-Auth-Resource-Group": DEFAULT_GROUP_ID}) == far


def test_an_older_region_name_is_shown_and_means_the_same_target(
    simulator, caller, owner_of
):
    simulator.account.add_cluster(
        "cq9", "older", region="eu-central", group_id=PAYMENTS_GROUP_ID
    )
    url = f"{simulator.containers_url}/v2/vpc/getClusters"

    listed = {one["name"]: one["region"] for one in caller.get(url).json()}

    assert (listed["older"], listed["payments-eu"]) == ("eu-central", "eu-de")
    assert owner_of("older").json()["id"] == LEAVER_IAM_ID


def test_all_clusters_can_be_shown_under_older_region_names(simulator, caller):
    simulator.account.region_style = "legacy"
    base = simulator.containers_url

    vpc = caller.get(f"{base}/v2/vpc/getClusters").json()
    instances = caller.get(f"{simulator.url}/v2/resource_instances").json()

    assert {one["region"] for one in vpc} == {"us-south", "us-east", "eu-central"}
    assert "eu-central" not in {one["region_id"] for one in instances["resources"]}


@pytest.mark.parametrize(
    ("style", "described"),
    [
        (
            "plain",
            "Cluster API key, region eu-de, "
            "resource group 5c49eabcf5e85881a37e2d100a33b3df.",
        ),
        (
            "legacy",
            "Cluster API key, region eu-central, "
            "resource group 5c49eabcf5e85881a37e2d100a33b3df.",
        ),
        ("without_group", "Cluster API key, region eu-de."),
        ("empty", ""),
        ("{group_name} in {region}", "payments in eu-de"),
    ],
)
def test_cluster_keys_are_described_as_chosen(simulator, caller, style, described):
    simulator.account.description_style = style

    url = f"{simulator.iam_url}/v1/apikeys"
    found = caller.get(url, params={"scope": "account", "pagesize": "100"}).json()

    told = [key["description"] for key in found["apikeys"]]
    assert told.count(described) == 1 or style in {"empty", "without_group"}
    assert described in told
    assert "made by hand" in told


def test_a_later_key_is_described_so_too(simulator):
    account = simulator.account
    account.description_style = "{region}/{group_id}"

    account.set_owner("jp-tok", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)

    assert account.api_keys()[-1].description == f"jp-tok/{PAYMENTS_GROUP_ID}"


def test_a_description_with_an_unknown_name_is_refused(simulator):
    with pytest.raises(ValueError, match="region"):
        simulator.account.description_style = "{nobody}"

    assert simulator.account.description_style == "plain"


def test_owner_ids_can_be_something_else_than_iam_ids(simulator, owner_of):
    as_ever = owner_of().json()
    simulator.account.owner_id_style = "other"

    other = owner_of().json()

    assert as_ever["id"] == LEAVER_IAM_ID
    assert not other["id"].startswith("IBMid-")
    assert other["email"] == LEAVER_EMAIL
    assert owner_of("payments-eu").json()["id"] == other["id"]


@pytest.mark.parametrize(
    ("how", "status", "body"),
    [
        ("keep", 200, {"id": PIPELINE_IAM_ID, "name": "pipeline", "email": ""}),
        ("empty", 200, {}),
        ("404", 404, {"type": "General"}),
        ("P0005", 401, {"code": "P0005"}),
    ],
)
def test_a_service_id_that_owns_a_key_is_answered_as_chosen(
    simulator, owner_of, how, status, body
):
    account = simulator.account
    account.add_service_id(PIPELINE_IAM_ID, "pipeline")
    account.set_owner("us-south", PAYMENTS_GROUP_ID, PIPELINE_IAM_ID)
    account.service_owner_answer = how

    answer = owner_of()

    assert answer.status_code == status
    assert body.items() <= answer.json().items()
    assert owner_of("payments-eu").json()["id"] == LEAVER_IAM_ID


def test_an_owner_may_have_no_e_mail(simulator, owner_of):
    account = simulator.account
    account.add_person("SL-1", "", name="Classic User", user_id="1234567_classic")
    account.set_owner("us-south", PAYMENTS_GROUP_ID, "SL-1")

    assert owner_of().json() == {"id": "SL-1", "name": "Classic User", "email": ""}


def test_a_key_may_be_there_for_a_target_without_cluster(simulator, caller):
    account = simulator.account
    account.set_owner("jp-tok", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    url = f"{simulator.iam_url}/v1/apikeys"

    found = caller.get(url, params={"scope": "account", "pagesize": "100"}).json()

    told = [key["description"] for key in found["apikeys"]]
    assert sum("jp-tok" in one for one in told) == 1
    assert account.owner("jp-tok", PAYMENTS_GROUP_ID) == LEAVER_IAM_ID
    assert "jp-tok" not in {one.region for one in account.clusters()}


def test_the_demo_has_a_place_for_a_red_preflight_and_two_to_adopt():
    small, whole = departure_account(), demo_account()

    more = dict(whole.owners().items() - small.owners().items())
    assert small.owners().items() <= whole.owners().items()
    assert more == {
        ("us-south", BILLING_GROUP_ID): BILLING_OWNER_IAM_ID,
        ("eu-gb", PAYMENTS_GROUP_ID): LONDON_OWNER_IAM_ID,
        ("eu-gb", PLATFORM_GROUP_ID): LONDON_OWNER_IAM_ID,
    }
    assert len(whole.clusters()) - len(small.clusters()) == 4
    emails = [person.email for person in whole.people()]
    assert "kai.ito@example.com" in emails
    assert (small.broken_clusters(), whole.broken_clusters()) == ([], [])


def test_in_the_demo_one_functional_id_may_take_over_and_the_other_must_not():
    account = demo_account()

    account.reset("us-south", BILLING_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    by_the_strong = account.broken_clusters()
    account.reset("us-south", BILLING_GROUP_ID, BILLING_FUNCTIONAL_ID_IAM_ID)
    (by_the_weak,) = account.broken_clusters()

    assert by_the_strong == []
    assert (by_the_weak.name, by_the_weak.cause) == ("billing-prod", "role_missing")
    assert by_the_weak.service == "is"


def test_the_demos_accounts_file_keeps_billing_for_its_functional_id(tmp_path):
    file = Simulator([demo_account()]).accounts_toml(tmp_path)

    (account,) = tomllib.loads(file.read_text())["account"]
    first, billing = account["functional_id"]
    assert (first["name"], "resource_groups" in first) == ("iks-functional-1", False)
    assert billing["name"] == "iks-billing"
    assert billing["resource_groups"] == [BILLING_GROUP_ID]
    key_file = Path(billing["apikey_file"])
    assert key_file.read_text() == BILLING_FUNCTIONAL_ID_APIKEY


def test_in_two_accounts_only_what_a_former_member_owns_is_broken():
    production, staging = two_accounts()

    (broken,) = production.broken_clusters()
    assert (broken.region, broken.resource_group) == ("jp-tok", DATA)
    assert (broken.owner, broken.cause) == (FORMER_IAM_ID, "owner_removed")
    assert staging.broken_clusters() == []


def test_the_functional_ids_of_both_accounts_may_reset_and_break_nothing():
    for account in two_accounts():
        before = account.broken_clusters()
        for one in account.functional_ids:
            (group, *_) = account.groups()
            account.reset("us-south", group.group_id, one.iam_id)
            assert account.owner("us-south", group.group_id) == one.iam_id
        assert account.broken_clusters() == before


def test_the_two_accounts_share_people_and_nothing_else():
    production, staging = two_accounts()

    assert (production.account_name, staging.account_name) == ("production", "staging")
    assert {LEAVER_IAM_ID, COLLEAGUE_IAM_ID} <= {p.iam_id for p in production.people()}
    assert {LEAVER_IAM_ID, COLLEAGUE_IAM_ID} <= {p.iam_id for p in staging.people()}
    hers = [
        list(a.owners().values()).count(LEAVER_IAM_ID) for a in (production, staging)
    ]
    assert hers == [6, 1]
    assert (len(production.clusters()), len(staging.clusters())) == (19, 4)
    assert not {g.group_id for g in production.groups()} & {
        g.group_id for g in staging.groups()
    }


def test_production_has_what_is_hard_to_read():
    production, _ = two_accounts()

    owners = production.owners()
    with_clusters = {
        (one.region.replace("eu-central", "eu-de"), one.group_id)
        for one in production.clusters()
    }
    people = {person.iam_id for person in production.people()}
    assert owners["jp-tok", DATA] == FORMER_IAM_ID
    assert FORMER_IAM_ID not in people
    assert owners["eu-de", DATA] == PIPELINE_IAM_ID
    assert owners.keys() - with_clusters == {("eu-gb", PLATFORM)}
    assert with_clusters - owners.keys() == {("au-syd", DATA)}
    states = {(one.region, one.state) for one in production.clusters()}
    assert ("us-south", "deleting") in states


def token_of(simulator, raw_key):
    form = {"grant_type": GRANT_TYPE, "apikey": raw_key}
    url = f"{simulator.iam_url}/identity/token"
    return requests.post(url, data=form, timeout=60).json()["access_token"]


def test_the_accounts_file_names_every_account_with_keys_that_work(tmp_path):
    with Simulator(two_accounts()) as simulator:
        file = simulator.accounts_toml(tmp_path / "etc")

        written = tomllib.loads(file.read_text())["account"]
        production, staging = written
        lists = {}
        for account in written:
            reader = account.get("reader") or account["functional_id"][0]
            raw_key = Path(reader["apikey_file"]).read_text()
            headers = {"Authorization": f"Bearer {token_of(simulator, raw_key)}"}
            url = f"{simulator.containers_url}/v2/vpc/getClusters"
            found = requests.get(url, headers=headers, timeout=60).json()
            lists[account["name"]] = len(found)
        readers = {
            call.caller for call in simulator.journal.calls("GET") if call.caller
        }

    assert file.name == "accounts.toml"
    assert lists == {"production": 16, "staging": 4}
    assert READER_IAM_ID in readers
    assert [one["name"] for one in production["functional_id"]] == [
        "iks-americas",
        "iks-world",
    ]
    assert production["functional_id"][0]["regions"] == ["us-south", "us-east"]
    assert "regions" not in production["functional_id"][1]
    assert (staging["id"], "reader" in staging) == (STAGING_ID, False)


def test_key_files_are_for_their_owner_alone(tmp_path):
    Simulator(two_accounts()).accounts_toml(tmp_path)

    modes = {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("*.apikey")}
    assert modes == {0o600}
    assert len(list(tmp_path.glob("*.apikey"))) == 4


def test_with_nobody_named_the_demos_functional_id_takes_over(tmp_path):
    file = Simulator([departure_account()]).accounts_toml(tmp_path)

    (account,) = tomllib.loads(file.read_text())["account"]
    (functional_id,) = account["functional_id"]
    assert functional_id["name"] == "iks-functional-1"
    assert "name" not in account
    assert (tmp_path / functional_id["apikey_file"]).read_text() == FUNCTIONAL_ID_APIKEY


def test_an_account_may_have_a_reader_and_nobody_to_take_over(tmp_path):
    account = Account("b" * 32, name='a "quoted" name')
    account.add_service_id(READER_IAM_ID, "reader")

    account.reader = READER_IAM_ID
    with pytest.raises(ValueError, match="add_login_key"):
        Simulator([account]).accounts_toml(tmp_path)
    account.add_login_key(READER_IAM_ID, "made-up")
    file = Simulator([account]).accounts_toml(tmp_path)

    (written,) = tomllib.loads(file.read_text())["account"]
    assert Path(written["reader"]["apikey_file"]).read_text() == "made-up"


def test_groups_of_a_functional_id_are_written(tmp_path):
    account = Account("b" * 32, name='a "quoted" name')
    account.add_person("IBMid-1", "one@example.com")
    account.add_login_key("IBMid-1", "made-up")
    account.add_functional_id("IBMid-1", "steward", group_ids=[STAGING_PLATFORM])

    file = Simulator([account]).accounts_toml(tmp_path)

    (written,) = tomllib.loads(file.read_text())["account"]
    assert written["name"] == 'a "quoted" name'
    assert written["functional_id"][0]["resource_groups"] == [STAGING_PLATFORM]
    assert "regions" not in written["functional_id"][0]


def test_with_an_accounts_file_the_settings_name_no_single_account(tmp_path):
    simulator = Simulator(two_accounts())

    settings = simulator.environ(simulator.accounts_toml(tmp_path))

    assert settings["OFFBOARD_ACCOUNTS_FILE"] == str(tmp_path / "accounts.toml")
    assert "OFFBOARD_ACCOUNT_ID" not in settings
    assert "OFFBOARD_FUNCTIONAL_ID_APIKEY" not in settings
