import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broken import BROKEN_JSON, bent
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_desk import NOW, SETTINGS, FakeDesk
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from jwt.api_jws import PyJWS
from structlog.testing import capture_logs

from config.settings import Secret
from config.sources import IbmActivitySettings, Sources
from service.app import create_app
from service.sources import SOURCES
from service.sources.samples.ibm_activity import SAMPLES
from service.sources.samples.sample import Asked
from service.sources.source import Part
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Departure, Leaver, Withdrawal

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ibm_activity"
ROOT = Path(__file__).parents[3]
SECRET = "activity-demo-secret"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
MINE = IbmActivitySettings(secret=(Secret(SECRET), Secret("activity-old-secret")))
ACCOUNT = "0123456789abcdef0123456789abcdef"
KEY = (
    "ibm_activity:f0e1d2c3-b4a5-4678-9a0b-c1d2e3f40506:user-management.user.delete"
    ":success:1bd40fd1a837fbd3"
)
GONE = Leaver(iam_id="IBMid-5500LEAVER")


def pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, private.decode(), public.decode()


KEY_PAIR, PRIVATE, PUBLIC = pair()
OTHER_PAIR, _, _ = pair()


@pytest.fixture
def settings():
    return replace(SETTINGS, sources=Sources(ibm_activity=MINE))


@pytest.fixture
def with_key(with_settings):
    mine = replace(MINE, public_key=PUBLIC)
    return with_settings(sources=Sources(ibm_activity=mine))


def sample():
    return json.loads(
        (FIXTURES / "ibm-event-notifications-user-delete.json").read_bytes()
    )


def fragment(number):
    """Make JSON of a published fragment of an event.

    As published, 3, 4 and 5 are members without the braces around them, and 5 lacks a
    comma after its message and a brace at its end besides.
    """
    (path,) = FIXTURES.glob(f"ibm-at-user-{number}.*")
    text = path.read_text()
    if path.suffix == ".json":
        return json.loads(text)
    text = text.replace('update user"\n', 'update user",\n')
    open_braces = text.count("{") - text.count("}")
    return json.loads("{" + text + "}" * (1 + open_braces))


def published_alert():
    """Make JSON of the published alert: its timestamp of thirteen zeros is none."""
    path = FIXTURES / "ibm-event-notifications-logs-alert.published.txt"
    return json.loads(re.sub(r": 0{13},", ": 1704067200000,", path.read_text()))


def an_alert(event=None, **data):
    body = sample()
    body["data"] |= data
    body["data"]["log_example"] |= event or {}
    return body


def send(client, body, headers=AUTHORIZED):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/events/ibm_activity", data=raw, headers=headers)


def signed(body, key=KEY_PAIR, algorithm="RS256", headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"data": PyJWS().encode(raw, key, algorithm=algorithm, headers=headers)}


def reasons(desk):
    return [one[3] for one in desk.kept]


def test_the_sample_proves_the_target_gone_and_spares_the_initiator(client, desk):
    raw = (FIXTURES / "ibm-event-notifications-user-delete.json").read_bytes()

    answer = send(client, raw)

    assert answer.status_code == 202
    assert answer.json == {"cases": ["01KHJ2V0W8Q3RZ5T7X9YABC000"]}
    assert desk.departures == [
        Departure(
            source="ibm_activity",
            leaver=GONE,
            event_key=KEY,
            request_id=answer.headers["X-Request-ID"],
            occurred_at=datetime(2026, 3, 2, 9, 16, 10, 420000, UTC),
            gone_from=ACCOUNT,
            authn="bearer",
        )
    ]


def test_the_event_is_told_as_it_came(client, desk):
    send(client, sample())

    assert desk.heard == [
        Heard(
            source="ibm_activity",
            event_key=KEY,
            native_type="user-management.user.delete",
            kind=HeardKind.DELETED,
            names=Names(iam_ids=("IBMid-5500LEAVER",)),
            occurred_at=datetime(2026, 3, 2, 9, 16, 10, 420000, UTC),
            gone_from=ACCOUNT,
            authn=Authn.BEARER,
        )
    ]


