import json
import logging
import re
import subprocess
import sys

import pytest
import structlog
from fake_desk import NOW
from structlog.testing import capture_logs

from workers.offboarding.restored import Found, Restored, WhyOld

EMAIL = "/offboard/dana.lee@example.com"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def answers(client, desk, as_operator, tell, a_departure):
    """One answer of every kind, by its status."""
    found = [
        client.get("/healthz"),
        tell(a_departure()),
        client.post(EMAIL, data="{", headers=as_operator, content_type="text/json"),
        client.post(
            EMAIL, data="{", headers=as_operator, content_type="application/json"
        ),
        client.get("/api/cases"),
        client.post(EMAIL, headers={"Authorization": "Bearer ofb_viewer"}),
        client.get("/nowhere"),
        client.delete("/api/cases"),
        client.post(EMAIL, headers={"Transfer-Encoding": "chunked"}),
        client.post(EMAIL, data=b"x" * 65_537),
        client.post("/offboard/dana", headers=as_operator),
    ]
    desk.protected = {"dana.lee@example.com"}
    found.append(client.post(EMAIL, headers=as_operator))
    desk.away = True
    found.append(client.post(EMAIL, headers=as_operator))
    desk.bug = ZeroDivisionError("the payload")
    found.append(client.post(EMAIL, headers=as_operator))
    return {one.status_code: one for one in found}


def test_every_kind_of_answer_is_looked_at_here(answers):
    assert sorted(answers) == [
        200,
        202,
        400,
        401,
        403,
        404,
        405,
        409,
        411,
        413,
        415,
        422,
        500,
        503,
    ]


def test_every_answer_has_the_security_headers(answers):
    for status, answer in answers.items():
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items(), status


@pytest.mark.parametrize("path", ["/healthz", "/login", "/nowhere", "/api/cases"])
def test_who_came_by_tls_once_comes_by_tls_from_then_on(with_settings, path):
    plain = with_settings(public_url="http://offboard.example.com").get(path)
    told = with_settings(public_url="https://offboard.example.com").get(path)

    assert "Strict-Transport-Security" not in plain.headers
    assert told.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_error_is_a_problem(answers):
    for status, answer in answers.items():
        if status < 400:
            continue

        assert answer.mimetype == "application/problem+json", status
        assert list(answer.json)[:5] == [
            "type",
            "title",
            "status",
            "detail",
            "request_id",
        ]
        assert answer.json["status"] == status
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]
        assert re.fullmatch("about:blank|/problems/[a-z-]+", answer.json["type"]), (
            status
        )
        assert answer.json["title"]
        assert answer.json["detail"]


def test_no_error_tells_what_was_sent_or_what_broke(answers):
    for status, answer in answers.items():
        if status < 400:
            continue

        assert b"payload" not in answer.data, status
        assert b"Traceback" not in answer.data, status
        # 422 on a person gives an example of one, which is not the one sent.
        assert status == 422 or b"dana" not in answer.data, status


def test_a_wrong_method_is_told_the_right_ones(answers):
    assert sorted(answers[405].headers["Allow"].split(", ")) == ["GET", "HEAD"]


def test_a_store_that_is_away_says_when_to_come_again(answers):
    assert answers[503].headers["Retry-After"] == "5"


def test_a_bug_is_logged_with_its_traceback_and_the_request_id(
    client, desk, as_operator
):
    desk.bug = ZeroDivisionError("broken")

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = client.post(EMAIL, headers=as_operator)

    (failed,) = [one for one in logs if one["event"] == "request.failed"]
    assert failed["exc_info"] is desk.bug
    assert failed["request_id"] == answer.json["request_id"]
    assert answer.status_code == 500


def test_a_bug_is_not_logged_by_the_framework_too(client, desk, as_operator, caplog):
    desk.bug = ZeroDivisionError("broken")

    with caplog.at_level(logging.DEBUG), capture_logs():
        client.post(EMAIL, headers=as_operator)

    assert caplog.records == []


@pytest.mark.parametrize("given", ["abcDEF.-_1", "a" * 8, "a" * 64])
def test_a_request_id_that_fits_is_kept(client, given):
    answer = client.get("/healthz", headers={"X-Request-ID": given})

    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", [None, "", "a" * 7, "a" * 65, "abc def 12", "é" * 9])
