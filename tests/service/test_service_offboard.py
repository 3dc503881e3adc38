from datetime import UTC, datetime

import pytest

from workers.offboarding.model import Departure, Leaver, Scope

EMAIL = "/offboard/dana.lee@example.com"


def test_an_operator_opens_a_case(client, desk, as_operator):
    headers = as_operator | {"X-Request-ID": "req-12345678"}

    answer = client.post(EMAIL, json={"reason": "resignation"}, headers=headers)

    assert answer.status_code == 202
    assert answer.json["case"]["id"] == "01KHJ2V0W8Q3RZ5T7X9YABC000"
    assert answer.headers["Location"] == "/api/cases/01KHJ2V0W8Q3RZ5T7X9YABC000"
    assert desk.departures == [
        Departure(
            source="api",
            leaver=Leaver(email="dana.lee@example.com"),
            actor="helpdesk",
            person="helpdesk",
            reason="resignation",
            request_id="req-12345678",
        )
    ]


@pytest.mark.parametrize("how", [{}, {"json": {}}])
def test_a_body_may_be_left_out_or_empty(client, desk, as_operator, how):
    answer = client.post(EMAIL, headers=as_operator, **how)

    assert answer.status_code == 202
    assert desk.departures[0].dry_run is False
    assert desk.departures[0].scope is None
    assert desk.departures[0].effective_at is None


def test_everything_in_the_body_reaches_the_desk(client, desk, as_operator):
    body = {
        "reason": "resignation",
        "effective_at": "2026-03-31T17:00:00+02:00",
        "dry_run": True,
        "resource_groups": ["payments", "payments"],
        "regions": ["us-south", "eu-de"],
    }

    answer = client.post(EMAIL, json=body, headers=as_operator)

    assert answer.status_code == 202
    taken = desk.departures[0]
    assert taken.effective_at == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert taken.dry_run is True
    assert taken.scope == Scope(("us-south", "eu-de"), ("payments",))
    assert answer.json["case"]["scope"] == {
        "regions": ["us-south", "eu-de"],
        "resource_groups": ["payments"],
    }


@pytest.mark.parametrize(
    ("user", "leaver"),
    [
        ("Dana.Lee@Example.COM", Leaver(email="dana.lee@example.com")),
        ("%20dana.lee@example.com%20", Leaver(email="dana.lee@example.com")),
        ("o'hara+ibm@mail.example.com", Leaver(email="o'hara+ibm@mail.example.com")),
        ("j%C3%BCrgen@example.com", Leaver(email="jürgen@example.com")),
        ("a/b@example.com", Leaver(email="a/b@example.com")),
        ("IBMid-55000aBcD", Leaver(iam_id="IBMid-55000aBcD")),
        ("%20IBMid-5%20", Leaver(iam_id="IBMid-5")),
        ("SL12-3456", Leaver(iam_id="SL12-3456")),
    ],
)
def test_a_person_is_an_email_or_an_iam_id(client, desk, as_operator, user, leaver):
    answer = client.post(f"/offboard/{user}", headers=as_operator)

    assert answer.status_code == 202
    assert desk.departures[0].leaver == leaver


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ("%20", "Give an e-mail or an IAM ID."),
        ("dana", "Give an e-mail, like"),
        ("null,null", "Give an e-mail, like"),
        ("dana.lee@", "Give one e-mail"),
        ("dana.lee@example", "Give one e-mail"),
        ("dana.lee@example.com,kim@example.com", "Give one e-mail"),
        ("dana%20lee@example.com", "Give one e-mail"),
        ("<dana.lee@example.com>", "Give one e-mail"),
        (".dana@example.com", "Give one e-mail"),
        ("dana@-example.com", "Give one e-mail"),
        ("d" * 65 + "@example.com", "Give one e-mail"),
        ("dana@" + "e" * 250 + ".com", "Give at most 254 characters."),
        ("dana.lee@example.com%0A", "Take the control characters out."),
        ("dana%00@example.com", "Take the control characters out."),
        ("dana.lee@example.com%E2%80%A8", "Take the control characters out."),
        ("%FF@example.com", "Give one e-mail"),
        ("IBMid-", "Give one IAM ID"),
        ("not-a-user", "Give one IAM ID"),
        ("IBMid-" + "5" * 129, "Give one IAM ID"),
        ("5IBMid-5", "Give one IAM ID"),
        ("IBMid-5%2C6", "Give one IAM ID"),
        ("iam-ServiceId-123e4567", "A service ID or trusted profile is no person"),
        ("iam-Profile-123e4567", "A service ID or trusted profile is no person"),
        ("IAM-serviceid-123e4567", "A service ID or trusted profile is no person"),
    ],
)
def test_a_fault_in_the_person_is_told_and_how_to_mend_it(
    client, desk, as_operator, user, sentence
):
    answer = client.post(f"/offboard/{user}", headers=as_operator)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["user"]
    assert answer.json["errors"]["user"][0].startswith(sentence)
    assert desk.departures == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"user": "kim@example.com"}, "user"),
        ({"dryrun": True}, "dryrun"),
        ({"dry_run": "true"}, "dry_run"),
        ({"dry_run": 1}, "dry_run"),
        ({"dry_run": None}, "dry_run"),
        ({"effective_at": "2026-03-31T17:00:00"}, "effective_at"),
        ({"effective_at": "2026-03-31"}, "effective_at"),
        ({"effective_at": "2026-02-31T17:00:00Z"}, "effective_at"),
        ({"effective_at": "9999-12-31T23:59:59-01:00"}, "effective_at"),
        ({"effective_at": "1999-12-31T23:59:59Z"}, "effective_at"),
        ({"effective_at": "2026-03-31T17:00:00Z\n"}, "effective_at"),
        ({"effective_at": 1771236131}, "effective_at"),
        ({"effective_at": "2027-03-23T10:02:12Z"}, "effective_at"),
        ({"regions": []}, "regions"),
        ({"regions": ["US-SOUTH"]}, "regions.0"),
        ({"regions": ["us-south", "u"]}, "regions.1"),
        ({"regions": ["us-south\n"]}, "regions.0"),
        ({"regions": ["r" * 41]}, "regions.0"),
        ({"regions": "us-south"}, "regions"),
        ({"regions": ["us-south"] * 101}, "regions"),
        ({"resource_groups": []}, "resource_groups"),
        ({"resource_groups": [""]}, "resource_groups.0"),
        ({"resource_groups": ["g" * 81]}, "resource_groups.0"),
        ({"resource_groups": ["g"] * 101}, "resource_groups"),
        ({"reason": "r" * 501}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"reason": 5}, "reason"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(client, desk, as_operator, body, path):
    answer = client.post(EMAIL, json=body, headers=as_operator)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [path]
    assert desk.departures == []


