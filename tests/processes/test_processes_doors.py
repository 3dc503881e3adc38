"""Sources through real processes: how each is let in, and what it may bring about.

All tests here share one installation, and each has people of its own.
"""

import json
import time
import uuid

import pytest
import requests

from simulator import Simulator, demo_account
from simulator.scenario import DEFAULT_GROUP_ID
from tests.processes.installation import installations, offboard, told, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
ROBIN = "robin.park@example.com"
PRIYA = "priya.nair@example.com"
KAI_IAM_ID = "IBMid-550000KAIT"
SAM, SAM_IAM_ID = "sam.ode@example.com", "IBMid-550000SAMM"
NOOR, NOOR_IAM_ID = "noor.aziz@example.com", "IBMid-550000NOOR"
OKTA_SECRET = "okta-hook-secret-7b1d"
PATH_SECRET = "5d0c7f1e9a3b4c6d8e2f"
SETTINGS = {
    "SOURCE_OKTA_SECRET": OKTA_SECRET,
    "SOURCE_BAMBOOHR_SECRET": "bamboohr-private-key-91ce",
    "SOURCE_BAMBOOHR_TIMEZONE": "America/Denver",
    "SOURCE_PERSONIO_SECRET": PATH_SECRET,
    "SOURCE_PERSONIO_TIMEZONE": "Europe/Berlin",
    # Where nobody listens.
    "SOURCE_PERSONIO_API_URL": "http://127.0.0.1:9",
    "SOURCE_PERSONIO_API_TOKEN": "an-id:a-client-secret",
    "SOURCE_SCIM_SECRET": "scim-bearer-token-04aa",
    "SOURCE_IBM_ACTIVITY_SECRET": "ibm-activity-token-c3d2",
    # It only has to fall silent.
    "SOURCE_HUB_SECRET": "hub-hmac-secret-55fe",
    "SOURCE_HUB_EXPECTED_HOURS": "0.01",
}
# Told after 36 s, and looked for every five.
SILENCE_SECONDS = 120.0


def company():
    """Make the demo's account, in which two people more own a place each."""
    account = demo_account()
    for email, iam_id, region in (
        (SAM, SAM_IAM_ID, "eu-gb"),
        (NOOR, NOOR_IAM_ID, "us-south"),
    ):
        account.add_person(iam_id, email, name=email.split("@")[0])
        name = f"sandbox-{region}"
        account.add_cluster(
            f"cq1def{region}", name, region=region, group_id=DEFAULT_GROUP_ID
        )
        account.set_owner(region, DEFAULT_GROUP_ID, iam_id)
    account.replication_lag_seconds = 1.0
    return account


@pytest.fixture(scope="module")
def service():
    with Simulator([company()]) as simulator, installations(simulator) as install:
        service = install(**SETTINGS)
        service.start("up")
        service.await_ready()
        yield service


def play(service, source, kind, user, **environ):
    """Play a source with the command line."""
    asked = {**service.environ, "OFFBOARD_URL": service.url, **environ}
    words = ("source", "send", source, kind, "--user", user, "-o", "json")
    return offboard(service, *words, environ=asked)


def cases_of(service, user):
    answer = service.call("GET", "/api/cases", params={"user": user})
    return answer.json()["cases"]


def source_of(service, name):
    rows = service.call("GET", "/api/sources", role="viewer").json()["sources"]
    return next(one for one in rows if one["name"] == name)


def resets_of(service, *places):
    """Answer the resets of these regions and groups, in their order."""
    return [
        one
        for one in service.simulator.journal.resets()
        if (one.headers["X-Region"], one.headers["X-Auth-Resource-Group"]) in places
    ]


def slack_with(service, text):
    """Answer what Slack was told that holds *text*."""
    messages = map(told, service.simulator.slack.messages)
    return [one for one in messages if text in one]


def final_reports(case):
    return sorted(
        (one["channel"], one["state"])
        for one in case["reports"]
        if one["kind"] == "final"
    )


# how each is let in


