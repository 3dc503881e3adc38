"""The routes of the brake, and who may see what it holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW

from workers.offboarding.brake import Brake, Braked, Waiting
from workers.offboarding.model import BrakeState, CaseStatus, Departure, Leaver

URL = "/api/brake"
LATER = NOW + timedelta(days=9)
DANA = Waiting(
    Braked(
        "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        Leaver("dana.lee@example.com", "IBMid-1"),
        "okta",
        NOW,
        NOW,
    ),
    3,
    5,
    is_gone=True,
)
KIM = Waiting(
    Braked(
        "01KHJ2V0W8Q3RZ5T7X9YABCDEG",
        Leaver("kim.roe@example.com"),
        "personio",
        NOW,
        LATER,
        is_to_come=True,
    ),
    None,
    None,
    is_gone=False,
)


@pytest.fixture
def held(desk):
    desk.braked = Brake(20, 22, NOW, (DANA, KIM), more=1, checked_at=None)
    return desk


def test_a_brake_that_holds_nothing_is_off(client, as_viewer):
    answer = client.get(URL, headers=as_viewer)

    assert answer.status_code == 200
    assert answer.json == {
        "on": False,
        "limit": 20,
        "opened_last_hour": 0,
        "since": None,
        "waiting": [],
        "more": 0,
        "checked_at": None,
    }


def test_who_waits_is_shown_with_what_hangs_on_them(client, held, as_operator):
    body = client.get(URL, headers=as_operator).json

    assert (body["on"], body["more"], body["since"]) == (
        True,
        1,
        "2026-02-16T10:02:11.000Z",
    )
    assert body["waiting"] == [
        {
            "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
            "leaver": {
                "email": "dana.lee@example.com",
                "iam_id": "IBMid-1",
                "name": None,
            },
            "source": "okta",
            "received_at": "2026-02-16T10:02:11.000Z",
            "effective_at": "2026-02-16T10:02:11.000Z",
            "targets": 3,
            "clusters": 5,
            "gone": True,
        },
        {
            "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEG",
            "leaver": {"email": "kim.roe@example.com", "iam_id": None, "name": None},
            "source": "personio",
            "received_at": "2026-02-16T10:02:11.000Z",
            "effective_at": "2026-02-25T10:02:11.000Z",
            "targets": None,
            "clusters": None,
            "gone": False,
        },
    ]


def test_viewers_see_who_leaves_later_only_counted(client, held, as_viewer):
    answer = client.get(URL, headers=as_viewer)

    assert [one["source"] for one in answer.json["waiting"]] == ["okta"]
    assert answer.json["more"] == 2
    assert b"kim.roe" not in answer.data


@pytest.mark.parametrize(
    ("verb", "said"), [("release", {"released": 3}), ("refuse", {"refused": 3})]
)
def test_one_decision_is_for_all(client, held, as_approver, verb, said):
    answer = client.post(f"{URL}/{verb}", headers=as_approver)

    assert (answer.status_code, answer.json) == (202, said)
    assert held.asked == [(verb, "lead", "sam")]
    assert client.get(URL, headers=as_approver).json["on"] is False


@pytest.mark.parametrize("verb", ["release", "refuse"])
def test_an_operator_decides_nothing(client, held, as_operator, verb):
    assert client.post(f"{URL}/{verb}", headers=as_operator).status_code == 403
    assert held.asked == []


@pytest.mark.parametrize("verb", ["release", "refuse"])
def test_a_decision_that_names_cases_is_refused(client, held, as_approver, verb):
    body = {"cases": ["01KHJ2V0W8Q3RZ5T7X9YABCDEF"]}

    answer = client.post(f"{URL}/{verb}", json=body, headers=as_approver)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cases"])
    assert held.asked == []


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("post", "/release"), ("post", "/refuse")]
)
def test_a_store_that_is_away_is_said_so(client, held, as_approver, method, path):
    held.away = True

    answer = getattr(client, method)(URL + path, headers=as_approver)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


@pytest.fixture
def scheduled(desk):
    case = desk.open(
        Departure(
            "personio",
            Leaver("kim.roe@example.com"),
            event_key="personio:1",
            effective_at=LATER,
        )
    ).case
    waiting = replace(case, status=CaseStatus.WAITING, brake=BrakeState.HELD)
    return desk.put(waiting).id


def test_a_viewer_does_not_see_a_scheduled_case_that_waits(
    client, scheduled, as_viewer, as_operator
):
    path = f"/api/cases/{scheduled}"

    assert client.get(path, headers=as_viewer).status_code == 404
    assert client.get("/api/cases", headers=as_viewer).json["cases"] == []
    assert client.get(path, headers=as_operator).json["status"] == "waiting"


def test_a_viewer_sees_a_case_that_waits_and_would_have_begun(client, desk, as_viewer):
    case = desk.open(Departure("okta", Leaver("kim.roe@example.com"))).case
    case = desk.put(replace(case, status=CaseStatus.WAITING, starts_at=NOW))

    assert client.get(f"/api/cases/{case.id}", headers=as_viewer).status_code == 200