def test_limits_themselves_are_allowed(client, as_operator):
    body = {
        "reason": "r" * 500,
        "effective_at": "2027-03-23T10:02:11Z",
        "regions": ["us-south"] * 100,
        "resource_groups": ["g" * 80] * 100,
    }

    answer = client.post(EMAIL, json=body, headers=as_operator)

    assert answer.status_code == 202


def test_a_time_in_the_past_means_now(client, desk, as_operator):
    body = {"effective_at": "2026-02-16T10:02:10Z"}

    answer = client.post(EMAIL, json=body, headers=as_operator)

    assert answer.status_code == 202
    assert desk.departures[0].effective_at is None


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"reason": "a", "reason": "b"}',
        b'{"reason": NaN}',
        b'{"reason": 1e999}',
        b'{"reason": "\\ud800"}',
        b'{"reason": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 60_000,
        b'{"reason": ' + b"1" * 5_000 + b"}",
    ],
)
def test_a_body_that_is_not_a_strict_json_object_is_malformed(
    client, desk, as_operator, raw
):
    headers = as_operator | {"Content-Type": "application/json"}

    answer = client.post(EMAIL, data=raw, headers=headers)

    assert answer.status_code == 400
    assert desk.departures == []


def test_a_protected_person_is_a_conflict(client, desk, as_operator):
    desk.protected = {"dana.lee@example.com"}

    answer = client.post(EMAIL, headers=as_operator)

    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/protected-user"
    assert answer.json["title"] == "Protected user"
    assert answer.json["reason"] == "protected_user"


def test_the_same_key_and_body_answer_the_same_case(client, desk, as_operator):
    headers = as_operator | {"Idempotency-Key": "k 1"}

    first = client.post(EMAIL, json={}, headers=headers)
    second = client.post("/offboard/Dana.Lee@Example.com", headers=headers)

    assert first.json["case"]["id"] == second.json["case"]["id"]
    assert len(desk.departures) == 1


def test_the_same_key_with_another_body_is_a_conflict(client, as_operator):
    headers = as_operator | {"Idempotency-Key": "k1"}

    client.post(EMAIL, json={"dry_run": True}, headers=headers)
    answer = client.post(EMAIL, json={"dry_run": False}, headers=headers)

    assert answer.status_code == 409
    assert answer.json["reason"] == "idempotency_key"


def test_a_key_belongs_to_one_token_and_one_path(
    client, desk, as_operator, as_approver
):
    key = {"Idempotency-Key": "k1"}

    client.post(EMAIL, headers=as_operator | key)
    client.post(EMAIL, headers=as_approver | key)
    client.post("/offboard/kim@example.com", headers=as_operator | key)

    assert [one.actor for one in desk.departures] == ["helpdesk", "lead", "helpdesk"]


def test_without_a_key_every_request_is_its_own(client, desk, as_operator):
    client.post(EMAIL, headers=as_operator)
    client.post(EMAIL, headers=as_operator)

    assert len(desk.departures) == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\tb"])
def test_a_key_that_cannot_be_used_is_named(client, desk, as_operator, key):
    headers = as_operator | {"Idempotency-Key": key}

    answer = client.post(EMAIL, headers=headers)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["Idempotency-Key"]
    assert desk.departures == []


def test_the_answer_says_what_became_of_the_asking(client, as_operator):
    headers = as_operator | {"Idempotency-Key": "once"}

    first, second = (
        client.post("/offboard/dana.lee@example.com", headers=headers) for _ in range(2)
    )

    assert [list(one.json) for one in (first, second)] == [["case"], ["case"]]
    said = [one.headers["Offboard-Opened-As"] for one in (first, second)]
    assert said == ["new", "repeated"]
