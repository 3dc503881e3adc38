"""The routes by which people decide: approve, refuse, and follow-ups that are done."""

import pytest
from fake_desk import NOW

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    FollowUp,
    Leaver,
    Note,
    OpenedBy,
    Plan,
    ResourceGroup,
    Target,
)

ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
URL = f"/api/cases/{ID}"
HASH = "sha256:5f1d7a84db00"
HELD = Plan(HASH, NOW, (Note(Reason.TOO_MANY_TARGETS, "21 resets."),))


def a_case(**changed):
    return Case(
        **{
            "id": ID,
            "leaver": Leaver("dana.lee@example.com"),
            "opened_by": OpenedBy("api", None, "helpdesk"),
            "received_at": NOW,
            "effective_at": NOW,
            "starts_at": NOW,
            "started_at": NOW,
            "status": CaseStatus.WAITING,
            "dry_run": False,
            "plan": HELD,
            **changed,
        }
    )


def with_follow_ups():
    def target(region, *texts):
        group = ResourceGroup("9f6b", "payments")
        follow_ups = tuple(FollowUp("refresh_master", one, "c1") for one in texts)
        return CaseTarget(Target("a1", region, group), follow_ups=follow_ups)

    return a_case(
        status=CaseStatus.SETTLED,
        targets=(target("eu-de", "one"), target("jp-tok"), target("us-east", "2", "3")),
    )


@pytest.fixture
def post(client, as_approver):
    def posted(path, json=None):
        return client.post(f"{URL}/{path}", json=json, headers=as_approver)

    return posted


def test_a_waiting_case_is_released_for_exactly_this_plan_by_a_named_person(desk, post):
    desk.put(a_case())

    answer = post("approve", {"plan_hash": HASH})

    assert answer.status_code == 202
    assert list(answer.json) == ["case"]
    assert answer.json["case"]["status"] == "open"
    assert answer.json["case"]["plan"]["approved_by"] == "sam"
    assert desk.asked == [("approve", ID, HASH, "lead", "sam")]


def test_a_case_that_waits_without_a_plan_is_released_with_null(desk, post):
    desk.put(a_case(plan=None))

    assert post("approve", {"plan_hash": None}).status_code == 202
    assert desk.asked == [("approve", ID, None, "lead", "sam")]


def test_a_waiting_case_is_refused(desk, post):
    desk.put(a_case())

    answer = post("refuse", {"plan_hash": HASH})

    assert answer.status_code == 202
    assert answer.json["case"]["status"] == "cancelled"
    assert desk.asked == [("refuse", ID, HASH, "lead", "sam")]


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "plan_hash"),
        ({}, "plan_hash"),
        ({"plan_hash": ""}, "plan_hash"),
        ({"plan_hash": "5f1d7a84db00"}, "plan_hash"),
        ({"plan_hash": f"{HASH}\n"}, "plan_hash"),
        ({"plan_hash": HASH.upper()}, "plan_hash"),
        ({"plan_hash": 5}, "plan_hash"),
        ({"plan_hash": HASH, "force": True}, "force"),
        ({"hash": HASH}, "hash"),
    ],
)
def test_no_plan_is_decided_on_without_naming_it(desk, post, verb, body, path):
    desk.put(a_case())

    answer = post(verb, body)

    assert answer.status_code == 422
    assert path in answer.json["errors"]
    assert desk.asked == []


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize(
    ("case", "plan_hash", "reason"),
    [
        (a_case(status=CaseStatus.OPEN), HASH, "not_waiting"),
        (a_case(), "sha256:0000", "other_plan"),
        (a_case(), None, "other_plan"),
        (a_case(plan=None), HASH, "other_plan"),
    ],
)
def test_what_does_not_fit_is_a_conflict_that_says_which(
    desk, post, verb, case, plan_hash, reason
):
    desk.put(case)

    answer = post(verb, {"plan_hash": plan_hash})

    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert answer.json["reason"] == reason
    assert answer.json["type"] == f"/problems/{reason.replace('_', '-')}"
    assert desk.asked == []


def test_nobody_approves_what_they_asked_for_under_whatever_token(desk, post):
    desk.put(a_case(askers=("sam",)))

    answer = post("approve", {"plan_hash": HASH})

    assert (answer.status_code, answer.json["reason"]) == (409, "own_request")


def test_nobody_approves_that_a_protected_person_is_offboarded(desk, post):
    protected = (Note(Reason.PROTECTED_USER, "Protected."),)
    desk.put(a_case(plan=None, warnings=protected))

    answer = post("approve", {"plan_hash": None})

    assert (answer.status_code, answer.json["reason"]) == (409, "cannot_approve")


@pytest.mark.parametrize("path", ["approve", "refuse", "follow-ups/1/done"])
def test_a_case_that_is_not_there_is_not_decided_on(client, as_approver, path):
    body = {"plan_hash": HASH} if "follow" not in path else None
    for case_id in (ID, "nonsense"):
        url = f"/api/cases/{case_id}/{path}"

        answer = client.post(url, json=body, headers=as_approver)

        assert answer.status_code == 404
        assert answer.json["title"] == "No such case"


@pytest.mark.parametrize(
    ("number", "region", "place"),
    [(1, "eu-de", 0), (2, "us-east", 0), (3, "us-east", 1)],
)
def test_a_follow_up_is_done_by_its_number_over_all_targets(
    client, desk, as_operator, number, region, place
):
    desk.put(with_follow_ups())

    answer = client.post(f"{URL}/follow-ups/{number}/done", headers=as_operator)

    done = [
        (one["region"], index)
        for one in answer.json["case"]["targets"]
        for index, each in enumerate(one["follow_ups"])
        if each["done_at"]
    ]
    assert answer.status_code == 202
    assert done == [(region, place)]
    assert desk.asked == [("tick", ID, number, "helpdesk")]


def test_a_follow_up_that_is_done_already_is_answered_the_same(desk, post):
    desk.put(with_follow_ups())

    first, second = (post("follow-ups/2/done") for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json


@pytest.mark.parametrize(
    "number", ["0", "4", "-1", "1.0", "one", "٢", "01", "1" * 5000, "%20"]
)
def test_a_follow_up_that_is_not_there_is_told_so(desk, post, number):
    desk.put(with_follow_ups())

    answer = post(f"follow-ups/{number}/done")

    assert answer.status_code == 404
    assert answer.json["title"] == "No such follow-up"
    assert desk.asked == []


def test_a_follow_up_takes_no_body(desk, post):
    desk.put(with_follow_ups())

    answer = post("follow-ups/1/done", {"by": "me"})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["by"])
    assert desk.asked == []
