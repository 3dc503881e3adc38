"""Two accounts with rooms and approvers of their own, and one leaver in both."""

import hashlib

import pytest
import requests

from simulator import Simulator, two_accounts
from simulator.scenario import LEAVER_EMAIL, departure_account
from simulator.slack import SLACK_CHANNEL_ID
from tests.processes.installation import TOKENS, installations, told, until

pytestmark = pytest.mark.processes

DEPARTURES_ROOM, STAGING_ROOM = "C0DEPARTURES", "C0ARCHIVED"
STAGING_TEAM = "staging-team@example.com"
LEAD = "ofb_lead_" + "1" * 32


def rooms_in(file, departures, staging):
    """Give the two accounts their rooms and approvers; Slack has none of the second."""
    of = {
        departures.account_id: (
            f'slack_channel_id = "{DEPARTURES_ROOM}"',
            'approvers = ["ann", "lead@example.com"]',
        ),
        staging.account_id: (
            f'slack_channel_id = "{STAGING_ROOM}"',
            f'mail_to = ["{STAGING_TEAM}"]',
            'approvers = ["bob", "lead@example.com"]',
        ),
    }
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        lines.append(line)
        if line.startswith("id = "):
            lines += of[line.partition('"')[2].rstrip('"')]
    file.write_text("\n".join(lines), encoding="utf-8")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def accounts():
    found = [departure_account(), two_accounts()[1]]
    for one in found:
        one.replication_lag_seconds = 1.0
    return found


@pytest.fixture
def service(accounts, tmp_path):
    with Simulator(accounts) as simulator, installations(simulator) as install:
        simulator.slack.channels.add(DEPARTURES_ROOM)
        file = simulator.accounts_toml(tmp_path)
        rooms_in(file, *accounts)
        service = install(
            MAX_TARGETS_PER_CASE="1",
            API_TOKENS=",".join(
                (
                    f"operator:operator:{digest(TOKENS['operator'])}",
                    f"viewer:viewer:{digest(TOKENS['viewer'])}",
                    f"ann:approver:{digest(TOKENS['approver'])}",
                    f"lead:approver:{digest(LEAD)}:lead@example.com",
                )
            ),
        )
        service.environ = {
            name: value
            for name, value in service.environ.items()
            if name not in ("OFFBOARD_ACCOUNT_ID", "OFFBOARD_FUNCTIONAL_ID_APIKEY")
        } | simulator.environ(accounts_file=file)
        service.start("up")
        service.await_ready()
        yield service


def approve(service, case, token):
    return requests.post(
        f"{service.url}/api/cases/{case['id']}/approve",
        json={"plan_hash": case["plan"]["hash"]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


def in_channel(service, channel):
    mine = [one for one in service.simulator.slack.messages if one.channel == channel]
    return [told(one) for one in mine]


def test_each_room_is_told_its_part_and_each_account_asks_its_own_approvers(
    service, accounts
):
    departures, staging = accounts
    [case_id] = service.tell(LEAVER_EMAIL, "msg_rooms").json()["cases"]

    def waits():
        case = service.case(case_id)
        pending = [one for one in case["reports"] if one["state"] == "pending"]
        return case if case["status"] == "waiting" and not pending else None

    held = until(waits)
    refused = approve(service, held, TOKENS["approver"])
    assert refused.status_code == 409
    assert "Account staging" in refused.json()["detail"]
    assert "bob, lead@example.com" in refused.json()["detail"]
    assert service.simulator.journal.resets() == []

    assert approve(service, held, LEAD).status_code == 202
    case = service.settled(case_id)

    assert (case["result"], case["plan"]["approved_by"]) == ("safe", "lead@example.com")
    ends = {
        (one["account_id"], one["channel"]): one["state"]
        for one in case["reports"]
        if one["kind"] == "final"
    }
    assert ends == {
        (None, "slack"): "sent",
        (None, "mail"): "sent",
        (departures.account_id, "slack"): "sent",
        (staging.account_id, "slack"): "failed",
        (staging.account_id, "mail"): "sent",
    }
    ours = {one.name for one in departures.clusters()}
    theirs = {one.name for one in staging.clusters()} - ours
    asked, ended = in_channel(service, DEPARTURES_ROOM)
    assert "for account `staging`: `bob`, `lead@example.com`" in asked
    assert "*Safe:*" in ended
    assert "payments-prod" in ended
    assert not [one for one in theirs if one in asked + ended]
    mails = [
        one.message.get_body(("plain",)).get_content()
        for one in service.simulator.mail.messages
        if one.envelope_to == (STAGING_TEAM,)
    ]
    assert len(mails) == 2
    assert not [one for one in ours if one in "".join(mails)]
    everything = "".join(in_channel(service, SLACK_CHANNEL_ID))
    assert "payments-prod" in everything
    reset_there = [
        each["name"]
        for one in case["targets"]
        if one["account_id"] == staging.account_id
        for each in one["clusters"]
    ]
    assert reset_there
    assert all(one in everything for one in reset_there)
