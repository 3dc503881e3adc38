"""Who gets in by Slack's two routes, and that nothing is done twice."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from fake_desk import NOW, SETTINGS

from config.secret import Secret
from service.app import create_app
from simulator.slack_hand import SLACK_SIGNING_SECRET, signed

COMMAND, INTERACTIVE = "/slack/command", "/slack/interactive"
BOTH = pytest.mark.parametrize("path", [COMMAND, INTERACTIVE])
HELP = {"team_id": "T0SIMULATED", "user_id": "U0VIEWER", "text": "help"}
# As Slack publishes it, in "Verifying requests from Slack".
PUBLISHED = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
    b"&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
    b"397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
PUBLISHED_SIGNATURE = (
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
)


def test_the_example_that_slack_publishes_is_let_in(an_app, desk):
    from dataclasses import replace
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(1531420618, UTC)
    settings = replace(SETTINGS, slack_signing_secret=(Secret(SLACK_SIGNING_SECRET),))
    client = create_app(settings, desk, clock=lambda: at).test_client()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": PUBLISHED_SIGNATURE,
    }

    answer = client.post(COMMAND, data=PUBLISHED, headers=headers)

    assert answer.status_code == 200
    assert "`T1DC2JH3J/U2CERLKJA`" in answer.json["text"]


@BOTH
def test_without_a_signing_secret_there_is_nothing(with_settings, path):
    client = with_settings()

    bare = client.post(path, data=b"x" * (2 * 1024 * 1024))
    sent = client.post(path, data=b"", headers=signed(b"", at=int(NOW.timestamp())))

    assert (bare.status_code, sent.status_code) == (404, 404)
    assert client.get(COMMAND).status_code == 404


@BOTH
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=\xff\xfe"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "-5"},
        {"X-Slack-Request-Timestamp": "1771236131.0"},
        {"X-Slack-Request-Timestamp": "\u0661" * 10},
        {"X-Slack-Request-Timestamp": "9" * 400},
    ],
)
def test_what_slack_did_not_sign_is_refused(post, desk, path, headers):
    values = {name: value.encode().decode("latin-1") for name, value in headers.items()}

    answer = post(path, HELP, headers=values)

    assert answer.status_code == 401
    assert desk.slack.begun == {}


@BOTH
def test_without_headers_it_is_refused(client, path):
    assert client.post(path, data=b"payload=%7B%7D").status_code == 401


@BOTH
def test_another_secret_is_refused(post, path):
    assert post(path, HELP, secret="another-secret").status_code == 401


@BOTH
def test_a_changed_body_is_refused(client, path):
    headers = signed(b"text=gate", at=int(NOW.timestamp()))

    assert client.post(path, data=b"text=pause", headers=headers).status_code == 401


@BOTH
@pytest.mark.parametrize(("seconds", "status"), [(301, 401), (-301, 401)])
def test_an_old_or_early_request_is_refused(post, path, seconds, status):
    at = NOW + timedelta(seconds=seconds)

    assert post(path, HELP, at=at).status_code == status


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_request_five_minutes_off_is_let_in(post, seconds):
    at = NOW + timedelta(seconds=seconds)

    assert post(COMMAND, HELP, at=at).status_code == 200


@BOTH
def test_a_body_that_is_no_text_is_refused_unread(client, path):
    headers = {
        "X-Slack-Request-Timestamp": str(int(NOW.timestamp())),
        "X-Slack-Signature": "v0=" + "0" * 64,
        "Content-Type": "application/x-www-form-urlencoded",
    }

    assert client.post(path, data=b"\xff\xfe\x00", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b"text=%ff",
        b"text=help&text=pause",
        b"team_id=T0SIMULATED&user_id=U0VIEWER&user_id=U0APPROVER",
        b"&".join(b"f%d=1" % number for number in range(101)),
    ],
)
def test_a_signed_form_that_cannot_be_read_is_malformed(post, desk, raw):
    assert post(COMMAND, {}, raw=raw).status_code == 400
    assert desk.slack.begun == {}


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"block_actions","type":"other"}',
        '{"a":NaN}',
        "[" * 200 + "]" * 200,
        '{"type":"block_actions"}',
        '{"type":"block_actions","actions":[]}',
        '{"type":"block_actions","actions":[{},{}]}',
        '{"type":"block_actions","actions":"all"}',
    ],
)
def test_a_press_that_cannot_be_read_is_malformed(post, desk, payload):
    assert post(INTERACTIVE, {"payload": payload}).status_code == 400
    assert desk.slack.begun == {}


def test_a_press_without_a_payload_is_malformed(post):
    assert post(INTERACTIVE, {"other": "{}"}).status_code == 400


def test_a_press_with_two_payloads_is_malformed(post):
    raw = urlencode([("payload", "{}"), ("payload", "{}")]).encode()

    assert post(INTERACTIVE, {}, raw=raw).status_code == 400


@pytest.mark.parametrize(
    "payload",
    [
        {"team": None, "user": [], "actions": [{"action_id": 5, "value": {}}]},
        {"team": "T0", "user": "U0", "actions": ["press"], "message": 5},
        {"actions": [{"action_id": "offboard.approve", "value": "{}"}], "user": {}},
    ],
)
def test_a_press_of_odd_shapes_is_of_nobody(post, desk, payload):
    whole = {"type": "block_actions", "response_url": "https://x.example", **payload}

    answer = post(INTERACTIVE, {"payload": json.dumps(whole)})

    assert answer.status_code == 200
    assert "not on the list" in desk.slack.said[0][1]["text"]
    assert desk.asked == []


@pytest.mark.parametrize("kind", ["view_submission", "shortcut", "", None, 5])
def test_whatever_else_slack_tells_is_taken_and_does_nothing(post, desk, kind):
    answer = post(INTERACTIVE, {"payload": json.dumps({"type": kind})})

    assert (answer.status_code, answer.data) == (200, b"")
    assert desk.slack.said == []


@BOTH
def test_a_body_that_is_too_large_is_refused_unread(post, path):
    assert post(path, {}, raw=b"a" * (1024 * 1024 + 1)).status_code == 413


@BOTH
def test_a_body_without_a_length_is_refused(client, path):
    answer = client.post(path, headers={"Transfer-Encoding": "chunked"})

    assert answer.status_code == 411


@BOTH
def test_json_is_no_form(post, path):
    answer = post(path, {}, raw=b"{}", headers={"Content-Type": "application/json"})

    assert answer.status_code == 415


def test_slack_may_look_at_the_certificate(client, post, desk):
    looked = client.get(f"{COMMAND}?ssl_check=1&token=x")
    sent = post(COMMAND, {"ssl_check": "1", "token": "x"})

    assert (looked.status_code, looked.data) == (200, b"")
    assert (sent.status_code, sent.data) == (200, b"")
    assert desk.slack.begun == {}


def test_nobody_else_may_say_that_it_is_a_look_at_the_certificate(client):
    assert client.post(COMMAND, data={"ssl_check": "1"}).status_code == 401


def test_a_command_that_comes_again_is_answered_the_same_and_does_nothing(post, desk):
    fields = {"team_id": "T0SIMULATED", "user_id": "U0OPERATOR", "text": "pause"}

    first, again = post(COMMAND, fields), post(COMMAND, fields)

    assert first.data == again.data
    assert desk.paused == [(None, True)]


def test_a_command_that_was_cut_off_is_told_when_it_comes_again(post, desk):
    fields = {"team_id": "T0SIMULATED", "user_id": "U0OPERATOR", "text": "pause"}
    raw = urlencode(fields).encode()
    signature = signed(raw, at=int(NOW.timestamp()))["X-Slack-Signature"]
    desk.slack.begin(signature)

    answer = post(COMMAND, fields)

    assert "how that ended is not known" in answer.json["text"]
    assert desk.paused == []


def test_a_press_that_was_cut_off_fails_when_it_comes_again(post, desk):
    payload = {"type": "block_actions", "actions": [{"action_id": "x"}]}
    fields = {"payload": json.dumps(payload)}
    raw = urlencode(fields).encode()
    desk.slack.begin(signed(raw, at=int(NOW.timestamp()))["X-Slack-Signature"])

    answer = post(INTERACTIVE, fields)

    assert answer.status_code == 503
    assert "how that ended is not known" in answer.json["detail"]
    assert desk.slack.said == []


def test_both_secrets_hold_while_one_replaces_the_other(with_settings):
    secrets = (Secret("the-new-secret-1"), Secret("the-old-secret-1"))
    client = with_settings(slack_signing_secret=secrets)
    at = int(NOW.timestamp())

    answers = [
        client.post(COMMAND, data=b"text=x", headers=signed(b"text=x", secret=s, at=at))
        for s in ("the-new-secret-1", "the-old-secret-1", "the-lost-secret")
    ]

    assert [one.status_code for one in answers] == [200, 200, 401]


def test_a_store_that_is_away_is_told_in_words(post, desk):
    desk.slack.away = True

    answer = post(COMMAND, HELP)

    assert answer.status_code == 200
    assert "The store does not answer" in answer.json["text"]


def test_a_press_without_the_store_fails_so_that_slack_says_so(post, desk):
    desk.slack.away = True
    payload = {"type": "block_actions", "actions": [{}]}

    assert post(INTERACTIVE, {"payload": json.dumps(payload)}).status_code == 503