def test_an_event_played_from_the_command_line_becomes_resets_and_both_reports(service):
    played = play(service, "okta", "deactivate", LEAVER)
    [opened] = cases_of(service, LEAVER)
    case = service.settled(opened["id"])

    assert played.returncode == 0, played.stderr
    [answer] = json.loads(played.stdout)["answers"]
    assert (answer["sent"], answer["status"]) == ("POST /events/okta", 204)
    assert OKTA_SECRET not in played.stdout + played.stderr
    assert case["opened_by"]["source"] == "okta"
    assert case["opened_by"]["event_key"].startswith("okta:")
    assert case["leaver"]["iam_id"] == "IBMid-550000DANA"
    assert [one["outcome"] for one in case["targets"]] == ["verified"] * 3
    assert case["result"] == "safe"
    # One goes first, and the others once its new owner was read back.
    places = [(one["region"], one["resource_group"]["id"]) for one in case["targets"]]
    canary, *others = resets_of(service, *places)
    lag = service.simulator.account.replication_lag_seconds
    assert min(one.at for one in others) >= canary.at + lag
    assert final_reports(case) == [("mail", "sent"), ("slack", "sent")]
    # The message that followed it, and how it ended.
    assert len(slack_with(service, case["id"])) == 2
    subjects = [one.message["Subject"] for one in service.simulator.mail.messages]
    assert [one for one in subjects if one.startswith("[offboard] safe: Dana Lee")]
    row = source_of(service, "okta")
    assert row["on"] is True
    assert row["delivered"] == 1
    assert row["last_delivered_at"] is not None


@pytest.mark.parametrize(
    ("source", "kind", "secret", "cause"),
    [
        ("okta", "deactivate", "another-hook-secret", "header"),
        ("standard", "departed", f"whsec_{'QUJD' * 11}", "signature"),
        ("bamboohr", "terminate", "another-private-key", "signature"),
        ("scim", "delete", "another-bearer-token", "header"),
    ],
    ids=["okta", "standard", "bamboohr", "scim"],
)
def test_a_wrong_secret_opens_nothing_and_is_listed_with_its_cause(
    service, source, kind, secret, cause
):
    user = f"{source}.forged@example.com"
    name = f"OFFBOARD_SOURCE_{source.upper()}_SECRET"
    before = source_of(service, source)

    forged = play(service, source, kind, user, **{name: secret})

    listed = offboard(service, "source", "list", "-o", "json", role="viewer")
    rows = json.loads(listed.stdout)["sources"]
    after = next(one for one in rows if one["name"] == source)
    assert forged.returncode == 5
    assert json.loads(forged.stdout)["answers"][0]["status"] == 401
    assert f"is its {name} the same?" in forged.stderr
    assert after["refused"] == before["refused"] + 1
    assert after["last_refused_why"] == cause
    assert after["last_refused_at"] is not None
    assert after["delivered"] == before["delivered"]
    assert cases_of(service, user) == []


@pytest.mark.parametrize(
    ("source", "kind", "user"),
    [
        ("standard", "departed", PRIYA),
        ("bamboohr", "terminate", ROBIN),
        ("scim", "deactivate", SAM),
    ],
    ids=["standard", "bamboohr", "scim"],
)
def test_each_way_to_prove_a_sender_leads_to_a_reset(service, source, kind, user):
    played = play(service, source, kind, user)
    [opened] = cases_of(service, user)
    case = service.settled(opened["id"])

    assert played.returncode == 0, played.stderr
    assert case["opened_by"]["source"] == source
    assert (case["result"], len(case["targets"])) == ("safe", 1)
    assert final_reports(case) == [("mail", "sent"), ("slack", "sent")]


def personio_event(person_id):
    return {
        "company_id": "4711",
        "event_name": "employment.terminated",
        "occurred_at": "2026-11-23T12:00:00Z",
        "payload": {"person": {"id": person_id}},
    }


