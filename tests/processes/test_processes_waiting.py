"""What comes in and has to wait, through real processes: for a look-up, for its day,
for somebody who mends the identity map.
"""

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from simulator import Simulator, demo_account
from tests.processes.installation import installations, offboard, told, until
from tests.workers.directories.graph.fake_graph import FakeGraph, error

pytestmark = pytest.mark.processes

LEAVER, LEAVER_IAM_ID = "dana.lee@example.com", "IBMid-550000DANA"
ROBIN = "robin.park@example.com"
PRIYA = "priya.nair@example.com"
KAI = "kai.ito@example.com"


def cases_of(service, user):
    answer = service.call("GET", "/api/cases", params={"user": user})
    return answer.json()["cases"]


def source_of(service, name):
    rows = service.call("GET", "/api/sources", role="viewer").json()["sources"]
    return next(one for one in rows if one["name"] == name)


def slack_with(service, text):
    messages = map(told, service.simulator.slack.messages)
    return [one for one in messages if text in one]


# for a look-up

DANAS_OBJECT = "0b7d1f5e-2a44-4c1b-9a55-3f6d8e0c1a01"
ROBINS_OBJECT = "0b7d1f5e-2a44-4c1b-9a55-3f6d8e0c1a02"
CLIENT_STATE = "client-state-9f3b7c"


@pytest.fixture(scope="module")
def graph():
    fake = FakeGraph()
    fake.subscriptions["s-1"] = {
        "id": "s-1",
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=28)).isoformat(),
    }
    fake.put(DANAS_OBJECT, mail=LEAVER)
    fake.put(ROBINS_OBJECT, mail=ROBIN)
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def service(graph):
    """An installation for those who wait for no day; each test has its people."""
    account = demo_account()
    account.replication_lag_seconds = 1.0
    with Simulator([account]) as simulator, installations(simulator) as install:
        service = install(**of_graph(graph), LOG_LEVEL="DEBUG")
        service.start("up")
        service.await_ready()
        yield service


def of_graph(graph):
    return {
        "SOURCE_ENTRA_GRAPH_SECRET": CLIENT_STATE,
        "SOURCE_ENTRA_GRAPH_TENANT_ID": "t-1",
        "SOURCE_ENTRA_GRAPH_SUBSCRIPTION_IDS": "s-1",
        "SOURCE_ENTRA_GRAPH_CLIENT_ID": "app-1",
        "SOURCE_ENTRA_GRAPH_CLIENT_SECRET": "app-secret-1",
        "SOURCE_ENTRA_GRAPH_GRAPH_URL": graph.url,
        "SOURCE_ENTRA_GRAPH_LOGIN_URL": graph.url,
    }


def notify(service, object_id, number, state=CLIENT_STATE):
    """Deliver a change notification; it names an object id and nothing else."""
    element = {
        "subscriptionId": "s-1",
        "tenantId": "t-1",
        "clientState": state,
        "changeType": "updated",
        "resource": f"Users/{object_id}",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.User",
            "id": object_id,
            "sequenceNumber": number,
        },
    }
    url = f"{service.url}/events/entra_graph"
    return requests.post(url, json={"value": [element]}, timeout=30)


def test_who_changed_is_read_at_graph_and_graph_may_be_away_for_a_while(service, graph):
    # Somebody else's notification; then one of who was only renamed.
    forged = notify(service, DANAS_OBJECT, 1, state="another-client-state")
    harmless = notify(service, DANAS_OBJECT, 2)
    until(lambda: source_of(service, "entra_graph")["look_ups"] == 0)
    while_enabled = cases_of(service, LEAVER)

    # Graph is away when it tells of a change.
    graph.faults.append(
        error(503, "ServiceUnavailable", f"users/{DANAS_OBJECT}", times=1000)
    )
    graph.put(DANAS_OBJECT, accountEnabled=False)
    before = len(reads_of(graph, DANAS_OBJECT))
    told_of = notify(service, DANAS_OBJECT, 3)
    until(lambda: len(reads_of(graph, DANAS_OBJECT)) >= before + 2)
    while_away = source_of(service, "entra_graph")
    cases_while_away = cases_of(service, LEAVER)
    graph.faults.clear()
    [opened] = until(lambda: cases_of(service, LEAVER))
    case = service.settled(opened["id"])

    # Deleted: only what Graph keeps of the deleted says who it was.
    graph.delete(ROBINS_OBJECT)
    notify(service, ROBINS_OBJECT, 4)
    [gone] = until(lambda: cases_of(service, ROBIN))
    deleted = service.settled(gone["id"])

    assert (forged.status_code, harmless.status_code) == (401, 202)
    assert while_enabled == []
    assert (told_of.status_code, told_of.json()) == (202, {"cases": []})
    assert (while_away["look_ups"], while_away["quarantined"]) == (1, 0)
    assert cases_while_away == []
    assert case["opened_by"]["source"] == "entra_graph"
    assert (case["result"], len(case["targets"])) == ("safe", 3)
    assert (deleted["result"], len(deleted["targets"])) == ("safe", 1)
    row = source_of(service, "entra_graph")
    assert (row["look_ups"], row["quarantined"]) == (0, 0)
    assert (row["refused"], row["last_refused_why"]) == (1, "client_state")
    log = service.log("up")
    assert CLIENT_STATE not in log
    assert "app-secret-1" not in log


