"""kill -9 at every step of the road, on a real server: one reset a target.

One installation and one account, several departures at once. The worker kills itself at
each of the points below, once, and a parent that has everything loaded already forks
the next one.
"""

import signal
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from simulator import Fault, Simulator, delay_after, demo_account
from simulator.scenario import DEFAULT_GROUP_ID, LEAVER_IAM_ID
from tests.processes.far_side import records_of, sent_resets
from tests.processes.installation import (
    SHORT_LEASE,
    TOKENS,
    installations,
    told,
    until,
)
from tests.processes.test_processes_doors import personio_event
from workers.offboarding.rules import broken_by, unfinished

pytestmark = pytest.mark.processes

DANA = "dana.lee@example.com"
ROBIN = "robin.park@example.com"
KAI = "kai.ito@example.com"
# Celery waits a moment for what is under way, and no longer.
IMPATIENT = "from workers import app; app._CONFIG['worker_soft_shutdown_timeout'] = 1; "
# Before or after: what lies in between is one write to the store, or one call. That
# "about to reset" is written and nothing is sent happens once: twice at one target, and
# it is given up, since there is no third time.
POINTS = [
    "plan:claim:after",
    "plan:end:before",
    "plan:end:after",
    "reset:keep:before",
    "reset:keep:after",
    "call:after",
    "reset:end:after",
    "verify:again:after",
    "verify:end:before",
    "verify:end:after",
    "report:end:before",
    "report:end:after",
    "deliver:claim:after",
    "slack:before",
    "mail:after",
    "deliver:end:after",
    "aftercare:claim:after",
    "foresee:claim:after",
    "look_up:before",
    "answer:before",
    "notice:begin:after",
    "notice:put:before",
]
# Who dies takes every thread along: nobody else may stand between those two then, or it
# happens to one target twice by chance.
DIES = """
import os, pathlib, signal, sys, threading, time
from service import cli
from workers import processes
from workers.answering import Answers
from workers.ibmcloud.client import WritingClient
from workers.looking_up import LookUps
from workers.notify.email import Mail
from workers.notify.slack import SlackBot
from workers.offboarding import workflow
from workers.offboarding.steps import resetting
from workers.store import notices, work
from workers.store.notices import Notices
points = pathlib.Path({points!r})
work.Works.__init__.__kwdefaults__["lease_seconds"] = 1.5
work._PUSH_MS, work.GRACE_MS, notices._LEASE_SECONDS = 1500, 500, 2
# So many deaths would give work up otherwise.
for each in list(sys.modules.values()):
    if hasattr(each, "CRASH_LIMIT"):
        each.CRASH_LIMIT = 1000
alone = threading.RLock()
def die_at(point):
    if not (points / point).exists():
        return
    with alone:
        try:
            (points / point).rename(points / f"taken {{point}}")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(5)
sends = resetting._send
def send_alone(*given):
    with alone:
        return sends(*given)
resetting._send = send_alone
def around(kind, name, named):
    does = getattr(kind, name)
    def call(self, *given, **more):
        point = named(*given, **more)
        die_at(f"{{point}}:before")
        said = does(self, *given, **more)
        if said is not None or name != "begin":
            die_at(f"{{point}}:after")
        return said
    setattr(kind, name, call)
around(work.Works, "begin", lambda one, **_: f"{{one.step}}:claim")
def written(claim, change, mode, **more):
    return f"{{claim.work.step}}:{{mode}}"
around(work.Works, "_write", written)
around(WritingClient, "send", lambda *_, **__: "call")
around(SlackBot, "deliver", lambda *_: "slack")
around(Mail, "deliver", lambda *_: "mail")
around(Notices, "begin", lambda *_: "notice:begin")
around(Notices, "put", lambda *_: "notice:put")
around(LookUps, "look_up", lambda *_: "look_up")
around(Answers, "answer", lambda *_: "answer")
while True:
    child = os.fork()
    if not child:
        cli.main()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""
SETTINGS = {
    "VERIFY_DEADLINE_SECONDS": "4",
    "SETTLE_MINUTES": "0.02",
    "LEAD_TIME_HOURS": "0",
    "SOURCE_PERSONIO_SECRET": "5d0c7f1e9a3b4c6d8e2f",
    "SOURCE_PERSONIO_TIMEZONE": "Europe/Berlin",
    # Where nobody listens: what it told of is looked up in vain, and kept.
    "SOURCE_PERSONIO_API_URL": "http://127.0.0.1:9",
    "SOURCE_PERSONIO_API_TOKEN": "an-id:a-client-secret",
}


@pytest.fixture(scope="module")
def service():
    account = demo_account()
    account.replication_lag_seconds = 1.0
    with Simulator([account]) as simulator, installations(simulator) as install:
        service = install(**SETTINGS)
        (service.folder / "points").mkdir()
        code = DIES.format(points=str(service.folder / "points"))
        service.start("store", "web", "beat")
        service.start("worker", code=code)
        service.await_ready()
        yield service


def untaken(service):
    """Name the points at which no worker has died yet."""
    names = [one.name for one in (service.folder / "points").iterdir()]
    return sorted(one for one in names if not one.startswith("taken "))


def restart(service, *names):
    for name in names:
        service.end(name, signal.SIGKILL)
        service.start(name)


def test_killed_at_every_step_each_target_is_reset_once_and_everything_is_told(service):
    for point in POINTS:
        (service.folder / "points" / point).touch()
    began = time.monotonic()

    # Three who leave now, one on a day to come, one nobody knows, one to be looked up.
    cases = [
        service.tell(user, f"msg_{number}").json()["cases"][0]
        for number, user in enumerate((DANA, ROBIN, KAI))
    ]
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    priya = "priya.nair@example.com"
    foreseen = service.tell(priya, "msg_later", effective_at=later).json()["cases"][0]
    unknown = {"subjects": [{"format": "opaque", "id": "E-157"}]}
    service.send("user.departed", "msg_unknown", unknown)
    told_of = personio_event("31337")
    at = f"{service.url}/events/personio/{SETTINGS['SOURCE_PERSONIO_SECRET']}"
    assert requests.post(at, json=told_of, timeout=30).status_code == 202
    # The other three processes die meanwhile, the server with its file too.
    restart(service, "beat", "web")
    until(lambda: len(untaken(service)) < len(POINTS) - 6)
    restart(service, "store")
    service.await_ready()
    until(lambda: _ask(service))
    settled = [service.settled(one, seconds=150) for one in cases]
    until(lambda: service.case(foreseen)["plan"])
    late = time.monotonic() + 150
    while untaken(service) and time.monotonic() < late:
        time.sleep(0.2)
    until(lambda: "unknown_person" in slack_of(service))

    resets = sent_resets(service.simulator)
    targets = sum(len(case["targets"]) for case in settled)
    records = records_of(service)
    assert untaken(service) == []
    assert [case["result"] for case in settled] == ["safe", "safe", "safe"]
    assert len(resets) == len({one.target_id for one in resets}) == targets == 6
    keys = [f"standard:msg_{number}" for number in (0, 1, 2, "later")]
    assert broken_by(records, resets, keys) == ()
    assert unfinished(records) == ()
    messages = slack_of(service)
    mails = "\n".join(
        one.message.as_string() for one in service.simulator.mail.messages
    )
    for case_id in cases:
        assert case_id in messages
        assert case_id in mails
    kept = service.call("GET", "/api/quarantine", role="viewer").json()["quarantine"]
    assert "unknown_person" in {one["reason"] for one in kept}
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"\n{len(POINTS)} crash points, and beat, web and the server killed, "
        f"in {seconds:.0f} s\n"
    )


def slack_of(service):
    return "\n".join(map(told, service.simulator.slack.messages))


def _ask(service):
    """Ask the gate: a question that a worker answers, or dies over."""
    headers = {"Authorization": f"Bearer {TOKENS['viewer']}"}
    url = f"{service.url}/api/gate/{DANA}"
    try:
        return requests.get(url, headers=headers, timeout=20).ok
    except requests.RequestException:
        return False


def test_a_worker_asked_to_end_during_a_reset_ends_it_first(service):
    service.end("worker", signal.SIGKILL)
    service.start("worker", code=IMPATIENT + SHORT_LEASE)
    service.await_ready()
    account = service.simulator.account
    account.take_over("us-east", DEFAULT_GROUP_ID, LEAVER_IAM_ID)
    before = len(service.simulator.journal.resets())
    fault = Fault("POST", "/global/v1/keys", delay_after(3))
    service.simulator.faults.add(fault)

    [case_id] = service.tell(DANA, "msg_again").json()["cases"]
    until(lambda: not service.simulator.faults.unfired())
    service.end("worker", signal.SIGTERM)
    assert "worker.begins_anew" not in service.log("worker")
    [record] = [one for one in records_of(service) if one.case.id == case_id]
    service.start("worker", code=SHORT_LEASE)
    case = service.settled(case_id)

    # The answer was waited for and written down; nobody has to guess.
    assert "target.reset" in [one.what for one in record.ledger]
    assert case["result"] == "safe"
    assert len(service.simulator.journal.resets()) == before + 1
