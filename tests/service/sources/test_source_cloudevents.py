"""CloudEvents in their three forms, and the handshake before them."""

import base64
import json

import pytest
from authentic import DANA, SOURCES, cloud_event, cloudevents
from fake_desk import NOW, SETTINGS
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from config.settings import Secret
from config.sources import CloudeventsSettings, Sources
from service.sources import SOURCES as BY_NAME
from service.sources.source import Part
from workers.offboarding.heard import Unreadable

URL = "/events/cloudevents"
BATCH = "application/cloudevents-batch+json"
ROBIN = {"subjects": [{"format": "email", "email": "robin.park@example.com"}]}
CE = {
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "/hr",
    "ce-type": "user.departed",
}


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def structured(client):
    def posted(**over):
        raw = json.dumps(cloud_event(**over)).encode()
        return client.post(URL, data=raw, headers=cloudevents(raw))

    return posted


@pytest.fixture
def binary(client):
    def posted(data=DANA, type_="application/json", **over):
        changed = {f"ce-{name}": value for name, value in over.items()}
        headers = {k: v for k, v in (CE | changed).items() if v is not None}
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        typed = cloudevents(raw, type_)
        return client.post(URL, data=raw, headers=typed | headers)

    return posted


@pytest.fixture
def batch(client):
    def posted(*elements):
        raw = json.dumps(elements).encode()
        return client.post(URL, data=raw, headers=cloudevents(raw, BATCH))

    return posted


def emails(desk):
    return [one.leaver.email for one in desk.departures]


def test_a_structured_event_says_what_the_generic_body_says(structured, desk):
    data = DANA | {"kind": "deleted", "effective_at": "2026-03-31T17:00:00+02:00"}

    answer = structured(data=data, time="2026-02-16T10:00:00Z", subject="x", ext=1)

    assert answer.status_code == 202
    (heard,) = desk.heard
    assert heard.event_key == "cloudevents:/hr:e-1"
    assert heard.kind == "deleted"
    assert heard.effective_at.isoformat() == "2026-03-31T15:00:00+00:00"
    assert heard.occurred_at.isoformat() == "2026-02-16T10:00:00+00:00"


def test_a_binary_event_says_the_same(binary, desk):
    answer = binary(time="2026-02-16T10:00:00Z")

    assert answer.status_code == 202
    (heard,) = desk.heard
    assert heard.event_key == "cloudevents:/hr:e-1"
    assert heard.occurred_at.isoformat() == "2026-02-16T10:00:00+00:00"
    assert emails(desk) == ["dana.lee@example.com"]


@pytest.mark.parametrize("type_", ["application/json", "application/hr+json"])
def test_any_json_will_do_for_a_binary_event(binary, type_):
    assert binary(type_=f"{type_}; charset=utf-8").status_code == 202


def test_the_headers_of_a_binary_event_are_percent_decoded(binary, desk):
    binary(id="e%201%E2%82%AC", source='"/hr%2Fone\\"s"')

    assert desk.heard[0].event_key.startswith("cloudevents:sha256:")
    binary(id="e%2D1", source='"/hr%2Fone"')
    assert desk.heard[1].event_key == "cloudevents:/hr/one:e-1"


def test_the_type_is_never_cut_or_guessed(structured, desk):
    answer = structured(type="com.example.user.departed")

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["type"]
    assert desk.kept[0][3] is Unreadable.UNKNOWN_SHAPE


def test_one_id_of_two_sources_is_two_events(structured, desk):
    structured(source="/hr", id="e-1")
    structured(source="/payroll", id="e-1", data=ROBIN)

    assert emails(desk) == ["dana.lee@example.com", "robin.park@example.com"]


def test_no_two_pairs_of_source_and_id_share_a_key(structured, desk):
    structured(source="urn:a", id="b:c")
    structured(source="urn:a:b", id="c")
    structured(source="urn:a", id="b%3Ac")

    keys = [one.event_key for one in desk.heard]
    assert keys == [
        "cloudevents:urn:a:b%3Ac",
        "cloudevents:urn:a:b:c",
        "cloudevents:urn:a:b%253Ac",
    ]


def test_data_may_come_in_base64(structured, desk):
    packed = base64.b64encode(json.dumps(DANA).encode()).decode()

    answer = structured(data=None, data_base64=packed)

    assert answer.status_code == 202
    assert emails(desk) == ["dana.lee@example.com"]