def test_a_secret_in_a_path_lets_in_and_is_written_down_nowhere(service):
    at, wrong = f"{service.url}/events/personio", "0f9e8d7c6b5a43210f9e"
    event = personio_event("31337")

    taken = requests.post(f"{at}/{PATH_SECRET}", json=event, timeout=30)
    refused = requests.post(f"{at}/{wrong}", json=event, timeout=30)
    beyond = requests.post(f"{at}/{wrong}/{PATH_SECRET}", json=event, timeout=30)
    elsewhere = requests.post(
        f"{service.url}/events/okta/{PATH_SECRET}", json=event, timeout=30
    )

    assert (taken.status_code, taken.json()) == (202, {"cases": []})
    statuses = [one.status_code for one in (refused, beyond, elsewhere)]
    assert statuses == [401, 404, 404]
    row = source_of(service, "personio")
    assert (row["delivered"], row["look_ups"]) == (1, 1)
    assert (row["refused"], row["last_refused_why"]) == (1, "path")
    files = [one for one in service.folder.rglob("*") if one.is_file()]
    everything = b"\n".join(one.read_bytes() for one in files)
    assert PATH_SECRET.encode() not in everything
    assert wrong.encode() not in everything
    # The control: the same search finds the route that they came by.
    assert b'"/events/<source>/<secret>"' in everything


def test_what_cannot_be_looked_up_waits_and_is_told(service):
    # It names an employee, and the way to its directory is not set up.
    played = play(service, "bamboohr", "update", "yuki.abe@example.com")
    [waiting] = until(lambda: kept(service, "bamboohr"))
    [notice] = until(lambda: slack_with(service, "look_up_not_set_up"))

    assert played.returncode == 0, played.stderr
    assert waiting["reason"] == "look_up_not_set_up"
    assert source_of(service, "bamboohr")["quarantined"] == 1
    assert "1 delivery of the source `bamboohr` could not be acted on" in notice
    assert f"offboard quarantine replay {waiting['id']}" in notice


def kept(service, source):
    listed = service.call("GET", "/api/quarantine", role="viewer").json()
    return [one for one in listed["quarantine"] if one["source"] == source]


# silence

HUB = "the source `hub`"


def test_a_source_that_never_spoke_is_told_of_once(service):
    until(lambda: slack_with(service, HUB), seconds=SILENCE_SECONDS)
    silent = source_of(service, "hub")["silent"]
    spoke = play(service, "hub", "suspended", "nobody@example.com")
    speaking = source_of(service, "hub")["silent"]

    assert (silent, speaking) == (True, False)
    assert spoke.returncode == 0, spoke.stderr
    [notice] = slack_with(service, HUB)
    assert "never spoke" in notice
    assert "docs/sources/hub.md" in notice


# what may come of it


def okta_event(service, native_type, user, *, result="SUCCESS", actor=None):
    """Deliver one log event as Okta does."""
    event = {
        "uuid": str(uuid.uuid4()),
        "eventType": native_type,
        "outcome": {"result": result},
        "actor": {"id": "00uadmin", "type": "User", "alternateId": actor or SAM},
        "target": [{"id": f"00u{user}", "type": "User", "alternateId": user}],
    }
    return requests.post(
        f"{service.url}/events/okta",
        json={"data": {"events": [event]}},
        headers={"Authorization": OKTA_SECRET},
        timeout=30,
    )


def test_who_is_suspended_logs_in_or_fails_to_be_removed_stays(service):
    user, actor = "alex.kim@example.com", "it.admin@example.com"
    acted_on = "acted.on@example.com"

    answers = [
        okta_event(service, "user.lifecycle.suspend", user),
        okta_event(service, "user.session.start", user),
        okta_event(service, "user.lifecycle.deactivate", user, result="FAILURE"),
    ]
    played = [
        play(service, "standard", "suspended", user),
        play(service, "ibm_activity", "pending", user),
        play(service, "ibm_activity", "failure", user),
        play(service, "ibm_activity", "test", user),
    ]
    # The control, of the same form: what is no such event opens one, for the target.
    done = okta_event(service, "user.lifecycle.deactivate", acted_on, actor=actor)

    assert [one.status_code for one in answers] == [204] * 3
    assert [one.returncode for one in played] == [0] * 4
    assert cases_of(service, user) == []
    assert done.status_code == 204
    assert len(cases_of(service, acted_on)) == 1
    assert cases_of(service, actor) == []