def test_a_log_line_may_come_as_text(client, desk):
    body = sample()
    body["data"]["log_example"] = json.dumps(body["data"]["log_example"])

    send(client, body)

    assert [(one.event_key, one.leaver) for one in desk.departures] == [(KEY, GONE)]


def test_a_cloud_event_type_is_taken(client, desk):
    headers = {**AUTHORIZED, "Content-Type": "application/cloudevents+json; charset=u8"}

    answer = send(client, sample(), headers)

    assert answer.status_code == 202
    assert len(desk.departures) == 1


@pytest.mark.parametrize(("number", "heard"), [(3, 0), (4, 1), (5, 0), (7, 0)], ids=str)
def test_the_published_events_act_on_success_alone(client, desk, number, heard):
    answer = send(client, an_alert(fragment(number)))

    assert answer.status_code == 202
    assert len(desk.departures) == heard
    assert desk.kept == []


def test_the_published_removal_alone_names_nobody_but_in_its_message(client, desk):
    body = sample()
    body["data"]["log_example"] = fragment(4) | {"logSourceCRN": "crn:a:b:c:d:e:a/1:::"}

    send(client, body)

    assert desk.departures == []
    assert reasons(desk) == [Unreadable.NO_PERSON]


def test_the_published_alert_is_truncated_and_says_where_to_look(client, desk):
    with pytest.raises(UnreadableError) as told:
        SOURCES["ibm_activity"].read(
            Part("ibm_activity:1", published_alert()), SETTINGS, NOW
        )

    answer = send(client, published_alert())

    assert answer.status_code == 202
    assert reasons(desk) == [Unreadable.TRUNCATED]
    assert "Search Cloud Logs for user-management.user.delete" in told.value.text
    assert "the next survey finds who is gone" in told.value.text


@pytest.mark.parametrize(
    "changed",
    [
        {"log_example_truncated": True},
        {"log_example": None},
        {"log_example": {}},
        {"log_example": ""},
    ],
)
def test_an_alert_without_a_whole_log_line_never_acts(client, desk, changed):
    body = sample()
    body["data"] |= changed

    send(client, body)

    assert reasons(desk) == [Unreadable.TRUNCATED]
    assert desk.heard == []


def test_an_alert_that_says_nothing_of_a_log_line_never_acts(client, desk):
    body = sample()
    del body["data"]["log_example"]

    send(client, body)

    assert reasons(desk) == [Unreadable.TRUNCATED]


@pytest.mark.parametrize("status", ["resolved", "TRIGGERED ", None, "", 1])
def test_an_alert_that_is_not_triggered_is_ignored(client, desk, status):
    send(client, an_alert(status=status, log_example_truncated=True))

    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("outcome", ["pending", "failure", "unknown", "Success"])
def test_only_a_success_acts(client, desk, outcome):
    send(client, an_alert({"outcome": outcome}))

    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("outcome", [None, "", ["success"]])
def test_a_removal_without_an_outcome_goes_to_quarantine(client, desk, outcome):
    send(client, an_alert({"outcome": outcome}))

    assert desk.heard == []
    assert reasons(desk) == [Unreadable.UNKNOWN_SHAPE]


@pytest.mark.parametrize(
    "action",
    [
        "user-management.user.update",
        "user-management.user-setting.update",
        "user-management.user.deleted",
        "iam-identity.user-apikey.delete",
        "iam-identity.account-serviceid.delete",
        "iam-identity.user.logout",
    ],
)
def test_other_actions_are_ignored(client, desk, action):
    send(client, an_alert({"action": action}))

    assert (desk.heard, desk.kept) == ([], [])


def test_an_invitation_cancels(client, desk):
    send(client, an_alert({"action": "user-management.user.invite"}))

    (taken,) = desk.withdrawals
    assert taken == Withdrawal(
        source="ibm_activity",
        leaver=GONE,
        event_key=KEY.replace("delete", "invite"),
        request_id=taken.request_id,
        occurred_at=datetime(2026, 3, 2, 9, 16, 10, 420000, UTC),
    )
    assert desk.departures == []