@pytest.mark.parametrize(
    "packed", ["", "!", "AAAA", "\u20ac", 5, None, ["e"], "eyJhIjoxLCJhIjoyfQ=="]
)
def test_base64_that_holds_no_strict_object_is_named(client, desk, packed):
    event = cloud_event(data=None) | {"data_base64": packed}
    raw = json.dumps(event).encode()

    answer = client.post(URL, data=raw, headers=cloudevents(raw))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["data_base64"]
    assert desk.heard == []


def test_data_in_both_forms_may_be_two_people(structured, desk):
    packed = base64.b64encode(json.dumps(ROBIN).encode()).decode()

    assert structured(data_base64=packed).status_code == 422
    assert desk.heard == []


@pytest.mark.parametrize("name", ["id", "source", "specversion", "type"])
@pytest.mark.parametrize("value", [None, "", 5, ["a"]])
def test_a_structured_event_without_a_required_attribute_is_malformed(
    structured, desk, name, value
):
    answer = structured(**{name: value})

    assert answer.status_code == 400
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("name", ["id", "source", "specversion", "type"])
@pytest.mark.parametrize("value", [None, "", '""', "\xe9", "%E9", "\u00a0"])
def test_a_binary_event_without_a_usable_attribute_is_malformed(
    binary, desk, name, value
):
    answer = binary(**{name: value})

    assert answer.status_code == 400
    assert desk.heard == []


@pytest.mark.parametrize("version", ["0.3", "1.1", "1", "v1.0"])
def test_another_version_is_malformed(structured, version):
    assert structured(specversion=version).status_code == 400


@pytest.mark.parametrize("time", ["yesterday", "2026-02-16", "", 5, ["a"]])
def test_no_event_is_refused_over_its_time(structured, desk, time):
    answer = structured(time=time)

    assert answer.status_code == 202
    assert desk.heard[0].occurred_at is None


@pytest.mark.parametrize(
    "type_", ["application/cloudevents+xml", "application/cloudevents+avro", "text/xml"]
)
def test_another_format_is_not_taken(binary, type_):
    assert binary(type_=type_).status_code == 415


def test_a_structured_event_sent_as_plain_json_lacks_its_headers(client, desk):
    raw = json.dumps(cloud_event()).encode()
    headers = cloudevents(raw, "application/json")

    assert client.post(URL, data=raw, headers=headers).status_code == 400
    assert desk.heard == []


def test_each_event_of_a_batch_is_heard(batch, desk):
    answer = batch(cloud_event(), cloud_event(id="e-2", data=ROBIN))

    assert answer.status_code == 202
    assert len(answer.json["cases"]) == 2
    assert emails(desk) == ["dana.lee@example.com", "robin.park@example.com"]


def test_an_empty_batch_tells_nothing(batch, desk):
    answer = batch()

    assert (answer.status_code, answer.json) == (202, {"cases": []})


BAD = [
    None,
    5,
    "text",
    [],
    [cloud_event()],
    {},
    cloud_event(id=None),
    cloud_event(specversion="0.3"),
    cloud_event(type="ping"),
    cloud_event(data=None),
    cloud_event(data={"subjects": []}),
    cloud_event(data={"subjects": DANA["subjects"] + ROBIN["subjects"]}),
    cloud_event(data={"subjects": [{"format": "opaque", "id": "unknown"}]}),
    cloud_event(data=DANA | {"effective_at": "2999-01-01T00:00:00Z"}),
    cloud_event(data=None, data_base64="!"),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_event_of_a_batch_is_kept_and_the_others_go_on(batch, desk, bad):
    good = cloud_event(id="e-2", data=ROBIN)

    answer = batch(bad, good)

    assert answer.status_code == 202
    assert emails(desk) == ["robin.park@example.com"]
    assert len(desk.kept) == 1


@pytest.mark.parametrize("bad", BAD)
def test_what_was_kept_of_a_batch_has_one_key_and_reads_the_same_again(
    batch, desk, bad
):
    batch(bad)
    batch(bad)

    (source, key, body, _), again = desk.kept
    assert (source, key) == ("cloudevents", again[1])
    assert body == {"event": bad, "in_batch": True}


def test_a_kept_event_is_read_as_it_would_have_been_once_it_can_be():
    part = Part("cloudevents:/hr:e-1", {"event": cloud_event(), "in_batch": True})

    heard = BY_NAME["cloudevents"].read(part, SETTINGS, NOW)

    assert heard.names.emails == ("dana.lee@example.com",)


def test_an_id_used_for_another_person_loses_only_that_event_of_a_batch(batch, desk):
    batch(cloud_event())

    answer = batch(cloud_event(data=ROBIN), cloud_event(id="e-2", data=ROBIN))

    assert answer.status_code == 202
    assert emails(desk) == ["dana.lee@example.com", "robin.park@example.com"]
    assert [reason for *_, reason in desk.kept] == [Unreadable.KEY_REUSED]


def test_an_event_twice_in_one_batch_has_one_effect(batch, desk):
    answer = batch(cloud_event(), cloud_event())

    assert len(answer.json["cases"]) == 1
    assert len(desk.departures) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"null",
        b"[",
        b"[NaN]",
        b'[{"a": 1, "a": 2}]',
        b'["\xff"]',
        b"[" * 30_000,
        b"[" * 30_000 + b"]" * 30_000,
    ],
)
def test_a_batch_that_is_not_one_strict_list_is_malformed(client, desk, raw):
    answer = client.post(URL, data=raw, headers=cloudevents(raw, BATCH))

    assert answer.status_code == 400
    assert desk.kept == []