def test_a_reactivation_cancels_what_its_own_source_scheduled(service):
    user = "mika.sato@example.com"
    play(service, "standard", "scheduled", user)
    [before] = cases_of(service, user)

    play(service, "standard", "reactivated", user)

    [after] = cases_of(service, user)
    assert (before["status"], after["status"]) == ("scheduled", "cancelled")
    assert after["id"] == before["id"]


def test_what_hr_scheduled_only_hr_takes_back(service):
    user = "lena.horn@example.com"
    play(service, "bamboohr", "schedule", user)

    by_okta = play(service, "okta", "reactivate", user)
    [kept_on] = cases_of(service, user)
    play(service, "bamboohr", "cancel", user)
    [taken_back] = cases_of(service, user)

    assert by_okta.returncode == 0
    assert (kept_on["status"], taken_back["status"]) == ("scheduled", "cancelled")


def test_two_sources_make_one_case_and_the_earlier_day_counts(service):
    play(service, "standard", "scheduled", NOOR)
    [scheduled] = cases_of(service, NOOR)

    play(service, "okta", "deactivate", NOOR)
    case = service.settled(scheduled["id"])
    found = cases_of(service, NOOR)

    assert scheduled["status"] == "scheduled"
    assert [one["id"] for one in found] == [scheduled["id"]]
    assert case["effective_at"] < scheduled["effective_at"]
    assert (case["result"], len(case["targets"])) == ("safe", 1)
    assert case["opened_by"]["source"] == "standard"


# removed by IBM Cloud

# Far longer than any wait here: the test says itself when a new owner is to show.
LAG = 600.0


def removal(service, outcome):
    """Deliver a removal event, in the alert that carries it."""
    account = service.simulator.account.account_id
    crn = f"crn:v1:bluemix:public:user-management:global:a/{account}:::"
    line = {
        "action": "user-management.user.delete",
        "outcome": outcome,
        "correlationId": "f0e1d2c3-b4a5-4678-9a0b-c1d2e3f40506",
        "initiator": {"id": SAM_IAM_ID, "name": SAM},
        "target": {"id": crn, "name": KAI_IAM_ID},
    }
    data = {"status": "triggered", "log_example": line}
    kind = "com.ibm.cloud.logs.StandardImmediateAlertEvent:AlertTriggered"
    token = SETTINGS["SOURCE_IBM_ACTIVITY_SECRET"]
    return requests.post(
        f"{service.url}/events/ibm_activity",
        json={"id": str(uuid.uuid4()), "type": kind, "data": data},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


def test_a_proven_removal_is_an_emergency_and_a_repeat_changes_nothing(service):
    account = service.simulator.account
    [payments, platform] = sorted(
        place for place, owner in account.owners().items() if owner == KAI_IAM_ID
    )
    # The user list shows them yet: the event alone proves that they are gone.
    for place in (payments, platform):
        account.set_replication_lag(*place, LAG)

    pending = removal(service, "pending")
    after_pending = cases_of(service, KAI_IAM_ID)
    first = removal(service, "success")
    [case_id] = first.json()["cases"]
    # No canary: the second does not wait for the first to be read back.
    until(lambda: len(resets_of(service, payments, platform)) == 2)
    for place in (payments, platform):
        account.end_replication_lag(*place)
    case = service.settled(case_id)
    again = removal(service, "success")

    assert (pending.status_code, pending.json()) == (202, {"cases": []})
    assert after_pending == []
    assert case["result"] == "safe"
    assert [one["outcome"] for one in case["targets"]] == ["verified"] * 2
    assert (again.status_code, again.json()) == (202, {"cases": [case_id]})
    assert [one["id"] for one in cases_of(service, KAI_IAM_ID)] == [case_id]
    assert service.case(case_id) == case
    assert len(resets_of(service, payments, platform)) == 2


# silence, once more: by now it is some time since it spoke


def test_a_source_that_spoke_and_falls_silent_is_told_of_once(service):
    if not source_of(service, "hub")["delivered"]:
        play(service, "hub", "suspended", "nobody@example.com")
    spoke = f"{HUB} last spoke at"

    until(lambda: slack_with(service, spoke), seconds=SILENCE_SECONDS)

    assert source_of(service, "hub")["silent"] is True
    # Some looks more tell nothing more.
    time.sleep(6)
    assert len(slack_with(service, spoke)) == 1
