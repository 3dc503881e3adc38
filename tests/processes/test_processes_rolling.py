"""A rolling change from the version before, and back, while departures keep coming."""

import json
import random
import re
import subprocess
import threading
import time

import pytest
import requests

from simulator import Simulator, departure_account
from simulator.scenario import PAYMENTS_GROUP_ID
from tests.processes.far_side import records_of, sent_resets
from tests.processes.installation import (
    free_port,
    installations,
    offboard,
    told,
    until,
)
from tests.processes.older import FORMAT_1, Processes, unpacked
from tests.processes.stored_format_1 import SETTINGS, load, stored_account
from tests.processes.storm import signed
from tests.scenarios.scene import server_of
from workers.app import make_app
from workers.embedded import Embedded
from workers.offboarding.rules import broken_by

pytestmark = pytest.mark.processes

# Each leaves while other versions run, and owns one target.
PHASES = ("old", "mixed", "undone", "new", "back")
REGIONS = ("us-east", "eu-gb", "jp-tok", "au-syd", "ca-tor")
EVERY_SECONDS = 0.4


def rolling_account():
    account = departure_account()
    for number, (phase, region) in enumerate(zip(PHASES, REGIONS, strict=True)):
        iam_id = f"IBMid-66000{number}"
        account.add_person(iam_id, f"{phase}@example.com", name=f"Kim {phase.title()}")
        account.add_cluster(
            f"cq1rol0{number}000000{number}",
            f"rolling-{phase}",
            region=region,
            group_id=PAYMENTS_GROUP_ID,
        )
        account.set_owner(region, PAYMENTS_GROUP_ID, iam_id)
    return account


class Load:
    """A steady rate of signed departures, a third of them told again later."""

    def __init__(self, service):
        self.service = service
        self.answered = {}
        self._over = threading.Event()
        self._dice = random.Random(7)  # noqa: S311 - no secret
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, key, email):
        """Send until it is taken in, as senders do; it goes on as the same event."""
        _, body, headers = signed(key, email)
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                answer = requests.post(
                    f"{self.service.url}/events/standard",
                    data=body,
                    headers=headers,
                    timeout=5,
                )
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.ok:
                self.answered.setdefault(key, set()).update(answer.json()["cases"])
                return
            time.sleep(0.1)
        raise AssertionError(f"{key} was not taken in")

    def _run(self):
        number = 0
        while not self._over.wait(EVERY_SECONDS):
            again = self._dice.random() < 0.3 and number > 0
            which = self._dice.randrange(number) if again else number
            try:
                self.tell(f"msg_load{which}", f"person{which}@example.com")
            except AssertionError:
                # The test is over, and said why; this thread would say it of another.
                if not self.service.running:
                    return
                raise
            number += 0 if again else 1

    def end(self):
        self._over.set()
        self._thread.join(60)


def move_web(service, processes, name, *, old=False):
    """Start a web of another version beside the one there is, then end that."""
    port = free_port()
    before = [one for one in service.running if one.startswith("web")]
    processes.start(name, "web", old=old, port=port)
    url = f"http://127.0.0.1:{port}"
    until(lambda: answers(url))
    service.url = url
    for one in before:
        service.end(one)