@bounded(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    elements=st.lists(
        st.none()
        | st.text(max_size=5)
        | st.dictionaries(
            st.sampled_from(["id", "source", "type", "specversion", "data", "time"]),
            st.none() | st.integers() | st.text(max_size=5) | st.just("user.departed"),
        ),
        max_size=4,
    )
)
def test_no_batch_is_ever_lost(batch, elements):
    assert batch(*elements).status_code == 202


@pytest.fixture
def ask(client):
    def asked(url=URL, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.options(url, headers=named)

    return asked


@pytest.mark.parametrize("origin", ["hr.example.com", "HR.example.com"])
def test_a_listed_origin_may_deliver(ask, desk, origin):
    answer = ask(WebHook_Request_Origin=origin, WebHook_Request_Rate="120")

    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["WebHook-Allowed-Origin"] == origin
    assert answer.headers["WebHook-Allowed-Rate"] == "*"
    assert answer.headers["Allow"] == "POST"
    assert desk.noted == []


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        " ",
        "*",
        "evil.example.org",
        "example.com",
        "sub.hr.example.com",
        "hr.example.com.evil.org",
        "hr.example.com, evil.example.org",
        "https://hr.example.com",
        "\xff",
    ],
)
def test_no_other_origin_is_given_consent(ask, origin):
    given_ = {} if origin is None else {"WebHook_Request_Origin": origin}

    answer = ask(**given_)

    assert answer.status_code == 405
    assert "WebHook-Allowed-Origin" not in answer.headers
    assert "WebHook-Allowed-Rate" not in answer.headers


def test_without_a_list_nobody_is_given_consent(with_settings):
    mine = CloudeventsSettings(secret=(Secret("cloud-new-01"),))
    client = with_settings(sources=Sources(cloudevents=mine))

    answer = client.options(URL, headers={"WebHook-Request-Origin": "hr.example.com"})

    assert answer.status_code == 405


def test_any_origin_may_deliver_only_where_that_is_set(with_settings):
    mine = CloudeventsSettings(secret=(Secret("cloud-new-01"),), origins=("*",))
    client = with_settings(sources=Sources(cloudevents=mine))

    answer = client.options(URL, headers={"WebHook-Request-Origin": "evil.example.org"})

    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "*"
    assert "evil" not in str(answer.headers)


def test_the_callback_is_never_called(ask, monkeypatch):
    """No socket but loopback opens in a test; here not even that one may."""
    calls = []
    monkeypatch.setattr("socket.socket.connect", lambda *_: calls.append(1))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: calls.append(1))

    answer = ask(
        WebHook_Request_Origin="hr.example.com",
        WebHook_Request_Callback="http://127.0.0.1:9/confirm",
    )

    assert answer.status_code == 200
    assert calls == []


def test_the_handshake_proves_nobody(ask, client, desk):
    ask(WebHook_Request_Origin="hr.example.com")

    answer = client.post(
        URL, json=cloud_event(), headers={"WebHook-Request-Origin": "hr.example.com"}
    )

    assert answer.status_code == 401
    assert desk.heard == []


def test_a_sender_whose_secret_is_in_the_path_asks_there(ask):
    good = ask(f"{URL}/cloud-new-01", WebHook_Request_Origin="hr.example.com")
    bad = ask(f"{URL}/cloud-new-02", WebHook_Request_Origin="hr.example.com")

    assert (good.status_code, bad.status_code) == (200, 401)
    assert "WebHook-Allowed-Origin" not in bad.headers


def test_a_source_that_is_off_has_no_handshake(with_settings):
    client = with_settings(sources=Sources())

    answer = client.options(URL, headers={"WebHook-Request-Origin": "hr.example.com"})

    assert answer.status_code == 404
