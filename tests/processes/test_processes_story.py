"""One departure, from the signed webhook to both reports, in real processes."""

import base64
import re
import signal
import subprocess
import sys

import pytest
import requests

from simulator import Fault, delay_after, drop_after
from simulator.demo import family
from tests.processes.far_side import records_of, sent_resets
from tests.processes.installation import SHORT_LEASE, offboard, told, until
from workers.offboarding.rules import broken_by

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
OWNED = [
    ("eu-de", "payments"),
    ("us-south", "payments"),
    ("us-south", "platform"),
]
CASE_FIELDS = [
    "id",
    "kind",
    "status",
    "result",
    "dry_run",
    "leaver",
    "opened_by",
    "scope",
    "joined_to",
    "received_at",
    "effective_at",
    "settled_at",
    "owner_safe_seconds",
    "fully_safe_seconds",
    "plan",
    "warnings",
    "targets",
    "reports",
]


def places(case):
    return [(one["region"], one["resource_group"]["name"]) for one in case["targets"]]


def assert_rules_kept(service, simulator, message_id):
    resets = sent_resets(simulator)
    accepted = [f"standard:{message_id}"]
    assert [one.took_effect for one in resets] == [True, True, True]
    assert broken_by(records_of(service), resets, accepted) == ()


def test_a_signed_event_becomes_verified_resets_and_both_reports(
    install, simulator, message_id
):
    service = install()
    service.start("up")
    service.await_ready()
    owners_before = simulator.account.owners()

    answer = service.tell(LEAVER, message_id, kind="terminated", reason="resignation")
    [case_id] = answer.json()["cases"]
    case = service.settled(case_id)

    assert answer.status_code == 202
    assert list(case) == CASE_FIELDS
    assert case["result"] == "safe"
    assert case["opened_by"] == {
        "source": "standard",
        "event_key": f"standard:{message_id}",
        "actor": None,
    }
    assert places(case) == OWNED
    assert {one["outcome"] for one in case["targets"]} == {"verified"}
    assert {one["attempts"] for one in case["targets"]} == {1}
    assert case["owner_safe_seconds"] >= 1.0
    reports = [(one["channel"], one["kind"], one["state"]) for one in case["reports"]]
    assert sorted(reports) == [
        ("mail", "final", "sent"),
        ("slack", "final", "sent"),
        ("slack", "started", "sent"),
    ]
    # What the account saw: one reset a target of the leaver, each with both headers.
    resets = simulator.journal.resets()
    assert len(resets) == 3
    assert_rules_kept(service, simulator, message_id)
    assert all(one.headers["X-Region"] for one in resets)
    assert all(one.headers["X-Auth-Resource-Group"] for one in resets)
    assert len(simulator.journal.writes()) == 3
    changed = {
        place
        for place, owner in simulator.account.owners().items()
        if owners_before[place] != owner
    }
    assert len(changed) == 3
    assert {owners_before[place] for place in changed} == {"IBMid-550000DANA"}
    # Verified was said only after the owner was read back.
    last_reset = max(one.answered_at for one in resets)
    reads = [one for one in simulator.journal.calls() if "clusterkeyowner" in one.path]
    assert sum(one.at > last_reset for one in reads) >= 3
    # One message that followed the case, and below it how it ended, shown to everybody.
    root, slack = until(lambda: followed_to_the_end(simulator))
    [mail] = simulator.mail.messages
    assert (root.thread_ts, root.edited) == (None, True)
    assert (slack.thread_ts, slack.reply_broadcast) == (root.ts, True)
    assert "3 of 3 ended" in told(root)
    assert "Safe" in slack.text
    assert case_id in slack.text
    subject = mail.message["Subject"]
    assert subject == "[offboard] safe: Dana Lee, 4 follow-ups left"
    service.end("up")
    assert "Traceback" not in service.log("up")


def followed_to_the_end(simulator):
    root, *rest = simulator.slack.messages
    return [root, *rest] if "Safe" in root.text else None


def test_unarmed_no_write_call_reaches_the_account(install, simulator, message_id):
    service = install(ARMED="0")
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    assert case["result"] == "planned"
    assert case["dry_run"] is True
    assert [one["reason"] for one in case["warnings"]] == ["not_armed"]
    assert {one["outcome"] for one in case["targets"]} == {"planned"}
    assert simulator.journal.writes() == []


