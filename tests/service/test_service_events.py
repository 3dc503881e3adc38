import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from config.sources import Sources
from workers.offboarding.model import Departure, Leaver, Withdrawal

FIXTURES = Path(__file__).parents[1] / "fixtures" / "standard"
DANA = Leaver(email="dana.lee@example.com")
SUBJECT = {"format": "email", "email": "dana.lee@example.com"}


def test_the_published_sample_opens_a_scheduled_case(client, desk):
    raw = (FIXTURES / "generic-scheduled-departure.json").read_bytes()
    headers = {
        "webhook-id": "msg_2demo0001",
        "webhook-timestamp": "1771236131",
        "webhook-signature": "v1,eRYhJGxS52Gcu99AP+hjFlLRFqxvchwLpjnXjr7sHtk=",
        "Content-Type": "application/json",
        "X-Request-ID": "req-12345678",
    }

    answer = client.post("/events/standard", data=raw, headers=headers)

    assert answer.status_code == 202
    assert answer.json == {"cases": ["01KHJ2V0W8Q3RZ5T7X9YABC000"]}
    assert desk.departures == [
        Departure(
            source="standard",
            leaver=DANA,
            event_key="standard:msg_2demo0001",
            effective_at=datetime(2026, 3, 31, 15, tzinfo=UTC),
            reason="resignation",
            request_id="req-12345678",
            occurred_at=datetime(2026, 2, 16, 10, tzinfo=UTC),
            authn="hmac",
        )
    ]
    assert desk.digests == [
        "ae891e273392e4ae5fcd45ed70882055958918c141425babac04359cf4319e9e"
    ]


def test_a_second_delivery_answers_the_same_case(tell, desk, a_departure):
    first = tell(a_departure())
    second = tell(a_departure())

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert len(desk.departures) == 1


@pytest.mark.parametrize("kind", ["terminated", "disabled", "deleted", None])
def test_a_departure_may_say_its_kind(tell, a_departure, kind):
    answer = tell(a_departure(kind=kind))

    assert answer.status_code == 202


@pytest.mark.parametrize("type_", ["user.departure_cancelled", "user.reactivated"])
def test_an_event_may_take_a_departure_back(tell, desk, a_departure, type_):
    opened = tell(a_departure(), id="msg_1")
    event = a_departure(kind="reactivated") | {"type": type_}

    answer = tell(event, id="msg_2")

    assert answer.status_code == 202
    assert answer.json == opened.json
    (taken,) = desk.withdrawals
    assert taken == Withdrawal("standard", DANA, "standard:msg_2", taken.request_id)
    assert taken.request_id == answer.headers["X-Request-ID"]


def test_a_withdrawal_without_a_case_answers_none(tell, a_departure):
    answer = tell(a_departure() | {"type": "user.reactivated"})

    assert answer.status_code == 202
    assert answer.json == {"cases": []}


def test_a_suspension_is_acknowledged_and_ignored(tell, desk):
    with capture_logs() as logs:
        answer = tell({"type": "user.suspended", "data": "anything"})

    assert answer.status_code == 202
    assert answer.json == {"cases": []}
    assert (desk.departures, desk.withdrawals) == ([], [])
    assert {
        "event": "event.ignored",
        "reason": "suspended",
        "log_level": "info",
    } in logs


def test_email_and_iam_id_together_name_one_person(tell, desk, a_departure):
    subjects = [
        {"format": "email", "email": " Dana.Lee@example.com"},
        {"format": "email", "email": "dana.lee@example.com"},
        {"format": "iam_id", "iam_id": "IBMid-55aB", "account_id": "b1f3"},
        {"format": "iss_sub", "iss": "https://id.example.com", "sub": "145234573"},
        {"format": "opaque", "id": "11112222333344445555"},
        {"format": "employee_number", "value": "E-157"},
        {"format": "user_name", "value": "dlee"},
        {"format": "object_id", "tenant": "t-1", "id": "o-1"},
    ]

    answer = tell(a_departure(subjects=subjects))

    assert answer.status_code == 202
    assert desk.departures[0].leaver == Leaver(
        email="dana.lee@example.com", iam_id="IBMid-55aB"
    )


def test_fields_we_do_not_know_are_ignored(tell, desk, a_departure):
    subject = SUBJECT | {"primary": True}
    event = a_departure(subjects=[subject], manager="kim@example.com") | {"v": 2}

    answer = tell(event)

    assert answer.status_code == 202
    assert desk.departures[0].leaver == DANA


def test_a_departure_is_not_refused_over_its_free_text(tell, desk, a_departure):
    answer = tell(a_departure(reason="end of\ncontract \u202e" + "x" * 600))

    assert answer.status_code == 202
    assert desk.departures[0].reason == "end of contract " + "x" * 484


