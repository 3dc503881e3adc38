"""The simulator steered from another process."""

import signal
import smtplib
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import requests

from simulator import Simulator, two_accounts
from simulator.scenario import (
    COLLEAGUE_APIKEY,
    COLLEAGUE_IAM_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
)
from simulator.second_scene import STAGING_ID


@pytest.fixture
def control(simulator):
    with requests.Session() as session:

        def call(method, path, **arguments):
            return session.request(method, f"{simulator.url}/_sim/{path}", **arguments)

        yield call


def test_owners_are_shown(control):
    owners = control("GET", "owners").json()["owners"]

    assert len(owners) == 5
    assert {
        "region": "us-south",
        "resource_group": PAYMENTS_GROUP_ID,
        "owner": LEAVER_IAM_ID,
    } in owners


def test_the_journal_is_shown_and_emptied_and_holds_no_control_calls(
    simulator, caller, control
):
    caller.get(f"{simulator.containers_url}/v1/regions")

    calls = control("GET", "journal").json()["calls"]
    emptied = control("DELETE", "journal")

    assert [call["path"] for call in calls] == ["/identity/token", "/global/v1/regions"]
    assert calls[1]["caller"] == FUNCTIONAL_ID_IAM_ID
    assert emptied.status_code == 204
    assert simulator.journal.calls() == []


def test_a_fault_is_planned_shown_and_forgotten(simulator, caller, control):
    fault = {
        "method": "GET",
        "path": "/global/v1/regions",
        "action": {"kind": "status", "code": 503},
    }

    planned = control("POST", "faults", json=fault)
    answer = caller.get(f"{simulator.containers_url}/v1/regions")
    shown = control("GET", "faults").json()
    control("DELETE", "faults")

    assert (planned.status_code, answer.status_code) == (201, 503)
    assert (shown["fired"][0]["fired"], shown["unfired"]) == (1, [])
    assert simulator.faults.fired() == []


def test_a_fault_that_cannot_be_read_is_named(control):
    answer = control("POST", "faults", json={"method": "GET"})

    assert answer.status_code == 422
    assert "path" in answer.json()["error"]


def test_the_account_is_steered(simulator, control):
    wanted = {"latency_seconds": 0.5, "replication_lag_seconds": 3, "key_limit": 40}

    answer = control("PATCH", "account", json=wanted)

    account = simulator.account
    assert answer.status_code == 200
    assert (account.latency_seconds, account.replication_lag_seconds) == (0.5, 3.0)
    assert account.key_limit == 40


@pytest.mark.parametrize(
    "body",
    [
        {"account_id": "x"},
        {"key_limit": "many"},
        {"latency_seconds": -1},
        {"removed_owner_answer": "maybe"},
        {"own_policies_readable": 1},
        {"description_style": "{nobody}"},
        {"restrict_user_list_visibility": "restricted"},
        {"activity_lag_seconds": -1},
        {"key_limits": {"IBMid-1": "many"}},
        {"key_limits": 3},
        {"resets_need_roles": "yes"},
        {"list_addons": "some"},
        [],
    ],
)
def test_what_cannot_be_steered_is_refused(simulator, control, body):
    assert control("PATCH", "account", json=body).status_code == 422
    assert simulator.account.key_limit == 20


def test_every_switch_can_be_set_and_is_answered(simulator, control):
    wanted = {
        "latency_seconds": 0,
        "replication_lag_seconds": 1.5,
        "pickup_seconds": 2,
        "activity_lag_seconds": None,
        "refresh_seconds": 60,
        "token_life_seconds": 900,
        "key_limit": 40,
        "key_limits": {FUNCTIONAL_ID_IAM_ID: 3},
        "resets_need_roles": False,
        "list_addons": "absent",
        "removed_owner_answer": "P0005",
        "no_owner_answer": "404",
        "service_owner_answer": "empty",
        "owner_id_style": "other",
        "key_list_refusal": "403",
        "policy_refusal": "403",
        "own_policies_readable": False,
        "restrict_user_list_visibility": "RESTRICTED",
        "restrict_create_platform_apikey": "RESTRICTED",
        "region_style": "legacy",
        "description_style": "legacy",
    }

    answer = control("PATCH", "account", json=wanted)

    assert (answer.status_code, answer.json()) == (200, wanted)
    assert {name: getattr(simulator.account, name) for name in wanted} == wanted
    descriptions = {key.description for key in simulator.account.api_keys()}
    assert any("eu-central" in one for one in descriptions)