def test_repeats_and_second_sources_make_no_second_case(install, simulator, message_id):
    service = install()
    simulator.account.replication_lag_seconds = 3.0
    service.start("up")
    service.await_ready()

    first = service.tell(LEAVER, message_id).json()["cases"]
    again = service.tell(LEAVER, message_id).json()["cases"]
    by_hand = service.call("POST", f"/offboard/{LEAVER}").json()["case"]["id"]
    by_iam_id = service.call("POST", "/offboard/IBMid-550000DANA").json()["case"]
    case = service.settled(first[0])
    joined = until(lambda: _joined(service, by_iam_id["id"], first[0]))

    assert again == first
    assert by_hand == first[0]
    assert case["result"] == "safe"
    assert joined
    assert len(simulator.journal.resets()) == 3


def _joined(service, case_id, into):
    if case_id == into:
        return True
    case = service.case(case_id)
    is_joined = case["status"] == "cancelled" and case["joined_to"] == into
    return is_joined or case["result"] == "clean"


def test_our_own_identity_is_refused_and_by_event_held(install, simulator, message_id):
    service = install()
    service.start("up")
    service.await_ready()
    own = "iks-functional-1@example.com"

    until(lambda: service.call("POST", f"/offboard/{own}").status_code == 409)
    [case_id] = service.tell(own, message_id).json()["cases"]
    until(lambda: service.case(case_id)["status"] == "waiting")

    case = service.case(case_id)
    assert [one["reason"] for one in case["plan"]["refused"]] == ["protected_user"]
    until(lambda: simulator.slack.messages)
    assert simulator.journal.writes() == []


def test_two_candidates_for_one_address_wait(install, simulator, message_id):
    service = install()
    simulator.account.add_person("IBMid-550000TWIN", LEAVER, name="Dana Lee")
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    until(lambda: service.case(case_id)["status"] == "waiting")

    case = service.case(case_id)
    assert [one["reason"] for one in case["plan"]["refused"]] == ["ambiguous_person"]
    assert simulator.journal.writes() == []
    cancelled = service.call("POST", f"/api/cases/{case_id}/cancel")
    assert cancelled.json()["case"]["status"] == "cancelled"


def test_a_lost_answer_sends_no_second_reset(install, simulator, message_id):
    service = install()
    simulator.faults.add(Fault("POST", "/global/v1/keys", drop_after(), times=3))
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    assert simulator.faults.unfired() == []
    assert case["result"] == "safe"
    assert len(simulator.journal.resets()) == 3
    assert_rules_kept(service, simulator, message_id)


def test_a_worker_killed_in_the_middle_of_a_reset_sends_no_second_one(
    install, simulator, message_id
):
    service = install()
    fault = Fault("POST", "/global/v1/keys", delay_after(6), times=1)
    simulator.faults.add(fault)
    service.start("store", "beat", "web")
    service.start("worker", code=SHORT_LEASE)
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    until(lambda: not simulator.faults.unfired())
    service.end("worker", signal.SIGKILL)
    service.start("worker", code=SHORT_LEASE)
    case = service.settled(case_id)

    assert case["result"] == "safe"
    assert len(simulator.journal.resets()) == 3
    assert_rules_kept(service, simulator, message_id)


def test_nothing_acknowledged_is_lost_when_everything_is_killed(
    install, simulator, message_id
):
    service = install()
    service.start("store", "web")
    until(lambda: _answers(service))

    # No worker and no beat: the event can only be on disk.
    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    for name in ("web", "store"):
        service.end(name, signal.SIGKILL)
    service.start("store", "web", "worker", "beat")
    service.await_ready()
    case = service.settled(case_id)

    assert case["result"] == "safe"
    assert len(simulator.journal.resets()) == 3
    assert_rules_kept(service, simulator, message_id)


def _answers(service):
    try:
        return requests.get(f"{service.url}/readyz", timeout=2).ok
    # A machine that is busy answers its first request late, too.
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_the_service_answers_503_while_the_store_is_away(install, message_id):
    service = install()
    service.start("store", "web", "worker", "beat")
    service.await_ready()

    service.end("store", signal.SIGKILL)
    refused = service.tell(LEAVER, message_id)
    ready = requests.get(f"{service.url}/readyz", timeout=30)
    service.start("store")
    until(lambda: service.tell(LEAVER, message_id).status_code == 202)
    [case_id] = service.tell(LEAVER, message_id).json()["cases"]

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert ready.status_code == 503
    assert service.settled(case_id)["result"] == "safe"