def reads_of(graph, object_id):
    return [path for path in graph.paths("GET") if path.endswith(object_id)]


# for its day


def at(moment):
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@pytest.mark.parametrize("account", [demo_account], indirect=True)
def test_what_is_scheduled_begins_on_its_day_and_nobody_hears_of_it_before(
    install, simulator
):
    service = install(LEAD_TIME_HOURS="0")
    began = time.time()
    service.start("store", "web", "worker", "beat")
    service.await_ready()
    service.surveyed()
    # Long enough for this machine to have all killed and started again before.
    slowness = time.time() - began
    day, later = time.time() + 30.0 + 3 * slowness, time.time() + 3600.0

    # Dana leaves that day. Kai later, and then that day; Robin the other way round.
    # Priya does not leave after all.
    [danas] = tell(service, LEAVER, "1", day)
    [kais] = tell(service, KAI, "2", later)
    [robins] = tell(service, ROBIN, "3", day)
    [priyas] = tell(service, PRIYA, "4", day)
    moved = [tell(service, KAI, "5", day), tell(service, ROBIN, "6", later)]
    subjects = [{"format": "email", "email": PRIYA}]
    withdrawn = service.send("user.departure_cancelled", "7", {"subjects": subjects})

    foreseen = until(lambda: planned(service, danas))
    hidden = service.call("GET", f"/api/cases/{danas}", role="viewer")
    listed = service.call("GET", "/api/cases", role="viewer").json()["cases"]
    shown = service.call("GET", "/api/cases").json()["cases"]
    for name in ("worker", "beat", "web", "store"):
        service.end(name, signal.SIGKILL)
    service.start("store", "web", "worker", "beat")
    service.await_ready()
    after_restart = service.case(danas)
    time.sleep(max(0.0, day - time.time() - 5.0))
    told_before = [*map(told, simulator.slack.messages), *simulator.mail.messages]
    writes_before = list(simulator.journal.writes())
    looked_at = time.time()

    dana, kai = service.settled(danas), service.settled(kais)
    robin, priya = service.case(robins), service.case(priyas)

    assert looked_at < day
    assert foreseen["plan"]["hash"].startswith("sha256:")
    assert {one["owner_before"]["id"] for one in foreseen["targets"]} == {LEAVER_IAM_ID}
    assert len(foreseen["targets"]) == 3
    assert foreseen["status"] == "scheduled"
    # Confidential: a viewer is not even told that it exists.
    assert hidden.status_code == 404
    assert LEAVER not in hidden.text
    assert listed == []
    assert {one["id"] for one in shown} == {danas, kais, robins, priyas}
    assert (told_before, writes_before) == ([], [])
    assert (after_restart["status"], after_restart["plan"]) == (
        "scheduled",
        foreseen["plan"],
    )
    # One case each, whatever was told of it later.
    assert moved == [[kais], [robins]]
    assert (withdrawn.status_code, priya["status"]) == (202, "cancelled")
    assert robin["status"] == "scheduled"
    assert datetime.fromisoformat(robin["effective_at"]).timestamp() > day + 3000
    assert (dana["result"], kai["result"]) == ("safe", "safe")
    resets = simulator.journal.resets()
    assert len(resets) == len(dana["targets"]) + len(kai["targets"]) == 5
    assert min(one.at for one in resets) >= day
    for case in (dana, kai):
        places = [
            (one["region"], one["resource_group"]["id"]) for one in case["targets"]
        ]
        first = min(
            one.at
            for one in resets
            if (one.headers["X-Region"], one.headers["X-Auth-Resource-Group"]) in places
        )
        assert first <= day + 60.0
    everything = "\n".join(map(told, simulator.slack.messages))
    assert (danas in everything, kais in everything) == (True, True)
    assert (robins in everything, priyas in everything) == (False, False)
    still_hidden = service.call("GET", f"/api/cases/{robins}", role="viewer")
    now_shown = service.call("GET", f"/api/cases/{danas}", role="viewer")
    assert (still_hidden.status_code, now_shown.status_code) == (404, 200)