def test_a_published_fault_is_planned_by_its_code(simulator, caller, control):
    fault = {"method": "GET", "path": "/global/v1/regions", "published": "P0005"}

    planned = control("POST", "faults", json=fault)
    answer = caller.get(f"{simulator.containers_url}/v1/regions")

    assert (planned.status_code, planned.json()["action"]["code"]) == (201, 401)
    assert (answer.status_code, answer.json()["code"]) == (401, "P0005")


def test_policies_are_set_and_taken_back(simulator, token, control):
    headers = {"Authorization": f"Bearer {token(COLLEAGUE_APIKEY)}"}
    url = f"{simulator.containers_url}/v2/vpc/getClusters"
    path = f"policies/{COLLEAGUE_IAM_ID}"
    policy = {
        "roles": ["Viewer"],
        "service_name": "containers-kubernetes",
        "attributes": [["region", "stringMatch", "us-*"]],
    }

    def count():
        return len(requests.get(url, headers=headers, timeout=60).json())

    given = control("PUT", path, json={"policies": [policy]})
    narrowed = count()
    control("PUT", path, json={"policies": []})
    without = count()
    control("DELETE", path)

    assert given.status_code == 204
    assert (narrowed, without, count()) == (3, 0, 5)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"policies": [1]},
        {"policies": [{}]},
        {"policies": [{"roles": ["Watcher"]}]},
        {"policies": [{"roles": [1]}]},
        {"policies": [{"roles": [], "attributes": [["region"]]}]},
        {"policies": [{"roles": [], "state": "gone"}]},
        {"policies": [{"roles": [], "more": 1}]},
    ],
)
def test_policies_that_cannot_be_read_are_refused(simulator, control, body):
    answer = control("PUT", f"policies/{COLLEAGUE_IAM_ID}", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"]
    assert len(simulator.account.policies(COLLEAGUE_IAM_ID)) == 9


def test_an_access_group_is_set(simulator, control):
    body = {
        "name": "ops",
        "members": [COLLEAGUE_IAM_ID],
        "dynamic_members": [LEAVER_IAM_ID],
        "policies": [{"roles": ["Viewer"], "service_name": "containers-kubernetes"}],
    }

    answer = control("PUT", "access-groups/AccessGroupId-1", json=body)
    faulty = control("PUT", "access-groups/x", json={"name": "ops", "members": [1]})

    (group,) = simulator.account.access_groups()
    assert (answer.status_code, faulty.status_code) == (204, 422)
    assert group.holds(COLLEAGUE_IAM_ID, "static")
    assert group.holds(LEAVER_IAM_ID, "dynamic")
    assert len(group.policies) == 1


def test_an_owner_is_set(simulator, control):
    body = {"region": "jp-tok", "resource_group": "g1", "owner": COLLEAGUE_IAM_ID}

    answer = control("POST", "owners", json=body)

    assert (answer.status_code, answer.json()) == (201, body)
    assert simulator.account.owner("jp-tok", "g1") == COLLEAGUE_IAM_ID


def test_a_classic_credential_is_set_and_taken_away(simulator, control):
    place = {"region": "us-south", "resource_group": PAYMENTS_GROUP_ID}

    control("PUT", "credentials", json={**place, "api_user": "1_d@example.com"})
    stored = simulator.account.classic_credential("us-south", PAYMENTS_GROUP_ID)
    control("PUT", "credentials", json={**place, "api_user": None})

    assert stored == "1_d@example.com"
    assert simulator.account.classic_credential("us-south", PAYMENTS_GROUP_ID) is None


def test_a_cluster_is_hidden_and_changes_its_state(simulator, control):
    body = {"hidden": True, "state": "deleting"}

    answer = control("PATCH", "clusters/cq1def00east000007", json=body)

    cluster = simulator.account.cluster("sandbox")
    assert answer.status_code == 204
    assert (cluster.is_hidden, cluster.state) == (True, "deleting")
    assert control("PATCH", "clusters/none", json=body).status_code == 404


def test_a_person_is_added(simulator, control):
    body = {"email": "new@example.com", "state": "PENDING"}

    answer = control("PUT", "people/IBMid-1", json=body)

    assert answer.status_code == 204
    assert simulator.account.people()[-1].state == "PENDING"
    assert control("PUT", "people/IBMid-2", json={}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "policies/IBMid-nobody", {"policies": []}),
        ("DELETE", "policies/IBMid-nobody", None),
        ("PUT", "access-groups/g", {"name": "g", "members": ["IBMid-nobody"]}),
        (
            "POST",
            "owners",
            {"region": "eu-de", "resource_group": "g", "owner": "IBMid-nobody"},
        ),
    ],
)
def test_whom_nobody_knows_is_404(simulator, control, method, path, body):
    before = simulator.account.owners()

    answer = control(method, path, json=body)

    assert answer.status_code == 404
    assert "IBMid-nobody" in answer.json()["error"]
    assert simulator.account.owners() == before