@pytest.mark.parametrize("outcome", ["pending", "failure"])
def test_an_invitation_that_came_to_nothing_cancels_nothing(client, desk, outcome):
    event = {"action": "user-management.user.invite", "outcome": outcome}

    send(client, an_alert(event))

    assert desk.heard == []


def target(name):
    return {**sample()["data"]["log_example"]["target"], "name": name}


@pytest.mark.parametrize(
    ("name", "leaver"),
    [
        ("IBMid-Example", Leaver(iam_id="IBMid-Example")),
        ("SAML-a1b2.c_3", Leaver(iam_id="SAML-a1b2.c_3")),
        ("Dana-Mae.Lee@example.com", Leaver(email="dana-mae.lee@example.com")),
    ],
)
def test_a_person_is_named_by_iam_id_or_by_email(client, desk, name, leaver):
    send(client, an_alert({"target": target(name)}))

    assert desk.departures[0].leaver == leaver


@pytest.mark.parametrize(
    "name", [None, "", "dana", "iam-ServiceId-1", "iam-Profile-1", 7, "a@b@c", "-1"]
)
def test_whatever_is_no_person_goes_to_quarantine(client, desk, name):
    send(client, an_alert({"target": target(name)}))

    assert desk.departures == []
    assert reasons(desk) == [Unreadable.NO_PERSON]


def test_a_person_of_another_account_is_not_ours(with_settings, desk):
    sources = Sources(ibm_activity=MINE)
    client = with_settings(sources=sources, account_id="another1")

    answer = send(client, sample())

    assert answer.status_code == 202
    assert (desk.heard, desk.kept) == ([], [])


def test_a_person_of_our_account_is(with_settings, desk):
    client = with_settings(sources=Sources(ibm_activity=MINE), account_id=ACCOUNT)

    send(client, sample())

    assert desk.departures[0].gone_from == ACCOUNT


def test_the_account_may_stand_in_the_log_source(client, desk):
    send(client, an_alert({"target": {"name": "IBMid-5500LEAVER"}}))

    assert desk.departures[0].gone_from == ACCOUNT


@pytest.mark.parametrize("crn", [None, "", "crn:v1", "crn:v1:b:p:u:g:s/1:::", 7])
def test_a_removal_from_no_account_goes_to_quarantine(client, desk, crn):
    event = {"target": target("IBMid-1") | {"id": crn}, "logSourceCRN": crn}

    send(client, an_alert(event))

    assert desk.departures == []
    assert reasons(desk) == [Unreadable.UNKNOWN_SHAPE]


def test_a_wrong_time_goes_to_quarantine(client, desk):
    send(client, an_alert({"eventTime": 1772442970420}))

    assert reasons(desk) == [Unreadable.BAD_TIME]


def test_another_envelope_of_the_same_event_has_no_second_effect(client, desk):
    send(client, sample())
    send(client, sample() | {"id": "another", "notification_id": "another"})

    assert len(desk.departures) == 1


def test_the_pending_event_does_not_hide_the_success(client, desk):
    send(client, an_alert({"outcome": "pending"}))
    send(client, sample())

    assert len(desk.departures) == 1


