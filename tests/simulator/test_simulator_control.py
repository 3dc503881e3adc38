"""The simulator steered from another process."""

import signal
import smtplib
import subprocess
import sys
import time

import pytest
import requests

from simulator.scenario import (
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
)


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
        [],
    ],
)
def test_what_cannot_be_steered_is_refused(simulator, control, body):
    assert control("PATCH", "account", json=body).status_code == 422
    assert simulator.account.key_limit == 20


def test_an_unknown_account_is_404(control):
    assert control("GET", "owners?account_id=another").status_code == 404


def test_a_person_is_removed_once(simulator, control):
    path = f"people/{LEAVER_IAM_ID}"

    statuses = [control("DELETE", path).status_code for _ in range(2)]

    assert statuses == [204, 404]
    assert len(simulator.account.people()) == 2


def test_slack_and_mail_are_shown(simulator, control):
    requests.post(simulator.slack_webhook_url, json={"text": "hello"}, timeout=5)
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
        account = requests.patch(f"{url}/_sim/account", json={}, timeout=5).json()
        process.send_signal(number)
        printed, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert printed.splitlines() == lines
    assert settings["OFFBOARD_SMTP_SECURITY"] == "none"
    assert account["latency_seconds"] == 0.01
    assert account["replication_lag_seconds"] == 2.0


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