def test_keys_are_shown_and_changed(simulator, control):
    simulator.account.reset("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    keys = control("GET", "keys").json()["keys"]
    of_target = [
        one
        for one in keys
        if (one["region"], one["resource_group"]) == ("us-south", PAYMENTS_GROUP_ID)
    ]

    old, new = of_target
    patched = control("PATCH", f"keys/{new['id']}", json={"locked": True})
    deleted = control("DELETE", f"keys/{old['id']}")
    again = control("DELETE", f"keys/{old['id']}")

    statuses = [one.status_code for one in (patched, deleted, again)]
    assert statuses == [204, 204, 404]
    assert (old["owner"], old["in_use"]) == (LEAVER_IAM_ID, False)
    assert (new["owner"], new["in_use"], new["used"]) == (FUNCTIONAL_ID_IAM_ID, True, 1)
    last = control("GET", "keys").json()["keys"][-1]
    assert (last["id"], last["locked"], last["disabled"]) == (new["id"], True, False)
    assert control("PATCH", "keys/none", json={}).status_code == 404


def test_an_identity_is_given_one_more_key(simulator, control, token):
    given = {"iam_id": FUNCTIONAL_ID_IAM_ID, "apikey": "made-up"}

    assert control("POST", "keys", json=given).status_code == 204
    assert control("POST", "keys", json={"iam_id": "IBMid-1"}).status_code == 422

    assert token("made-up")


def test_broken_clusters_are_shown(simulator, control):
    before = control("GET", "broken").json()["clusters"]

    control("PUT", f"policies/{COLLEAGUE_IAM_ID}", json={"policies": []})

    assert before == []
    assert control("GET", "broken").json()["clusters"] == [
        {
            "cluster_id": "cq1plt00eude000006",
            "name": "platform-eu",
            "region": "eu-de",
            "resource_group": "7d3e9f0a1b2c4d5e8f6a7b8c9d0e1f2a",
            "owner": COLLEAGUE_IAM_ID,
            "cause": "role_missing",
            "service": "containers-kubernetes",
        }
    ]


def test_refreshes_are_shown(simulator, caller, control):
    body = {"cluster": "sandbox"}
    caller.post(f"{simulator.containers_url}/v2/refreshMaster", json=body)

    (done,) = control("GET", "refreshes").json()["refreshes"]

    assert done["cluster_id"] == "cq1def00east000007"
    assert done["iam_id"] == FUNCTIONAL_ID_IAM_ID
    assert done["at"] > 0


def test_a_service_id_is_locked_and_a_role_is_made(simulator, control):
    simulator.account.add_service_id("iam-ServiceId-1", "steward")
    actions = ["containers-kubernetes.cluster.create"]

    locked = control("PATCH", "service-ids/iam-ServiceId-1", json={"locked": True})
    person = control("PATCH", f"service-ids/{LEAVER_IAM_ID}", json={"locked": True})
    made = control("PUT", "custom-roles/Keeper", json={"actions": actions})
    faulty = control("PUT", "custom-roles/Keeper", json={"actions": [1]})

    statuses = [one.status_code for one in (locked, person, made, faulty)]
    assert statuses == [204, 404, 200, 422]
    assert simulator.account.identity("iam-ServiceId-1").is_locked
    role = simulator.account.custom_roles()[made.json()["crn"]]
    assert role.actions == tuple(actions)


def test_a_rival_is_planned(simulator, caller, control):
    place = {"region": "us-south", "resource_group": PAYMENTS_GROUP_ID}
    rival = {**place, "iam_id": COLLEAGUE_IAM_ID, "at": "reading", "when": "before"}
    path = "/v1/logging/payments-prod/clusterkeyowner"

    planned = control("POST", "rivals", json=rival)
    owner = caller.get(f"{simulator.containers_url}{path}").json()

    assert planned.status_code == 201
    assert owner["id"] == COLLEAGUE_IAM_ID
    assert control("GET", "faults").json()["fired"][0]["fired"] == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"iam_id": "IBMid-nobody"}, 404),
        ({"at": "lunch"}, 422),
        ({"when": "never"}, 422),
        ({"seconds": "many"}, 422),
        ({"who": "me"}, 422),
    ],
)
def test_a_rival_that_cannot_be_planned_is_refused(simulator, control, more, status):
    place = {"region": "us-south", "resource_group": PAYMENTS_GROUP_ID}

    answer = control("POST", "rivals", json={**place, "iam_id": LEAVER_IAM_ID, **more})

    assert answer.status_code == status
    assert simulator.faults.unfired() == []