def test_a_departure_in_the_past_means_now(tell, desk, a_departure):
    answer = tell(a_departure(effective_at="2026-01-01T00:00:00+0100"))

    assert answer.status_code == 202
    assert desk.departures[0].effective_at is None


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({}, "type"),
        ({"type": "user.hired"}, "type"),
        ({"type": None}, "type"),
        ({"type": ["user.departed"]}, "type"),
        ({"type": "user.departed"}, "data"),
        ({"type": "user.reactivated"}, "data"),
        ({"type": "user.departed", "data": []}, "data"),
        ({"type": "user.departed", "data": {}}, "data.subjects"),
    ],
)
def test_an_event_that_says_nothing_is_named(tell, desk, event, path):
    answer = tell(event)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [path]
    assert desk.departures == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"kind": "suspended"}, "data.kind"),
        ({"kind": 5}, "data.kind"),
        ({"effective_at": "2026-03-31T17:00:00"}, "data.effective_at"),
        ({"effective_at": "2026-03-31"}, "data.effective_at"),
        ({"effective_at": ""}, "data.effective_at"),
        ({"effective_at": None}, "data.effective_at"),
        ({"effective_at": "2027-03-23T10:02:12Z"}, "data.effective_at"),
        ({"effective_at": "1970-01-21T12:00:36Z"}, "data.effective_at"),
        ({"subjects": []}, "data.subjects"),
        ({"subjects": [SUBJECT] * 21}, "data.subjects"),
        ({"subjects": SUBJECT}, "data.subjects"),
        ({"subjects": ["dana.lee@example.com"]}, "data.subjects.0"),
        ({"subjects": [{"email": "a@example.com"}]}, "data.subjects.0.format"),
        ({"subjects": [SUBJECT, {"format": "phone"}]}, "data.subjects.1.format"),
        ({"subjects": [{"format": ["email"]}]}, "data.subjects.0.format"),
        ({"subjects": [{"format": "email"}]}, "data.subjects.0.email"),
        (
            {"subjects": [{"format": "email", "email": "dana"}]},
            "data.subjects.0.email",
        ),
        (
            {"subjects": [{"format": "iam_id", "iam_id": "iam-ServiceId-1"}]},
            "data.subjects.0.iam_id",
        ),
        (
            {"subjects": [SUBJECT, {"format": "iss_sub", "iss": "a"}]},
            "data.subjects.1.sub",
        ),
        (
            {"subjects": [SUBJECT, {"format": "object_id", "id": "a"}]},
            "data.subjects.1.tenant",
        ),
        (
            {"subjects": [SUBJECT, {"format": "opaque", "id": 5}]},
            "data.subjects.1.id",
        ),
        (
            {"subjects": [SUBJECT, SUBJECT | {"email": "kim@example.com"}]},
            "data.subjects",
        ),
        (
            {
                "subjects": [
                    {"format": "iam_id", "iam_id": "IBMid-5a"},
                    {"format": "iam_id", "iam_id": "IBMid-5A"},
                ]
            },
            "data.subjects",
        ),
    ],
)
def test_a_field_of_an_event_that_cannot_be_used_is_named(
    tell, desk, a_departure, data, path
):
    answer = tell(a_departure(**data))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [path]
    assert desk.departures == []


def test_a_withdrawal_must_name_one_person_too(tell, desk, a_departure):
    two = [SUBJECT, SUBJECT | {"email": "kim@example.com"}]

    answer = tell(a_departure(subjects=two) | {"type": "user.departure_cancelled"})

    assert answer.status_code == 422
    assert desk.withdrawals == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'{"type": "user.departed", "type": "user.suspended"}',
        b'{"type": "user.suspended", "data": {"a": 1, "a": 2}}',
        b'{"type": "user.suspended", "data": NaN}',
        b'{"type": "user.suspended", "data": -Infinity}',
        b'{"type": "user.suspended"} {}',
        b"[" * 60_000,
    ],
)
def test_an_authentic_body_that_is_not_strict_json_is_malformed(tell, desk, raw):
    answer = tell(raw)

    assert answer.status_code == 400
    assert answer.json["type"] == "about:blank"


def test_an_authentic_body_that_is_not_utf8_is_malformed(client):
    raw = '{"type": "user.suspended"}'.encode("utf-16")
    headers = signed_bytes(raw)

    answer = client.post("/events/standard", data=raw, headers=headers)

    assert answer.status_code == 400


def signed_bytes(raw):
    """Sign what the published library, which wants text, cannot."""
    key = base64.b64decode("ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx")
    signature = hmac.new(key, b"m.1771236131." + raw, hashlib.sha256).digest()
    return {
        "webhook-id": "m",
        "webhook-timestamp": "1771236131",
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
        "Content-Type": "application/json",
    }


@pytest.mark.parametrize("source", ["okta", "nobody", "Standard", "__init__"])
def test_a_source_that_is_unknown_is_not_there(client, source):
    answer = client.post(f"/events/{source}", json={})

    assert answer.status_code == 404