def answers(url):
    try:
        return requests.get(f"{url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def start_worker(service, processes, name, *, old=False):
    processes.start(name, "worker", old=old)
    until(lambda: "worker.started" in service.log(name))


def ask_to_end(service, name):
    """Ask a worker to end, which takes it up to 20 s where it has work."""
    service.running[name].terminate()


def see_ended(service, name):
    """Wait for a worker of format 1, and end it as whoever runs it would.

    Asked to end while a task takes longer than 20 s, that version begins anew.
    """
    process = service.running.pop(name)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def shown(service):
    answer = offboard(service, "upgrade", "show", "-o", "json")
    return answer.returncode, json.loads(answer.stdout)


def plant_foreign_work(service, case_id):
    """Leave work of a step that only a later version knows, due and sent."""
    member = f"{case_id}|celebrate|"
    with server_of(service) as client:
        client.zadd("offboard:due", {member: 0})
    place = Embedded.at(service.environ["OFFBOARD_STORE_URL"])
    app = make_app(place.broker_url)
    app.send_task("offboarding.celebrate", args=[case_id, ""])
    app.close()
    return member


@pytest.fixture
def account():
    made = rolling_account()
    made.replication_lag_seconds = 1.0
    return made


def test_nothing_is_lost_or_done_twice_when_versions_change_under_load(
    install, simulator, tmp_path
):
    service = install(MAX_CASES_PER_HOUR="100000", VERIFY_DEADLINE_SECONDS="20")
    older = unpacked(FORMAT_1, tmp_path)
    processes = Processes(service, older)
    processes.start("store", "store", old=True)
    move_web(service, processes, "web_old", old=True)
    processes.start("beat", "beat", old=True)
    start_worker(service, processes, "worker_old", old=True)
    load = Load(service)
    load.tell("msg_old", "old@example.com")

    # Web and workers of both versions live side by side.
    move_web(service, processes, "web_new")
    start_worker(service, processes, "worker_new")
    load.tell("msg_mixed", "mixed@example.com")
    foreign = plant_foreign_work(service, next(iter(load.answered["msg_mixed"])))
    mixed_code, mixed = shown(service)
    refused = offboard(service, "upgrade", "finish")

    # A change of mind: the version before is started again, and nothing else.
    move_web(service, processes, "web_undone", old=True)
    ask_to_end(service, "worker_new")
    load.tell("msg_undone", "undone@example.com")

    move_web(service, processes, "web_again")
    start_worker(service, processes, "worker_again")
    ask_to_end(service, "worker_old")
    service.end("beat")
    processes.start("beat_new", "beat")
    service.running.pop("worker_new").wait(90)
    see_ended(service, "worker_old")
    finished = offboard(service, "upgrade", "finish", "-o", "json")
    assert finished.returncode == 0, finished.stderr
    load.tell("msg_new", "new@example.com")
    new_code, new = shown(service)

    # The way back, after all of that was finished.
    until(lambda: marks(service))
    back = offboard(service, "upgrade", "back")
    marked = marks(service)
    move_web(service, processes, "web_back", old=True)
    start_worker(service, processes, "worker_back", old=True)
    ask_to_end(service, "worker_again")
    load.tell("msg_back", "back@example.com")
    load.end()
    cases = [
        service.settled(case_id)
        for mine in load.answered.values()
        for case_id in sorted(mine)
    ]

    assert (mixed_code, mixed["stored"], mixed["finished"]) == (4, 1, False)
    kinds = {one["kind"] for one in mixed["processes"]}
    assert {"", "web", "worker"} <= kinds
    assert refused.returncode == 4
    assert "An older version is connected" in refused.stderr
    assert (new_code, new["stored"], new["finished"]) == (0, 2, True)
    assert {one["kind"] for one in new["processes"]} == {"web", "worker"}
    assert back.returncode == 0, back.stderr
    assert marked == []

    assert len(load.answered) > 30
    assert all(len(mine) == 1 for mine in load.answered.values())
    assert len({one["id"] for one in cases}) == len(load.answered)
    by_leaver = {one["leaver"]["email"]: one for one in cases}
    safe = [by_leaver[f"{phase}@example.com"] for phase in PHASES]
    assert [one["result"] for one in safe] == ["safe"] * 5
    assert [[each["outcome"] for each in one["targets"]] for one in safe] == (
        [["verified"]] * 5
    )
    sent = simulator.journal.resets()
    assert len(sent) == len({(one.path, one.headers["X-Region"]) for one in sent}) == 5
    assert broken_by(records_of(service), sent_resets(simulator)) == ()
    with server_of(service) as client:
        assert client.smembers("offboard:damaged") == set()
        # It waits for who knows it.
        assert client.zscore("offboard:due", foreign) is not None
    assert not re.search(r'"case\.(damaged|rule_broken)"', processes.logs())

    path = tmp_path / "all.jsonl"
    words = ("evidence", "export", "--all", "--out", str(path), "--force")
    until(lambda: offboard(service, *words).returncode == 0)
    verified = offboard(service, "evidence", "verify", str(path))
    assert verified.stdout.startswith("It holds: "), verified.stdout


def marks(service):
    with server_of(service) as client:
        keys = client.scan_iter("offboard:case:*", _type="hash", count=1000)
        return [key for key in keys if client.hexists(key, "format")]


def test_a_store_that_the_version_before_left_in_use_is_worked_off(tmp_path):
    with (
        Simulator([stored_account(is_after=True)]) as simulator,
        installations(simulator) as make,
    ):
        service = make(**SETTINGS, RETENTION_DAYS="36500")
        service.start("store")
        until(lambda: "store.started" in service.log("store"))
        with server_of(service) as client:
            load(client)
        service.start("web", "worker", "beat")
        service.await_ready()
        found = {one["leaver"]["email"]: one for one in listed(service)}
        statuses = {
            name.partition("@")[0]: one["status"] for name, one in found.items()
        }
        kept = service.call("GET", "/api/quarantine", role="viewer").json()
        spots = service.call("GET", "/api/blind-spots", role="viewer").json()
        users = requests.get(
            f"{service.url}/scim/v2/Users",
            headers={"Authorization": f"Bearer {SETTINGS['SOURCE_SCIM_SECRET']}"},
            timeout=30,
        ).json()

        mid = service.settled(found["mid@example.com"]["id"])
        held = found["held@example.com"]
        hashed = {"plan_hash": service.case(held["id"])["plan"]["hash"]}
        path = f"/api/cases/{held['id']}"
        assert service.call(
            "POST", f"{path}/approve", role="approver", json=hashed
        ).ok, path
        held = service.settled(held["id"])
        refused = found["refused@example.com"]
        assert service.call("POST", f"/api/cases/{refused['id']}/retry").ok
        until(lambda: service.case(refused["id"])["result"] == "safe")
        assert service.call("POST", "/api/brake/release", role="approver", json={}).ok
        braked = [
            service.settled(found[f"many{number}@example.com"]["id"])["result"]
            for number in range(3)
        ]
        scheduled = found["robin.park@example.com"]
        assert service.call("POST", f"/api/cases/{scheduled['id']}/cancel").ok
        drop = f"/api/quarantine/{kept['quarantine'][0]['id']}/drop"
        assert service.call("POST", drop).ok
        words = ("evidence", "export", "--all", "--out", str(tmp_path / "all.jsonl"))
        until(lambda: offboard(service, *words, "--force").returncode == 0)
        verified = offboard(service, "evidence", "verify", str(tmp_path / "all.jsonl"))
        with server_of(service) as client:
            damaged = client.smembers("offboard:damaged")
        texts = [told(one) for one in simulator.slack.messages]

    # The one in the middle of its reset may be over by then.
    assert statuses.pop("mid") in ("open", "settled")
    assert statuses == {
        "dana.lee": "settled",
        "refused": "settled",
        "nobody": "settled",
        "robin.park": "scheduled",
        "later": "cancelled",
        "held": "waiting",
        "many0": "waiting",
        "many1": "waiting",
        "many2": "waiting",
    }
    [spot] = spots["blind_spots"]
    assert (spot["region"], spot["accepted_by"]) == ("ca-tor", "approver")
    assert kept["quarantine"][0]["source"] == "standard"
    assert users["totalResults"] == 1
    assert (mid["result"], held["result"]) == ("safe", "safe")
    assert braked == ["clean", "clean", "clean"]
    # What the version before sent is not sent again.
    regions = sorted(one.headers["X-Region"] for one in simulator.journal.resets())
    assert regions == ["eu-gb", "eu-gb", "jp-tok", "us-east"]
    assert verified.stdout.startswith("It holds: "), verified.stdout
    assert damaged == set()
    assert not any("cannot be read, so nothing is done" in one for one in texts)


def listed(service):
    body = service.call("GET", "/api/cases?limit=100", role="operator").json()
    more = service.call("GET", "/api/cases?status=scheduled", role="operator").json()
    return [*body["cases"], *more["cases"]]