def test_a_request_id_that_does_not_fit_is_replaced(client, given):
    headers = {} if given is None else {"X-Request-ID": given}

    first = client.get("/healthz", headers=headers).headers["X-Request-ID"]
    second = client.get("/healthz", headers=headers).headers["X-Request-ID"]

    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_every_request_is_one_line_without_its_person(client, desk, as_operator):
    with capture_logs() as logs:
        client.post(
            f"{EMAIL}?user=kim@example.com",
            headers=as_operator | {"X-Request-ID": "req-12345678"},
        )

    (line,) = [one for one in logs if one["event"] == "request.answered"]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request.answered",
        "method": "POST",
        "route": "/offboard/<anything:user>",
        "status": 202,
        "log_level": "info",
    }
    assert "example.com" not in json.dumps(logs)


def test_a_request_without_a_route_is_one_line_too(client):
    with capture_logs() as logs:
        client.get("/dana.lee@example.com")

    (line,) = logs
    assert (line["route"], line["status"]) == (None, 404)


def test_what_one_request_bound_the_next_does_not_have(client, desk, as_operator):
    structlog.contextvars.bind_contextvars(case_id="left over")

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        client.post(EMAIL, headers=as_operator)

    assert all("case_id" not in one or one["case_id"] != "left over" for one in logs)
    assert {one["route"] for one in logs} == {"/offboard/<anything:user>"}
    assert len({one["request_id"] for one in logs}) == 1


def test_no_secret_is_in_any_line(client, tell, a_departure, as_operator):
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        tell(a_departure())
        tell(a_departure(kind="secret kind"))
        client.post(EMAIL, headers=as_operator | {"Idempotency-Key": "my-key"})

    said = json.dumps(logs, default=repr)
    for word in ("ofb_", "v1,", "secret kind", "my-key", "dana", "whsec"):
        assert word not in said


def test_a_body_may_have_64_kib(client, as_operator):
    raw = b'{"reason": "r"}'.ljust(65_536)
    headers = as_operator | {"Content-Type": "application/json"}

    assert client.post(EMAIL, data=raw, headers=headers).status_code == 202
    assert client.post(EMAIL, data=raw + b" ", headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/events/standard", EMAIL])
def test_a_body_too_large_is_refused_whatever_it_says(client, as_operator, path):
    answer = client.post(path, data=b"x" * 65_537, headers=as_operator)

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/events/standard", EMAIL])
@pytest.mark.parametrize("coding", ["chunked", "identity", "gzip, chunked"])
def test_a_body_of_unknown_length_is_refused(client, desk, as_operator, path, coding):
    answer = client.post(
        path, data=b"{}", headers=as_operator | {"Transfer-Encoding": coding}
    )

    assert answer.status_code == 411
    assert desk.departures == []


@pytest.mark.parametrize("path", ["/events/standard", EMAIL])
@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=b"),
        ("text/plain", b"{}"),
        ("text/plain", b""),
        ("application/jsonx", b"{}"),
        (None, b"{}"),
    ],
)
def test_only_json_is_taken(client, desk, as_operator, path, type_, body):
    answer = client.post(path, data=body, headers=as_operator, content_type=type_)

    assert answer.status_code == 415
    assert desk.departures == []


@pytest.mark.parametrize(
    "type_",
    [
        "application/json; charset=utf-8",
        "application/cloudevents+json",
        "Application/JSON",
    ],
)
def test_json_has_several_names(client, as_operator, type_):
    answer = client.post(EMAIL, data=b"{}", headers=as_operator, content_type=type_)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/events/standard", 405),
        ("options", "/events/standard", 405),
        ("get", EMAIL, 405),
        ("options", "/api/cases", 405),
        ("put", "/healthz", 405),
        ("get", "/api/cases/", 404),
        ("get", "/api//cases", 404),
        ("post", "/offboard/", 404),
    ],
)
def test_what_is_not_there_is_a_problem_too(client, method, path, status):
    answer = getattr(client, method)(path)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_healthz_asks_nobody(client, desk):
    desk.bug = AssertionError("asked")

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("age", "word"), [(0.0, "ok"), (30.0, "ok"), (30.1, "warn"), (None, "warn")]
)
def test_readyz_warns_of_late_workers(client, desk, age, word):
    desk.age = age

    answer = client.get("/readyz")

    assert answer.status_code == 200
    checks = {"store": "ok", "sweep": word, "restored": "ok"}
    assert answer.json == {"status": word, "checks": checks}