# Celery gives up for good where a connection is lost at an unlucky moment; here at the
# first look at its sockets after the flag is there.
GIVES_UP_ONCE = """
import pathlib, sys
from kombu.transport.redis import MultiChannelPoller as Poller
flag, look = pathlib.Path({flag!r}), Poller.on_poll_start
def gives_up(self):
    if flag.exists():
        flag.unlink()
        raise AttributeError("'NoneType' object has no attribute 'hostname'")
    return look(self)
Poller.on_poll_start = gives_up
sys.argv[0] = "offboard"
from service.cli import main
main()
"""


def test_a_worker_whose_celery_gives_up_begins_anew(install, message_id):
    service = install()
    flag = service.folder / "give-up"
    service.start("store", "web", "beat")
    service.start("worker", code=GIVES_UP_ONCE.format(flag=str(flag)))
    service.await_ready()
    process = service.running["worker"]

    flag.touch()
    until(lambda: "worker.begins_anew" in service.log("worker"))
    case_id = service.tell(LEAVER, message_id).json()["cases"][0]

    assert service.settled(case_id)["result"] == "safe"
    assert process.poll() is None, "the process stays, under the same id"


def test_the_supervisor_restarts_what_dies(install, message_id):
    service = install()
    service.start("up")
    service.await_ready()

    children = _children(service.running["up"].pid)
    everybody = family.below(service.running["up"].pid)
    for pid in children:
        subprocess.run(["kill", "-9", str(pid)], check=True)
    # What those had started answers for a moment longer.
    until(lambda: not family.alive(everybody))
    service.await_ready()
    until(lambda: len(_children(service.running["up"].pid)) == 4)
    [case_id] = service.tell(LEAVER, message_id).json()["cases"]

    assert len(children) == 4
    assert service.settled(case_id)["result"] == "safe"


def test_a_second_supervisor_on_the_same_store_gives_up(install):
    service = install()
    service.start("up")
    service.await_ready()

    second = subprocess.run(
        [sys.executable, "-m", "service.cli", "up"],
        env=service.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 5
    assert "Another offboard up runs on the store in" in second.stderr
    assert len(_children(service.running["up"].pid)) == 4


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_nothing_goes_on_without_its_supervisor(install, number):
    service = install()
    service.start("up")
    service.await_ready()
    children = _children(service.running["up"].pid)

    # The supervisor alone, as a closed terminal or the kernel would end it.
    supervisor = service.running.pop("up")
    supervisor.send_signal(number)
    supervisor.wait(40)

    until(lambda: not any(_is_alive(pid) for pid in children))
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service.url}/healthz", timeout=2)


def _is_alive(pid):
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def _children(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(one) for one in listed.stdout.split()]


def test_a_paused_service_waits_and_goes_on_when_the_pause_ends(
    install, simulator, message_id
):
    service = install(PAUSED="1")
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    until(lambda: service.case(case_id)["status"] == "waiting")
    held = service.case(case_id)
    writes_while_paused = list(simulator.journal.writes())
    offboard(service, "resume", role="approver")
    case = service.settled(case_id)

    assert [one["reason"] for one in held["plan"]["refused"]] == ["paused"]
    assert writes_while_paused == []
    assert case["result"] == "safe"


def test_no_secret_reaches_log_store_or_report(install, simulator, message_id):
    service = install(LOG_LEVEL="DEBUG")
    service.start("up")
    service.await_ready()
    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    service.settled(case_id)

    service.end("up")
    kept = [one.read_bytes() for one in service.folder.rglob("*") if one.is_file()]
    said = [one.text + str(one.blocks) for one in simulator.slack.messages]
    said += [one.message.as_string() for one in simulator.mail.messages]
    plain = b"\n".join([*kept, *(one.encode() for one in said)])
    # The broker's messages are base64: what hides in them is searched too.
    found = re.findall(rb"(?:[A-Za-z0-9+/]{4}){4,}", plain)
    hidden = [base64.b64decode(one) for one in found]
    everything = b"\n".join([plain, *hidden])

    secret = service.environ["OFFBOARD_SOURCE_STANDARD_SECRET"]
    for planted in (
        service.environ["OFFBOARD_FUNCTIONAL_ID_APIKEY"],
        service.environ["OFFBOARD_SLACK_BOT_TOKEN"],
        secret,
        secret.removeprefix("whsec_"),
        "ofb_operator_",
    ):
        assert planted.encode() not in everything, planted[:6]
    assert not re.search(rb"eyJ[\w-]+\.eyJ[\w-]+\.", everything)
    # The control: what must be there is found by the same search.
    assert case_id.encode() in everything
    assert b"dana.lee@example.com" in everything
    assert f'["{case_id}", ""]'.encode() in everything