def tell(service, user, number, moment):
    answer = service.tell(user, f"msg_scheduled_{number}", effective_at=at(moment))
    assert answer.status_code == 202
    return answer.json()["cases"]


def planned(service, case_id):
    case = service.case(case_id)
    return case if case["plan"] else None


# for a mended identity map

PLANTED = "planted.in.the.body@example.com"
CONTROL = "somebody.else@example.com"


def test_who_is_named_by_an_unknown_id_waits_sealed_until_the_map_knows_them(
    service, tmp_path
):
    answers = [unknown(service, "msg_1", "E-157"), unknown(service, "msg_2", "E-158")]
    [notice] = until(lambda: slack_with(service, "unknown_person"))
    first, second = kept(service)
    too_early = replay(service, first["id"])
    # Somebody who is known, as the control of the search below.
    control = service.tell(CONTROL, "msg_3")

    service.end("up")
    files = [one for one in service.folder.rglob("*") if one.is_file()]
    on_disk = [one.read_bytes() for one in files]
    stored = [one.read_bytes() for one in files if one.suffix != ".log"]
    file = tmp_path / "people.toml"
    file.write_text(f'[[person]]\nemails = ["{PRIYA}"]\nids = ["standard:E-157"]\n')
    service.environ["OFFBOARD_IDENTITY_MAP_FILE"] = str(file)
    service.start("up")
    service.await_ready()
    replayed = replay(service, first["id"])
    [case_id] = json.loads(replayed.stdout)["cases"]
    case = service.settled(case_id)
    left = kept(service)
    dropped = offboard(service, "quarantine", "drop", second["id"])

    assert [(one.status_code, one.json()) for one in answers] == [
        (202, {"cases": []})
    ] * 2
    assert {one["reason"] for one in (first, second)} == {"unknown_person"}
    assert {one["source"] for one in (first, second)} == {"standard"}
    listed = offboard(service, "quarantine", "list", "-o", "json", role="viewer")
    assert PLANTED not in listed.stdout + str(first)
    assert "OFFBOARD_IDENTITY_MAP_FILE" in notice
    assert PLANTED not in notice
    assert too_early.returncode == 4
    assert "OFFBOARD_IDENTITY_MAP_FILE" in too_early.stderr
    # What it says is readable in no file of the installation; what may be, is.
    everything = b"\n".join(on_disk)
    assert PLANTED.encode() not in everything
    assert b"E-157" not in b"\n".join(stored)
    # Which id nobody knows is said in the log, for whoever mends the map.
    assert b"standard:E-157" in everything
    assert control.status_code == 202
    assert CONTROL.encode() in everything
    assert first["digest"].encode() in everything
    assert replayed.returncode == 0, replayed.stderr
    assert (case["result"], len(case["targets"])) == ("safe", 1)
    assert case["opened_by"]["event_key"] == "standard:msg_1"
    assert [one["id"] for one in left] == [second["id"]]
    assert dropped.returncode == 0, dropped.stderr
    assert kept(service) == []
    assert len(slack_with(service, "unknown_person")) == 1


def unknown(service, message_id, person_id):
    data = {
        "subjects": [{"format": "opaque", "id": person_id}],
        "reason": f"resigned, see {PLANTED}",
    }
    return service.send("user.departed", message_id, data)


def kept(service):
    return service.call("GET", "/api/quarantine", role="viewer").json()["quarantine"]


def replay(service, kept_id):
    return offboard(service, "quarantine", "replay", kept_id, "-o", "json")
