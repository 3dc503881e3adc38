"""Taking targets over before anybody leaves."""

import pytest

from workers.offboarding.model import Adoption, AdoptionAsked, Leaver, Scope

URL = "/api/adoptions"
SERVICE_ID = "iam-ServiceId-123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def ask(client, as_approver):
    def asked(body, **headers):
        named = {name.replace("_", "-"): one for name, one in headers.items()}
        return client.post(URL, json=body, headers=as_approver | named)

    return asked


def test_an_adoption_is_opened_as_it_was_asked_for(desk, ask):
    answer = ask(
        {
            "account_id": "a1",
            "regions": ["us-south", "eu-de", "us-south"],
            "resource_groups": ["payments"],
            "from": " Dana.Lee@Example.com ",
            "functional_id": "iks-functional-1",
            "dry_run": True,
            "reason": "before the summer",
        },
        X_Request_ID="req-12345678",
    )

    assert answer.status_code == 202
    assert desk.adoptions == [
        AdoptionAsked(
            Adoption("a1", "iks-functional-1", has_from=True),
            leaver=Leaver("dana.lee@example.com"),
            scope=Scope(("us-south", "eu-de"), ("payments",)),
            dry_run=True,
            reason="before the summer",
            actor="lead",
            person="sam",
            request_id="req-12345678",
        )
    ]


def test_the_account_is_enough_and_then_everybody_is_meant(desk, ask):
    answer = ask({"account_id": "a1"})

    case = answer.json["case"]
    assert (case["kind"], case["leaver"], case["dry_run"]) == ("adoption", None, False)
    assert answer.headers["Location"] == f"/api/cases/{case['id']}"
    assert answer.headers["Offboard-Opened-As"] == "new"
    assert desk.adoptions == [
        AdoptionAsked(
            Adoption("a1"),
            actor="lead",
            person="sam",
            request_id=answer.headers["X-Request-ID"],
        )
    ]


def test_an_adoption_from_somebody_shows_them(ask):
    case = ask({"account_id": "a1", "from": "IBMid-550000ABCD"}).json["case"]

    assert case["leaver"] == {"email": None, "iam_id": "IBMid-550000ABCD", "name": None}


def test_a_functional_id_that_is_a_service_id_can_be_replaced(desk, ask):
    ask({"account_id": "a1", "from": SERVICE_ID, "functional_id": "IBMid-9"})

    (asked,) = desk.adoptions
    assert asked.leaver == Leaver(iam_id=SERVICE_ID)
    assert asked.adoption == Adoption("a1", "IBMid-9", has_from=True)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "account_id"),
        ({}, "account_id"),
        ({"account_id": ""}, "account_id"),
        ({"account_id": "a/1"}, "account_id"),
        ({"account_id": None}, "account_id"),
        ({"account_id": "a1", "account": "a1"}, "account"),
        ({"account_id": "a1", "owner": "dana.lee@example.com"}, "owner"),
        ({"account_id": "a1", "effective_at": "2026-03-31T17:00:00Z"}, "effective_at"),
        ({"account_id": "a1", "dry_run": "false"}, "dry_run"),
        ({"account_id": "a1", "regions": []}, "regions"),
        ({"account_id": "a1", "regions": ["US"]}, "regions.0"),
        ({"account_id": "a1", "resource_groups": ["a\nb"]}, "resource_groups.0"),
        ({"account_id": "a1", "from": ""}, "from"),
        ({"account_id": "a1", "from": None}, "from"),
        ({"account_id": "a1", "from": "dana"}, "from"),
        ({"account_id": "a1", "from": "a@example.com,b@example.com"}, "from"),
        ({"account_id": "a1", "from": "iam-Profile-123e4567"}, "from"),
        ({"account_id": "a1", "from": "iam-ServiceId-"}, "from"),
        ({"account_id": "a1", "from": f"{SERVICE_ID} x"}, "from"),
        ({"account_id": "a1", "functional_id": ""}, "functional_id"),
        ({"account_id": "a1", "functional_id": "a\x1bb"}, "functional_id"),
        ({"account_id": "a1", "reason": "x" * 501}, "reason"),
    ],
)
def test_a_fault_is_told_by_its_path_and_nothing_is_opened(desk, ask, body, path):
    answer = ask(body)

    assert answer.status_code == 422
    assert path in answer.json["errors"]
    assert desk.adoptions == []


def test_an_account_that_is_not_here_is_a_conflict(desk, ask):
    desk.unknown_accounts = {"acc9"}

    answer = ask({"account_id": "acc9"})

    assert (answer.status_code, answer.json["reason"]) == (409, "no_such_account")


def test_the_same_key_is_the_same_adoption_and_another_body_a_conflict(desk, ask):
    body = {"account_id": "a1", "from": "dana.lee@example.com"}
    first = ask(body, Idempotency_Key="k1")

    again = ask(body, Idempotency_Key="k1")
    other = ask(body | {"from": "kim@example.com"}, Idempotency_Key="k1")

    assert again.json["case"]["id"] == first.json["case"]["id"]
    assert again.headers["Offboard-Opened-As"] == "repeated"
    assert (other.status_code, other.json["reason"]) == (409, "idempotency_key")
    assert len(desk.adoptions) == 1


def test_a_key_of_a_departure_is_no_key_of_an_adoption(client, desk, ask, as_approver):
    headers = as_approver | {"Idempotency-Key": "k1"}
    client.post("/offboard/dana.lee@example.com", headers=headers)

    answer = ask({"account_id": "a1"}, Idempotency_Key="k1")

    assert answer.headers["Offboard-Opened-As"] == "new"


def test_a_store_that_is_away_takes_no_adoption(desk, ask):
    desk.away = True

    answer = ask({"account_id": "a1"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
