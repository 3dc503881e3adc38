"""The routes of exposure, the gate and the doctor, on a desk in memory."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import (
    AccountExposure,
    Dependence,
    Exposure,
    GateAnswer,
    Holding,
    ReadingKind,
)
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    Leaver,
    Note,
    OwnerKind,
    ResourceGroup,
    Target,
)

USER = "dana.lee@example.com"
GATE = f"/api/gate/{USER}"
DANA = KeyOwner("IBMid-5", "Dana Lee", USER, OwnerKind.PERSON)
PAYMENTS = Target(
    "b1f3",
    "us-south",
    ResourceGroup("9f6b", "payments"),
    (Cluster("c1", "prod", "vpc-gen2", readable=False),),
)
EMPTY = Target("b1f3", "eu-de", ResourceGroup("77aa", "tools"))
OWNED = Holding(PAYMENTS, ReadingKind.OWNER, DANA, checked_at=NOW, has_left=True)
UNREAD = Holding(EMPTY, ReadingKind.UNREAD, DANA, Reason.NO_ROLE, NOW)
NOBODYS = Holding(EMPTY, ReadingKind.NONE)

OWNED_SHOWN = """
    {"account_id": "b1f3", "region": "us-south",
     "resource_group": {"id": "9f6b", "name": "payments"},
     "clusters": [{"id": "c1", "name": "prod", "provider": "vpc-gen2"}],
     "owner": {"id": "IBMid-5", "name": "Dana Lee",
               "email": "dana.lee@example.com", "kind": "person"},
     "reading": "owner", "reason": null, "checked_at": "2026-02-16T10:02:11.000Z"}