def test_without_a_correlation_id_the_event_has_the_same_key_each_time(client, desk):
    for one in ("first", "second"):
        send(client, an_alert({"correlationId": None}) | {"id": one})

    assert len({one.event_key for one in desk.heard}) == 1
    assert desk.heard[0].event_key.startswith("ibm_activity:sha256:")
    assert len(desk.departures) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "1", "type": "com.ibm.cloud.event-notifications.test:sent", "data": {}},
        {"id": "1", "message": "This is a test of your destination", "data": "test"},
        {"ibmendefaultshort": "Test notification", "type": "webhook"},
        {"data": "A test. It is sent by hand."},
    ],
)
def test_a_test_of_the_destination_is_acknowledged_and_ignored(client, desk, body):
    answer = send(client, body)

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("line", [{"msg": "Test Log"}, "no JSON", [1], 7, '"text"'])
def test_an_alert_about_something_else_is_ignored(client, desk, line):
    body = sample()
    body["data"]["log_example"] = line

    send(client, body)

    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize(
    "line",
    [
        {"logRecord": {"body": {"action": "user-management.user.delete"}}},
        'text before {"action": "user-management.user.delete"}',
        [{"action": "user-management.user.delete"}],
        '{"action": "user-management.user.delete", "action": "x"}',
    ],
)
def test_a_removal_in_a_shape_we_do_not_know_is_not_lost(client, desk, line):
    body = sample()
    body["data"]["log_example"] = line

    send(client, body)

    assert desk.heard == []
    assert reasons(desk) == [Unreadable.UNKNOWN_SHAPE]


def template(event, **alert):
    """Fill in the template of the docs page, as Event Notifications does."""
    page = (ROOT / "docs" / "sources" / "ibm_activity.md").read_text()
    text = page.split("```handlebars\n")[1].split("```")[0]
    body = an_alert(event, **alert)

    def filled(match):
        found = body
        for name in match[1].split("."):
            found = found.get(name, "") if isinstance(found, dict) else ""
        return str(found).lower() if isinstance(found, bool) else str(found)

    return json.loads(re.sub(r"{{([\w.]+)}}", filled, text))


def test_the_template_of_the_docs_tells_the_same_as_the_alert(client, desk):
    send(client, sample())
    send(client, template({}))

    first, second = desk.heard
    assert second == first
    assert len(desk.departures) == 1


@pytest.mark.parametrize(
    ("event", "alert"),
    [
        ({"outcome": "pending"}, {}),
        ({"outcome": "failure"}, {}),
        ({"action": "user-management.user.update"}, {}),
        ({}, {"status": "resolved"}),
    ],
)
def test_the_template_never_acts_where_the_alert_would_not(client, desk, event, alert):
    answer = send(client, template(event, **alert))

    assert answer.status_code == 202
    assert (desk.heard, desk.kept) == ([], [])


def test_the_template_tells_of_a_truncated_line(client, desk):
    send(client, template({}, log_example_truncated=True))

    assert reasons(desk) == [Unreadable.TRUNCATED]


def test_the_template_with_nothing_filled_in_is_not_lost(client, desk):
    send(client, template({"action": "", "outcome": "", "target": {}}))

    assert reasons(desk) == [Unreadable.TRUNCATED]


def a_generic_body(**changed):
    return {
        "id": "n-1",
        "type": "user.departed",
        "data": {"subjects": [{"format": "iam_id", "iam_id": "IBMid-5500LEAVER"}]},
        **changed,
    }


def test_a_generic_body_without_the_event_proves_nobody_gone(client, desk):
    send(client, a_generic_body())

    assert [(one.event_key, one.gone_from) for one in desk.departures] == [
        ("ibm_activity:n-1", None)
    ]
    assert desk.heard[0].authn is Authn.BEARER


def test_two_people_under_one_correlation_id_both_leave(client, desk):
    send(client, sample())
    answer = send(client, an_alert({"target": target("IBMid-2")}))

    assert answer.status_code == 202
    assert [str(one.leaver) for one in desk.departures] == [
        "IBMid-5500LEAVER",
        "IBMid-2",
    ]
    assert desk.kept == []


@pytest.mark.parametrize(
    "body",
    [
        a_generic_body(data=None),
        a_generic_body(data={"subjects": []}),
        a_generic_body(type="user.hired"),
    ],
)
def test_a_generic_body_that_says_nothing_is_kept_and_acknowledged(client, desk, body):
    answer = send(client, body)

    assert answer.status_code == 202
    assert reasons(desk) == [Unreadable.UNKNOWN_SHAPE]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        SECRET,
        "Bearer",
        "Bearer ",
        "Bearer wrong-secret-0",
        f"Basic {SECRET}",
        f"Bearer {SECRET}x",
        "Bearer caf\u00c3\u00a9",
        "\x80\xff",
        "Bearer " + "x" * 9000,
    ],
)
def test_a_wrong_token_is_401_and_nothing_is_heard(client, desk, given):
    headers = {"Content-Type": "application/json"}
    headers |= {} if given is None else {"Authorization": given}

    answer = send(client, sample(), headers)

    assert answer.status_code == 401
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ibm_activity", "header", NOW)]


