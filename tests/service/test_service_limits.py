"""Who asks too often, or proves nobody too often, is told when to come again."""

import json
from dataclasses import replace

import pytest
from fake_desk import NOW, SETTINGS

from config.secret import Secret
from config.sources import SourceSettings
from service.limiting import address_of
from service.slack.proof import sign as slack_signature

SAME = {"Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def all_on(an_app, desk):
    """A client of an application where every way in is open."""
    scim = SourceSettings(secret=(Secret("t" * 32),))
    sources = replace(SETTINGS.sources, scim=scim)
    given = replace(SETTINGS, sources=sources, slack_signing_secret=(Secret("s" * 32),))
    return an_app(given, desk).test_client()


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(client, desk, as_viewer):
    desk.door.too_many = 12.3

    answer = client.get("/api/cases", headers=as_viewer)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "13")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "/problems/too-many-requests"
    assert answer.json["title"] == "Too many requests"
    assert answer.json["request_id"]
    assert desk.queries == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/api/cases"), ("post", "/offboard/dana.lee@example.com")],
)
def test_each_request_of_a_token_counts_by_the_tokens_name(
    client, desk, as_operator, method, path
):
    getattr(client, method)(path, headers=as_operator)

    assert desk.door.requests == ["helpdesk"]
    assert desk.door.failures == []


def test_one_whose_role_is_too_small_counts_too(client, desk, as_viewer):
    assert client.get("/api/doctor", headers=as_viewer).status_code == 403

    assert desk.door.requests == ["dashboard"]


def test_an_authentic_event_is_never_counted_nor_held(desk, tell, a_departure):
    desk.door.too_many = desk.door.held_for = 60.0

    assert tell(a_departure()).status_code == 202
    assert (desk.door.requests, desk.door.failures) == ([], [])


def test_a_person_who_signed_in_is_not_counted(client, desk):
    desk.door.too_many = desk.door.held_for = 60.0

    signed = client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert signed.status_code == 303
    assert client.get("/").status_code == 200
    assert (desk.door.requests, desk.door.failures) == ([], [])


FAILED = [
    ("post", "/events/standard", {"Content-Type": "application/json"}),
    ("post", "/slack/command", FORM),
    ("post", "/slack/interactive", FORM),
    ("get", "/scim/v2/Users", {"Authorization": "Bearer wrong"}),
    ("get", "/api/cases", {"Authorization": "Bearer wrong"}),
    ("get", "/api/cases", {}),
    ("post", "/offboard/dana.lee@example.com", {"Authorization": "Bearer wrong"}),
    ("post", "/login", SAME),
]


@pytest.mark.parametrize(("method", "path", "headers"), FAILED)
def test_whatever_proves_nobody_counts_by_its_address(
    all_on, desk, method, path, headers
):
    answer = getattr(all_on, method)(path, headers=headers)

    assert answer.status_code == 401
    assert desk.door.failures == ["127.0.0.1"]


@pytest.mark.parametrize(("method", "path", "headers"), FAILED)
def test_above_the_limit_it_is_told_so_in_the_form_of_its_answer(
    all_on, desk, method, path, headers
):
    usual = getattr(all_on, method)(path, headers=headers).mimetype
    desk.door.held_for = 0.2

    answer = getattr(all_on, method)(path, headers=headers)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.mimetype == usual
    assert "Too many requests" in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers
    assert desk.cases == {}


def test_who_only_has_to_sign_in_has_not_failed(client, desk):
    assert client.get("/exposure").status_code == 303

    assert desk.door.failures == []


def test_what_is_forged_past_the_limit_is_not_written_down(client, desk):
    client.post("/events/standard", json={})
    before = list(desk.noted)
    desk.door.held_for = 60.0

    client.post("/events/standard", json={})

    assert len(before) == 1
    assert desk.noted == before


def test_what_is_refused_before_it_is_proven_is_counted_and_not_written_down(
    all_on, desk
):
    junk = {"data": b"x", "content_type": "text/plain"}
    assert all_on.post("/events/standard", **junk).status_code == 415
    assert (len(desk.noted), desk.door.failures) == (1, ["127.0.0.1"])
    desk.door.held_for = 60.0

    assert all_on.post("/events/standard", **junk).status_code == 415
    chunked = {"Transfer-Encoding": "chunked"}
    assert all_on.post("/scim/v2/Users", headers=chunked).status_code == 411
    assert len(desk.noted) == 1


def test_what_is_authentic_and_faulty_is_written_down_all_the_same(desk, tell):
    desk.door.held_for = 60.0

    assert tell(b"{").status_code == 400
    assert len(desk.noted) == 1


def test_slack_presses_that_are_slacks_pass(all_on, desk):
    desk.door.held_for = 60.0
    at, raw = str(int(NOW.timestamp())), b"ssl_check=1"
    headers = {
        **FORM,
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": slack_signature("s" * 32, at, raw),
    }

    answer = all_on.post("/slack/command", data=raw, headers=headers)

    assert answer.status_code == 200


def test_a_header_cannot_choose_the_address_that_is_counted(client, desk):
    headers = {
        "X-Forwarded-For": "192.0.2.9",
        "Forwarded": "for=192.0.2.9",
        "X-Real-IP": "192.0.2.9",
    }

    client.get("/api/cases", headers=headers)

    assert desk.door.failures == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("junk\nx", "unknown"),
    ],
)
def test_of_ipv6_a_household_is_one_address(peer, counted):
    assert address_of(peer) == counted


def test_the_document_says_that_every_caller_may_be_told_to_wait(client):
    paths = client.get("/openapi.json").json["paths"]

    without = [
        (path, method)
        for path, item in paths.items()
        for method, operation in item.items()
        if method != "parameters"
        and "401" in operation["responses"]
        and "429" not in operation["responses"]
    ]
    assert without == []


def test_an_answer_of_429_has_the_headers_of_every_answer(client, desk):
    desk.door.held_for = 60.0

    answer = client.get("/api/cases")

    assert answer.status_code == 429
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-ID"] == json.loads(answer.data)["request_id"]