"""


def in_order(text):
    return json.loads(text, object_pairs_hook=list)


STEWARD = FunctionalIdState(
    "b1f3",
    KeyOwner("IBMid-9", "IKS", "iks@example.com", OwnerKind.FUNCTIONAL_ID),
    NOW,
    name="iks-1",
    keys=18,
    owns=4,
    would_take=3,
    weak=(Note(Reason.FEW_KEY_SLOTS, "2 left."),),
)


def an_exposure(*notes, **over):
    facts = {
        "holdings": (OWNED, UNREAD, NOBODYS),
        "people": (Dependence(DANA, 1, 1, has_left=True),),
        "departures_from_outage": 1,
        "unread": 1,
        "checked_at": NOW - timedelta(minutes=1),
        "notes": notes,
        "functional_ids": (STEWARD,),
    }
    return Exposure(**{**facts, **over})


def test_exposure_is_shown_to_the_field(client, desk, as_viewer):
    desk.exposed = an_exposure()

    answer = client.get("/api/exposure", headers=as_viewer)

    assert answer.status_code == 200
    assert in_order(answer.data) == in_order(
        f"""
        {{"targets": [{OWNED_SHOWN},
           {{"account_id": "b1f3", "region": "eu-de",
            "resource_group": {{"id": "77aa", "name": "tools"}}, "clusters": [],
            "owner": {{"id": "IBMid-5", "name": "Dana Lee",
                      "email": "dana.lee@example.com", "kind": "person"}},
            "reading": "unread", "reason": "no_role",
            "checked_at": "2026-02-16T10:02:11.000Z"}},
           {{"account_id": "b1f3", "region": "eu-de",
            "resource_group": {{"id": "77aa", "name": "tools"}}, "clusters": [],
            "owner": null, "reading": "none", "reason": null, "checked_at": null}}],
         "people": [{{"owner": {{"id": "IBMid-5", "name": "Dana Lee",
                    "email": "dana.lee@example.com", "kind": "person"}},
                    "targets": 1, "clusters": 1, "left": true}}],
         "departures_from_outage": 1, "unread": 1,
         "checked_at": "2026-02-16T10:01:11.000Z",
         "functional_ids": [{{"account_id": "b1f3", "id": "IBMid-9", "name": "iks-1",
           "keys": 18, "key_limit": 20, "free": 2, "owns": 4, "would_take": 3,
           "free_after": -1,
           "weak": [{{"reason": "few_key_slots", "text": "2 left."}}]}}],
         "accounts": []}}
        """
    )


def test_key_slots_nobody_could_see_are_null(client, desk, as_viewer):
    desk.exposed = an_exposure(functional_ids=(replace(STEWARD, keys=None, weak=()),))

    [shown] = client.get("/api/exposure", headers=as_viewer).json["functional_ids"]

    assert (shown["keys"], shown["free"], shown["free_after"]) == (None, None, None)
    assert (shown["key_limit"], shown["weak"]) == (20, [])


def test_an_account_that_was_never_surveyed_says_so(client, desk, as_viewer):
    desk.exposed = Exposure((), (), 0, 0, None)

    answer = client.get("/api/exposure", headers=as_viewer)

    assert answer.json == {
        "targets": [],
        "people": [],
        "departures_from_outage": 0,
        "unread": 0,
        "checked_at": None,
        "functional_ids": [],
        "accounts": [],
    }


LINE = AccountExposure(
    "b1f3", "production", True, NOW, False, Reason.LIST_UNREADABLE, 9, 4, 3, 2
)


def test_each_account_has_a_line_to_the_field(client, desk, as_viewer):
    desk.exposed = an_exposure(accounts=(LINE,))

    [shown] = client.get("/api/exposure", headers=as_viewer).json["accounts"]

    assert shown == {
        "account_id": "b1f3",
        "name": "production",
        "armed": True,
        "surveyed_at": "2026-02-16T10:02:11.000Z",
        "complete": False,
        "reason": "list_unreadable",
        "targets": 9,
        "people_owned": 4,
        "departures_from_outage": 3,
        "unread": 2,
    }


def test_accounts_can_be_asked_for_more_than_once(client, desk, as_viewer):
    lines = [replace(LINE, account_id=one) for one in ("a1", "b2", "c3")]
    desk.exposed = an_exposure(accounts=tuple(lines))
    path = "/api/exposure?account_id=a1&account_id=c3"

    shown = client.get(path, headers=as_viewer).json["accounts"]

    assert [one["account_id"] for one in shown] == ["a1", "c3"]


@pytest.mark.parametrize("asked", ["account_id=zz", "account=a1", "account_id=a/b"])
def test_an_account_that_is_not_known_is_not_an_empty_one(
    client, desk, as_viewer, asked
):
    desk.exposed = an_exposure(accounts=(replace(LINE, account_id="a1"),))

    assert client.get(f"/api/exposure?{asked}", headers=as_viewer).status_code == 422


def test_what_a_survey_could_not_see_is_named_beside_the_body(client, desk, as_viewer):
    desk.exposed = an_exposure(
        Note(Reason.LIST_UNREADABLE, "The users of account b1f3."),
        Note(Reason.LIST_UNREADABLE, "The users of account c2d4."),
        Note(Reason.VISIBILITY_NOT_PROVEN, "Of account b1f3."),
    )

    answer = client.get("/api/exposure", headers=as_viewer)

    named = answer.headers["Offboard-Not-Seen"]
    assert named == "list_unreadable, visibility_not_proven"


def test_nothing_unseen_is_named_where_all_was_seen(client, desk, as_viewer):
    answer = client.get("/api/exposure", headers=as_viewer)

    assert "Offboard-Not-Seen" not in answer.headers


def a_refusal(*reasons):
    notes = tuple(Note(one, f"About {one}.") for one in reasons)
    return GateAnswer(USER, False, notes, (OWNED,), NOW)


def test_the_gate_is_shown_to_the_field(client, desk, as_operator):
    desk.answer = a_refusal(Reason.OWNS_TARGETS)

    answer = client.get(GATE, headers=as_operator)

    assert answer.status_code == 200
    assert in_order(answer.data) == in_order(
        f"""
        {{"user": "dana.lee@example.com", "safe": false,
         "reasons": [{{"reason": "owns_targets", "text": "About owns_targets."}}],
         "targets": [{OWNED_SHOWN}],
         "checked_at": "2026-02-16T10:02:11.000Z"}}
        """
    )


def test_a_safe_gate_says_so(client, as_viewer):
    answer = client.get(GATE, headers=as_viewer)

    assert answer.json == {
        "user": USER,
        "safe": True,
        "reasons": [],
        "targets": [],
        "checked_at": "2026-02-16T10:02:11.000Z",
    }


@pytest.mark.parametrize(
    ("path", "leaver", "user"),
    [
        ("Dana.Lee@Example.com%20", Leaver(email=USER), USER),
        ("IBMid-5", Leaver(iam_id="IBMid-5"), "IBMid-5"),
    ],
)
def test_the_gate_is_asked_for_the_person_as_cases_name_them(
    client, desk, as_viewer, path, leaver, user
):
    client.get(f"/api/gate/{path}", headers=as_viewer)

    assert desk.gated == [(leaver, user)]


@pytest.mark.parametrize(
    "user",
    [
        "dana",
        "dana@",
        "iam-ServiceId-1",
        "a%0Ab@example.com",
        "%00",
        "a/../b",
        "x" * 300,
        "dana.lee@example.com%0A",
        "dana.lee@example.com/x",
    ],
)
def test_a_person_nobody_can_be_is_a_fault_in_user(client, desk, as_viewer, user):
    answer = client.get(f"/api/gate/{user}", headers=as_viewer)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["user"]
    assert desk.gated == []


def test_the_gate_of_nobody_is_not_there(client, as_viewer):
    assert client.get("/api/gate/", headers=as_viewer).status_code == 404


def test_a_viewer_is_not_told_that_a_departure_is_scheduled(
    client, desk, as_viewer, as_operator
):
    case = Note(Reason.CASE_NOT_SAFE, "Case 01KHJ2V0W8Q3RZ5T7X9YABCDEF is scheduled.")
    other = Note(Reason.CASE_NOT_SAFE, "Case 01KHJ2V0W8Q3RZ5T7X9YABCDEG is open.")
    desk.answer = GateAnswer(USER, False, (case, other), (), NOW)

    viewed = client.get(GATE, headers=as_viewer).json
    operated = client.get(GATE, headers=as_operator).json

    assert [one["reason"] for one in viewed["reasons"]] == ["case_not_safe"]
    assert "01KHJ" not in str(viewed)
    assert "is scheduled" not in str(viewed)
    assert viewed["safe"] is False
    assert operated["reasons"][0]["text"] == case.text


class Crowd:
    """Callers whose desk does not answer before it is told to."""

    def __init__(self, desk, ask):
        self._let_go = threading.Event()
        self._in = threading.Semaphore(0)
        self._threads = []
        self._ask = ask
        self.statuses = []
        desk.while_asked = self._wait

    def _wait(self):
        self._in.release()
        assert self._let_go.wait(60)

    def come(self, many):
        for _ in range(many):
            self._threads.append(threading.Thread(target=self._go))
            self._threads[-1].start()
        for _ in range(many):
            assert self._in.acquire(timeout=60)

    def _go(self):
        self.statuses.append(self._ask().status_code)

    def leave(self):
        self._let_go.set()
        for one in self._threads:
            one.join(10)


@pytest.fixture
def crowd(app, desk, as_operator):
    waiting = Crowd(desk, lambda: app.test_client().get(GATE, headers=as_operator))
    yield waiting
    waiting.leave()


def test_no_more_than_two_wait_for_a_gate_and_the_third_is_told_at_once(
    client, desk, crowd, as_viewer
):
    crowd.come(2)

    third = client.get(GATE, headers=as_viewer)

    assert third.status_code == 200
    assert third.json["safe"] is False
    assert [one["reason"] for one in third.json["reasons"]] == ["reading_under_way"]
    assert len(desk.gated) == 2


def test_a_doctor_finds_no_place_either_while_two_wait(client, crowd, as_operator):
    crowd.come(2)

    answer = client.get("/api/doctor", headers=as_operator)

    assert answer.status_code == 503
    assert answer.json["type"] == "about:blank"
    assert answer.headers["Retry-After"] == "5"


def test_a_place_is_free_again_when_its_answer_came(client, desk, crowd, as_viewer):
    crowd.come(2)
    crowd.leave()
    desk.while_asked = lambda: None

    answers = [client.get(GATE, headers=as_viewer).json["safe"] for _ in range(3)]

    assert answers == [True, True, True]
    assert crowd.statuses == [200, 200]


def test_a_place_is_free_again_after_a_fault(client, desk, as_viewer):
    desk.away = True
    for _ in range(3):
        assert client.get(GATE, headers=as_viewer).status_code == 503
    desk.away = False

    assert client.get(GATE, headers=as_viewer).json["safe"] is True


def test_other_routes_do_not_wait_for_gates(client, crowd, as_viewer):
    crowd.come(2)

    assert client.get("/api/exposure", headers=as_viewer).status_code == 200
    assert client.get("/api/cases", headers=as_viewer).status_code == 200


def test_the_doctor_is_shown_to_the_field(client, desk, as_operator):
    desk.checks = (
        Check(
            "key_list",
            Verdict.UNPROVEN,
            "Not whole.",
            "Grant it.",
            "ibmcloud x",
            "b1f3",
        ),
    )
    desk.conditions_found = (Check("store_eviction", Verdict.OK, "It drops nothing."),)

    answer = client.get("/api/doctor", headers=as_operator)

    first, *_, last = answer.json["checks"]
    assert answer.status_code == 200
    assert in_order(json.dumps([first, last]).encode()) == in_order(
        """
        [{"what": "store_eviction", "account_id": null, "verdict": "ok",
          "text": "It drops nothing.", "mend": null, "command": null},
         {"what": "key_list", "account_id": "b1f3", "verdict": "unproven",
          "text": "Not whole.", "mend": "Grant it.", "command": "ibmcloud x"}]
        """
    )


def working(client, as_operator):
    answer = client.get("/api/doctor", headers=as_operator)
    named = {one["what"]: one for one in answer.json["checks"]}
    return {name: named[name]["verdict"] for name in ("worker", "beat")}


@pytest.mark.parametrize(
    ("checks", "age", "worker", "beat"),
    [
        ((), 2.0, "ok", "ok"),
        ((), 300.0, "ok", "failed"),
        ((), None, "ok", "failed"),
        (None, 2.0, "unproven", "ok"),
        (None, None, "failed", "unproven"),
        (None, 300.0, "failed", "unproven"),
    ],
)
def test_a_missing_worker_is_told_from_a_missing_beat(
    client, desk, as_operator, checks, age, worker, beat
):
    desk.checks, desk.age = checks, age

    assert working(client, as_operator) == {"worker": worker, "beat": beat}


def test_without_a_worker_the_doctor_says_what_the_front_door_sees(
    client, desk, as_operator
):
    desk.checks, desk.age = None, None

    answer = client.get("/api/doctor", headers=as_operator)

    named = {one["what"]: one for one in answer.json["checks"]}
    assert answer.status_code == 200
    assert named["worker"]["text"].startswith("No worker answered in time")
    assert named["worker"]["command"] == "offboard worker"
    assert named["armed"]["verdict"] == "warning"


@pytest.mark.parametrize("path", ["/api/exposure", GATE, "/api/doctor"])
def test_without_the_store_nothing_is_seen(client, desk, as_operator, path):
    desk.away = True

    answer = client.get(path, headers=as_operator)

    assert answer.status_code == 503
    assert answer.json["type"] == "/problems/store-away"