def test_readyz_warns_of_a_restored_store_and_takes_events_in(client, desk):
    desk.old = Restored(Found(NOW, WhyOld.COPIED))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    checks = {"store": "ok", "sweep": "ok", "restored": "warn"}
    assert answer.json == {"status": "warn", "checks": checks}


def test_readyz_fails_without_the_store(client, desk):
    desk.away = True

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json == {
        "status": "failed",
        "checks": {"store": "failed", "sweep": "warn"},
    }


def test_the_web_loads_no_cloud_sdk_and_no_worker():
    program = (
        "import sys, service.app;"
        "print([n for n in ('ibm_cloud_sdk_core', 'ibm_platform_services',"
        " 'workers.tasks', 'workers.wiring', 'workers.ibmcloud.client')"
        " if n in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("GET", "/nowhere", "There is nothing here."),
        ("POST", "/events/nobody", "There is nothing here."),
        (
            "DELETE",
            "/healthz",
            "This path does not take that method; Allow names those it takes.",
        ),
    ],
)
def test_no_sentence_of_the_framework_gets_out(client, method, path, sentence):
    answer = client.open(path, method=method)

    assert answer.json["detail"] == sentence


def test_a_sentence_of_ours_is_kept(client):
    answer = client.post("/api/pause")

    assert answer.json["detail"].startswith("Send a token that is known here")


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_account_that_is_not_here_is_a_conflict(client, desk, as_approver, verb):
    desk.unknown_accounts = {"acc9"}

    answer = client.post(
        f"/api/{verb}", json={"account_id": "acc9"}, headers=as_approver
    )

    assert answer.status_code == 409
    assert answer.json["reason"] == "no_such_account"


@pytest.mark.parametrize(
    "body",
    [
        {"k" * 60_000: 1},
        {"regions": [""] * 15_000},
        {f"field {n}": 1 for n in range(2_000)},
    ],
)
def test_a_faulty_body_is_not_answered_with_a_larger_one(client, as_operator, body):
    answer = client.post(EMAIL, json=body, headers=as_operator)

    assert answer.status_code == 422
    assert answer.json["errors"]
    assert len(answer.data) < 12_000


DEEP = {
    "list": b'{"reason":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "object": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "number": b'{"reason":' + b"9" * 60_000 + b"}",
    "surrogate": b'{"reason":"\\ud800"}',
    "mark": b"\xef\xbb\xbf{}",
    "wide": '{"reason":"a"}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_a_body_that_is_a_trap_is_not_well_formed(client, desk, as_operator, body):
    headers = {**as_operator, "Content-Type": "application/json"}

    assert client.post(EMAIL, data=body, headers=headers).status_code == 400
    assert desk.departures == []


@pytest.mark.parametrize(
    "path",
    [
        "/api//cases",
        "/API/cases",
        "/api/cases/",
        "/api/%2e%2e/api/cases",
        "/api/cases%3Fx",
        "/api/cases;x=1",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/..\\..\\app.py",
        "/static//etc/passwd",
        "/static/vendor",
        "/events/standard%00",
        "/scim/v2/%2e%2e/api/cases",
    ],
)
def test_a_path_that_is_written_oddly_leads_nowhere(client, as_approver, path):
    assert client.get(path, headers=as_approver).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL"],
)
def test_no_header_makes_another_request_of_one(client, desk, as_approver, name):
    headers = {**as_approver, name: "POST" if "Method" in name else "/api/doctor"}

    answer = client.get("/api/pause", headers=headers)

    assert answer.status_code == 200
    assert desk.paused == []


def test_two_authorizations_are_nobodys(client):
    headers = [
        ("Authorization", "Bearer ofb_approver"),
        ("Authorization", "Bearer ofb_nobody"),
    ]

    assert client.get("/api/cases", headers=headers).status_code == 401