def test_the_old_token_holds_while_rotating(client):
    headers = {**AUTHORIZED, "Authorization": "bearer activity-old-secret"}

    assert send(client, sample(), headers).status_code == 202


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_broken_body_is_400(client, desk, name):
    answer = send(client, BROKEN_JSON[name])

    assert answer.status_code == 400
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", ""])
def test_another_content_type_is_415(client, media_type):
    answer = send(client, sample(), {**AUTHORIZED, "Content-Type": media_type})

    assert answer.status_code == 415


def test_a_body_over_a_mebibyte_is_413(client):
    assert send(client, b" " * (1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_another_method_is_405(client, method):
    answer = client.open("/events/ibm_activity", method=method, headers=AUTHORIZED)

    assert answer.status_code == 405


def test_a_secret_in_the_path_is_404_and_not_logged(client):
    with capture_logs() as logs:
        answer = client.post(f"/events/ibm_activity/{SECRET}", json=sample())

    assert answer.status_code == 404
    assert SECRET not in repr(logs)


def test_what_a_log_shows_holds_neither_secret_nor_payload(client):
    with capture_logs() as logs:
        send(client, sample())
        send(client, an_alert({"target": target("dana")}))
        send(client, sample(), {"Authorization": "Bearer wrong-secret-0"})

    shown = repr(logs)
    assert not [one for one in (SECRET, "wrong-secret-0", "it.admin") if one in shown]


def test_a_signed_body_is_opened_with_the_key_that_is_set(with_key, desk):
    answer = send(with_key, signed(sample()))

    assert answer.status_code == 202
    assert [(one.event_key, one.authn) for one in desk.heard] == [(KEY, Authn.JWS)]
    assert desk.departures[0].leaver == GONE


def test_a_signed_body_may_name_its_key(with_key, desk):
    send(with_key, signed(sample(), headers={"kid": "key-1"}))

    assert len(desk.departures) == 1


def a_token(body, **how):
    return signed(body, **how)["data"]


def another_signature(token):
    return ".".join((*token.split(".")[:2], a_token(b"{}").split(".")[2]))


@pytest.mark.parametrize(
    "body",
    [
        sample(),
        signed(sample(), key=OTHER_PAIR),
        signed(sample(), key=None, algorithm="none"),
        signed(sample(), algorithm="RS512"),
        signed(sample(), key="a-shared-secret-of-thirty-two-bytes", algorithm="HS256"),
        {"data": another_signature(a_token(sample()))},
        {"data": a_token(sample()), "more": 1},
        {"data": a_token(sample()).rpartition(".")[0] + "."},
        {"data": a_token(sample())[:-8]},
        {"data": ".."},
        {"data": "a.b.c"},
        {"data": "\u00e9.\u00e9.\u00e9"},
        {"data": "W10.W10.W10"},
        {"data": None},
        signed(b"[]"),
        signed(b"no JSON"),
        signed(b'{"data": 1, "data": 2}'),
        signed(sample(), headers={"crit": ["x"], "x": 1}),
        signed(sample(), headers={"b64": False}),
    ],
)
def test_where_a_key_is_set_nothing_else_passes(with_key, desk, body):
    answer = send(with_key, body)

    assert answer.status_code == 401
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ibm_activity", "signature", NOW)]


def test_a_header_too_deep_for_the_parser_is_401(with_key):
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")

    assert send(with_key, {"data": f"{deep}.e30.AA"}).status_code == 401


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_where_a_key_is_set_a_broken_body_is_not_signed(with_key, name):
    assert send(with_key, BROKEN_JSON[name]).status_code == 401


def test_the_signature_does_not_take_the_place_of_the_token(with_key):
    headers = {"Content-Type": "application/json"}

    assert send(with_key, signed(sample()), headers).status_code == 401


def test_a_signed_body_waits_for_its_key_and_is_opened_when_replayed(
    client, desk, settings
):
    source = SOURCES["ibm_activity"]

    answer = send(client, signed(sample()))

    assert answer.status_code == 202
    ((_, key, body, reason),) = desk.kept
    assert reason is Unreadable.UNKNOWN_SHAPE
    mine = replace(MINE, public_key=PUBLIC)
    later = replace(settings, sources=Sources(ibm_activity=mine))
    heard = source.read(Part(key, body), later, NOW)
    assert (heard.names.iam_ids, heard.authn) == (("IBMid-5500LEAVER",), Authn.JWS)


def test_a_kept_body_that_another_key_signed_stays_unread(settings):
    mine = replace(MINE, public_key=PUBLIC)
    later = replace(settings, sources=Sources(ibm_activity=mine))
    part = Part("ibm_activity:1", signed(sample(), key=OTHER_PAIR))

    with pytest.raises(UnreadableError, match="not with the key that is set"):
        SOURCES["ibm_activity"].read(part, later, NOW)


@pytest.mark.parametrize(
    ("kind", "user", "departures", "withdrawals", "kept"),
    [
        ("delete", "IBMid-5500ABC", 1, 0, []),
        ("delete", "dana.lee@example.com", 1, 0, []),
        ("template", "IBMid-5500ABC", 1, 0, []),
        ("template", "dana.lee@example.com", 1, 0, []),
        ("pending", "IBMid-5500ABC", 0, 0, []),
        ("failure", "IBMid-5500ABC", 0, 0, []),
        ("invite", "IBMid-5500ABC", 0, 1, []),
        ("truncated", "IBMid-5500ABC", 0, 0, [Unreadable.TRUNCATED]),
        ("test", "IBMid-5500ABC", 0, 0, []),
    ],
)
def test_each_sample_is_played_and_leads_to_what_it_says(
    client, desk, settings, kind, user, departures, withdrawals, kept
):
    (played,) = [one for one in SAMPLES if one.kind == kind]

    (sent,) = played.make(Asked(user, NOW, settings))
    answer = client.post(sent.path, data=sent.body, headers=dict(sent.headers))

    assert answer.status_code == 202
    assert (len(desk.departures), len(desk.withdrawals)) == (departures, withdrawals)
    assert reasons(desk) == kept


def test_a_sample_is_signed_where_a_key_is_set(with_key, desk, settings):
    mine = replace(MINE, public_key=PUBLIC)
    asked = replace(settings, sources=Sources(ibm_activity=mine))

    (sent,) = SAMPLES[0].make(Asked("IBMid-5500ABC", NOW, asked, PRIVATE))
    answer = with_key.post(sent.path, data=sent.body, headers=dict(sent.headers))

    assert answer.status_code == 202
    assert desk.departures[0].leaver == Leaver(iam_id="IBMid-5500ABC")


FUZZED, SIGNED = (
    create_app(
        replace(SETTINGS, sources=Sources(ibm_activity=mine)),
        FakeDesk(),
        clock=lambda: NOW,
    ).test_client()
    for mine in (MINE, replace(MINE, public_key=PUBLIC))
)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (202, 400)
    assert send(SIGNED, raw).status_code == 401
    assert send(SIGNED, signed(raw)).status_code in (202, 401)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(bent(sample()))
def test_no_bent_sample_makes_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (202, 400)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(bent(a_generic_body(timestamp="2026-02-16T10:00:00Z")))
def test_no_bent_generic_body_makes_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (202, 400)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=3, max_size=3).map(".".join))
def test_no_token_makes_it_fall_over(token):
    assert send(SIGNED, {"data": token}).status_code == 401