def test_a_source_without_a_secret_is_not_there_either(
    client, with_settings, sign, a_departure
):
    raw = json.dumps(a_departure()).encode()
    without = with_settings(sources=Sources())

    off = without.post("/events/standard", data=raw, headers=sign(raw))
    unknown = client.post("/events/nobody", data=raw, headers=sign(raw))

    assert off.status_code == unknown.status_code == 404
    assert _without_id(off) == _without_id(unknown)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["standard", "okta/a-secret", "nobody", "STANDARD"])
def test_a_source_that_is_off_is_not_there_for_any_method(with_settings, path, method):
    without = with_settings(sources=Sources())

    answer = without.open(f"/events/{path}", method=method)

    assert answer.status_code == 404


def test_a_source_that_is_on_says_which_method_it_takes(client):
    answer = client.put("/events/standard")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_what_is_logged_after_a_request_does_not_bear_its_names(tell, a_departure):
    tell(a_departure())

    assert structlog.contextvars.get_contextvars() == {}


def test_no_other_sign_stands_for_a_letter_of_an_email(tell, desk, a_departure):
    subject = {"format": "email", "email": "\N{KELVIN SIGN}im@example.com"}

    answer = tell(a_departure(subjects=[subject]))

    assert answer.status_code == 422
    assert desk.departures == []


def test_not_even_a_faulty_body_tells_whether_a_source_is_there(client):
    answer = client.post("/events/nobody", data=b"x" * 70_000)

    assert answer.status_code == 404


def _without_id(answer):
    return {**answer.json, "request_id": None}


def test_nothing_is_acknowledged_while_the_store_is_away(tell, desk, a_departure):
    desk.away = True

    answers = [
        tell(a_departure()),
        tell(a_departure() | {"type": "user.reactivated"}),
    ]

    assert [one.status_code for one in answers] == [503, 503]
    assert answers[0].headers["Retry-After"] == "5"


def test_a_refused_event_is_logged_with_its_reason(client):
    with capture_logs() as logs:
        client.post("/events/standard", json={})

    assert {
        "event": "event.refused",
        "reason": "NotAuthenticError",
        "cause": "header",
        "log_level": "warning",
    } in logs


def _refusal(logs):
    (refused,) = [one for one in logs if one["event"] == "event.refused"]
    return refused


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, "timestamp"),
        ({"secret": "whsec_" + "YmFy" * 10}, "signature"),
        ({"id": "with.stop"}, "header"),
    ],
)
def test_the_log_alone_says_what_did_not_fit(tell, a_departure, how, cause):
    with capture_logs() as logs:
        answer = tell(a_departure(), **how)

    assert answer.status_code == 401
    assert cause not in answer.text
    assert _refusal(logs)["cause"] == cause


def test_fields_that_cannot_be_used_are_logged_by_path_alone(tell, a_departure):
    subjects = [{"format": "email", "email": "secret-of-mine"}]

    with capture_logs() as logs:
        tell(a_departure(subjects=subjects, effective_at="soon"))

    refused = _refusal(logs)
    assert refused["fields"] == ["data.effective_at", "data.subjects.0.email"]
    assert "secret-of-mine" not in str(logs)


def test_what_is_not_json_is_logged_as_that(tell):
    with capture_logs() as logs:
        tell(b"{")

    assert _refusal(logs)["cause"] == "json"


def test_an_event_id_of_another_person_is_a_conflict(tell, a_departure):
    robin = {"format": "email", "email": "robin.park@example.com"}
    tell(a_departure(), id="msg_1")

    with capture_logs() as logs:
        answer = tell(a_departure(subjects=[robin]), id="msg_1")

    assert answer.status_code == 409
    assert answer.json["reason"] == "event_key"
    assert answer.mimetype == "application/problem+json"
    assert _refusal(logs)["cause"] == "event_key"


@pytest.mark.parametrize(("depth", "status"), [(90, 202), (101, 400), (5000, 400)])
def test_what_is_nested_deeper_than_anybody_means_is_malformed(
    tell, a_departure, depth, status
):
    nested = "[" * depth + "]" * depth
    raw = json.dumps(a_departure()).replace('"data"', f'"more": {nested}, "data"')

    assert tell(raw.encode()).status_code == status


def test_half_a_body_is_asked_for_again_and_not_taken_for_a_forgery(client, desk, sign):
    raw = b'{"type": "user.departed"}'
    # As gunicorn gives it, which has counted the bytes itself.
    cut = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(raw) + 10)}

    answer = client.post(
        "/events/standard", data=raw, headers=sign(raw), environ_overrides=cut
    )

    assert answer.status_code == 503
    assert "did not arrive whole" in answer.json["detail"]
    assert (desk.noted, desk.door.failures) == ([], [])