def test_a_target_gets_a_lag_of_its_own(simulator, control):
    place = {"region": "us-south", "resource_group": PAYMENTS_GROUP_ID}

    answer = control("PUT", "lags", json={**place, "seconds": 60})
    simulator.account.reset("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)

    shown = simulator.account.shown_owner("us-south", PAYMENTS_GROUP_ID)
    control("PUT", "lags", json=place)
    simulator.account.reset("us-south", PAYMENTS_GROUP_ID, COLLEAGUE_IAM_ID)
    at_once = simulator.account.shown_owner("us-south", PAYMENTS_GROUP_ID)
    assert answer.status_code == 204
    assert (shown.iam_id, at_once.iam_id) == (LEAVER_IAM_ID, COLLEAGUE_IAM_ID)
    assert control("PUT", "lags", json={"region": "eu-de"}).status_code == 422


def test_the_second_account_is_chosen_by_its_id():
    with Simulator(two_accounts()) as simulator:
        base = f"{simulator.url}/_sim"
        account = {"account_id": STAGING_ID}
        accounts = requests.get(f"{base}/accounts", timeout=60).json()["accounts"]

        removed = requests.delete(
            f"{base}/people/{LEAVER_IAM_ID}", params=account, timeout=60
        )
        requests.patch(
            f"{base}/account", params=account, json={"key_limit": 3}, timeout=60
        )

    production, staging = simulator.accounts
    assert [one["name"] for one in accounts] == ["production", "staging"]
    assert accounts[1]["id"] == STAGING_ID
    assert removed.status_code == 204
    assert LEAVER_IAM_ID in {one.iam_id for one in production.people()}
    assert LEAVER_IAM_ID not in {one.iam_id for one in staging.people()}
    assert (production.key_limit, staging.key_limit) == (20, 3)


def test_an_unknown_account_is_404(control):
    assert control("GET", "owners?account_id=another").status_code == 404


def test_a_person_is_removed_once(simulator, control):
    path = f"people/{LEAVER_IAM_ID}"

    statuses = [control("DELETE", path).status_code for _ in range(2)]

    assert statuses == [204, 404]
    assert len(simulator.account.people()) == 2


def test_slack_and_mail_are_shown(simulator, control):
    requests.post(simulator.slack_webhook_url, json={"text": "hello"}, timeout=60)
    with smtplib.SMTP(simulator.smtp_host, simulator.smtp_port) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], b"Subject: S\r\n\r\nbody")

    (slack,) = control("GET", "slack").json()["messages"]
    (mail,) = control("GET", "mail").json()["messages"]

    assert (slack["text"], slack["via"]) == ("hello", "webhook")
    assert mail["envelope_to"] == ["b@example.com"]
    assert (mail["headers"], mail["text"]) == ({"Subject": "S"}, "body\r\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_runs_until_it_is_told_to_end(tmp_path, number):
    env_file = tmp_path / "simulator.env"
    arguments = ["--latency", "0.01", "--lag", "2", "--env-file", str(env_file)]
    command = [sys.executable, "-m", "simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        give_up_at = time.monotonic() + 30
        while not env_file.exists() and time.monotonic() < give_up_at:
            time.sleep(0.02)
        lines = env_file.read_text().splitlines()
        settings = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        url = settings["OFFBOARD_IAM_URL"]
        account = requests.patch(f"{url}/_sim/account", json={}, timeout=60).json()
        process.send_signal(number)
        printed, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert printed.splitlines() == lines
    assert settings["OFFBOARD_SMTP_SECURITY"] == "none"
    assert account["latency_seconds"] == 0.01
    assert account["replication_lag_seconds"] == 2.0


def test_the_command_writes_an_accounts_file_and_points_the_settings_at_it(tmp_path):
    env_file, accounts_file = tmp_path / "simulator.env", tmp_path / "etc" / "a.toml"
    files = ["--env-file", str(env_file), "--accounts-file", str(accounts_file)]
    command = [sys.executable, "-m", "simulator", "--scene", "two-accounts", *files]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        give_up_at = time.monotonic() + 30
        while not env_file.exists() and time.monotonic() < give_up_at:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    lines = env_file.read_text().splitlines()
    settings = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    accounts = tomllib.loads(accounts_file.read_text())["account"]
    assert settings["OFFBOARD_ACCOUNTS_FILE"] == str(accounts_file)
    assert "OFFBOARD_ACCOUNT_ID" not in settings
    assert [account["name"] for account in accounts] == ["production", "staging"]
    key_file = accounts[0]["reader"]["apikey_file"]
    assert Path(key_file).read_text() == "simulated-apikey-of-offboard-reader"


def test_its_slack_has_the_further_channels_that_the_command_names(tmp_path):
    env_file = tmp_path / "simulator.env"
    arguments = ["--slack-channel", "C0STAGING", "--env-file", str(env_file)]
    command = [sys.executable, "-m", "simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        give_up_at = time.monotonic() + 30
        while not env_file.exists() and time.monotonic() < give_up_at:
            time.sleep(0.02)
        lines = env_file.read_text().splitlines()
        settings = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        posted = [
            requests.post(
                f"{settings['OFFBOARD_SLACK_API_URL']}chat.postMessage",
                headers={"Authorization": "Bearer xoxb-simulated"},
                json={"channel": channel, "text": "hello"},
                timeout=60,
            ).json()["ok"]
            for channel in ("C0STAGING", "C0UNKNOWN")
        ]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)

    assert posted == [True, False]


def test_a_scene_of_two_accounts_needs_a_file_for_them():
    command = [sys.executable, "-m", "simulator", "--scene", "two-accounts"]

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=30
    )

    assert done.returncode == 2
    assert "two-accounts needs --accounts-file" in done.stderr


def test_the_settings_point_everything_here(simulator):
    assert simulator.environ() == {
        "OFFBOARD_IAM_URL": simulator.url,
        "OFFBOARD_CONTAINERS_URL": f"{simulator.url}/global",
        "OFFBOARD_USER_MANAGEMENT_URL": simulator.url,
        "OFFBOARD_RESOURCE_MANAGER_URL": simulator.url,
        "OFFBOARD_SLACK_API_URL": f"{simulator.url}/slack/api/",
        "OFFBOARD_SLACK_BOT_TOKEN": "xoxb-simulated",
        "OFFBOARD_SLACK_CHANNEL_ID": "C0SIMULATED",
        "OFFBOARD_SMTP_HOST": "127.0.0.1",
        "OFFBOARD_SMTP_PORT": str(simulator.smtp_port),
        "OFFBOARD_SMTP_SECURITY": "none",
        "OFFBOARD_MAIL_FROM": "offboard@example.com",
        "OFFBOARD_MAIL_TO": "ops@example.com",
        "OFFBOARD_ACCOUNT_ID": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
        "OFFBOARD_FUNCTIONAL_ID_APIKEY": "simulated-apikey-of-iks-functional-1",
    }
