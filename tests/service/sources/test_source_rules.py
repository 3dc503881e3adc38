"""What holds for each source that takes a body of our own, or one forwarded whole."""

import json

import pytest
from authentic import GOOD, HEADERS, LEAVER, SOURCES
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from structlog.testing import capture_logs

NAMES = sorted(HEADERS)
SMALL = ["bearer", "cloudevents", "hub", "standard"]
DOOR = "The sender could not be authenticated."
TOKENS = ["bearer-new-1", "hub-demo-secret", "cloud-new-01", "entra-new-01"]


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def post(client):
    def posted(name, raw, **headers):
        signed = HEADERS[name](raw) | headers
        given = {key: value for key, value in signed.items() if value is not None}
        return client.post(f"/events/{name}", data=raw, headers=given)

    return posted


@pytest.mark.parametrize("name", NAMES)
def test_a_delivery_opens_a_case_and_a_repeat_answers_the_same(post, desk, name):
    first = post(name, GOOD[name])
    again = post(name, GOOD[name])

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json == {"cases": ["01KHJ2V0W8Q3RZ5T7X9YABC000"]}
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


@pytest.mark.parametrize("name", NAMES)
def test_the_event_key_begins_with_the_sources_name(post, desk, name):
    post(name, GOOD[name])

    assert desk.heard[0].event_key == {
        "standard": "standard:e-1",
        "bearer": "bearer:e-1",
        "hub": "hub:e-1",
        "cloudevents": "cloudevents:/hr:e-1",
        "entra_workflow": "entra_workflow:3e1f5d7c-7a0d-4b1a-8f0c-5c6f0c6e1d04",
    }.get(name)
    assert desk.heard[0].authn == {
        "standard": "hmac",
        "hub": "hmac",
    }.get(name, "bearer")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "bearer-new-1"},
        {"Authorization": "Bearer \xff\xfe\xe9"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "\xff" * 71},
        {"webhook-id": "\xe9", "webhook-timestamp": "1", "webhook-signature": ","},
        {"Cookie": "session=bearer-new-1"},
    ],
)
def test_who_proves_nothing_gets_one_fixed_answer(client, desk, name, junk):
    headers = {"Content-Type": "application/json"} | junk

    answer = client.post(f"/events/{name}", data=GOOD[name], headers=headers)

    assert answer.status_code == 401
    assert answer.json["detail"] == DOOR
    assert "errors" not in answer.json
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("name", ["bearer", "cloudevents", "entra_workflow"])
def test_a_missing_or_wrong_token_is_answered_with_its_challenge(post, name):
    missing = post(name, GOOD[name], Authorization=None)
    wrong = post(name, GOOD[name], Authorization="Bearer another-token")

    assert (missing.status_code, wrong.status_code) == (401, 401)
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", NAMES)
def test_a_token_in_the_query_proves_nothing(client, name):
    query = "?access_token=cloud-new-01&token=bearer-new-1"

    answer = client.post(f"/events/{name}{query}", json=json.loads(GOOD[name]))

    assert answer.status_code == 401


@pytest.mark.parametrize("name", NAMES)
def test_the_sender_is_proven_before_the_body_is_looked_at(client, name):
    answer = client.post(f"/events/{name}", data=b"{", content_type="application/json")

    assert answer.status_code == 401


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b'"text"',
        b"[]",
        b'{"id": "e-1", "id": "e-2"}',
        b'{"id": "e-1", "data": {"a": 1, "a": 2}}',
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'{"id": 1e999}',
        b'{"id": "\\ud800"}',
        b'{"id": "\xff"}',
        b"{} {}",
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_an_authentic_body_that_is_not_one_strict_object_is_malformed(
    post, desk, name, raw
):
    answer = post(name, raw)

    assert answer.status_code == 400
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_was_cut_off_is_malformed_or_not_authentic(post, desk, name):
    whole = GOOD[name].rstrip()

    answers = [post(name, whole[:size]) for size in range(1, len(whole), 7)]

    assert {one.status_code for one in answers} == {400}
    assert desk.heard == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "junk"],
)
def test_a_body_of_another_type_is_not_taken(post, desk, name, media_type):
    answer = post(name, GOOD[name], **{"Content-Type": media_type})

    assert answer.status_code == 415
    assert desk.heard == []


@pytest.mark.parametrize("name", SMALL)
def test_a_body_may_have_64_kib(post, name):
    body = json.loads(GOOD[name]) | {"more": ""}
    body["more"] = "x" * (65_536 - len(json.dumps(body)))

    fits = post(name, json.dumps(body).encode())
    body["more"] += "x"
    larger = post(name, json.dumps(body).encode())

    assert (fits.status_code, larger.status_code) == (202, 413)


def test_what_entra_forwards_may_have_a_mebibyte(post):
    body = json.loads(LEAVER) | {"more": ""}
    body["more"] = "x" * (1_048_576 - len(json.dumps(body)))

    fits = post("entra_workflow", json.dumps(body).encode())
    body["more"] += "x"
    larger = post("entra_workflow", json.dumps(body).encode())

    assert (fits.status_code, larger.status_code) == (202, 413)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_of_unknown_length_is_not_taken(post, name):
    answer = post(name, GOOD[name], **{"Transfer-Encoding": "chunked"})

    assert answer.status_code == 411


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_another_method_is_not_taken(client, name, method):
    answer = client.open(f"/events/{name}", method=method)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("name", ["bearer", "hub", "entra_workflow", "standard"])
def test_nobody_else_has_a_handshake(client, name):
    headers = {"WebHook-Request-Origin": "hr.example.com"}

    answer = client.options(f"/events/{name}", headers=headers)

    assert answer.status_code == 405
    assert "WebHook-Allowed-Origin" not in answer.headers


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_acknowledged_while_the_store_is_away(post, desk, name):
    desk.away = True

    answer = post(name, GOOD[name])

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("name", ["bearer", "cloudevents", "entra_workflow"])
def test_a_secret_may_stand_in_the_path_and_is_never_logged(client, desk, name):
    secret = SOURCES.of(name).secret[0].reveal()
    headers = HEADERS[name](b"") | {"Authorization": ""}

    with capture_logs() as logs:
        good = client.post(f"/events/{name}/{secret}", data=GOOD[name], headers=headers)
        bad = client.post(f"/events/{name}/{secret}x", data=GOOD[name], headers=headers)

    assert (good.status_code, bad.status_code) == (202, 401)
    assert bad.json["detail"] == DOOR
    assert {one.get("route") for one in logs if "route" in one} == {
        "/events/<source>/<secret>"
    }
    assert secret not in str(logs)
    assert secret not in bad.text


@pytest.mark.parametrize("name", ["bearer", "cloudevents", "entra_workflow"])
def test_a_good_header_does_not_mend_a_wrong_path(client, name):
    headers = HEADERS[name](b"")

    answer = client.post(f"/events/{name}/wrong", data=GOOD[name], headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["hub", "standard"])
def test_who_signs_has_no_secret_in_the_path(client, name):
    answer = client.post(f"/events/{name}/hub-demo-secret", data=GOOD[name])

    assert answer.status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_no_log_holds_a_secret_or_what_was_sent(post, name):
    with capture_logs() as logs:
        post(name, GOOD[name])
        post(name, b'{"id": "e-9", "note": "dana.lee@example.com"}')
        post(name, GOOD[name] + b" ", Authorization="Bearer wrong-token-1")

    said = str(logs)
    assert not [one for one in (*TOKENS, "wrong-token-1") if one in said]
    assert "dana.lee" not in said


LATIN = st.binary(max_size=60).map(
    lambda text: text.decode("latin-1").replace("\n", "").replace("\r", "")
)
HEADER_NAMES = [
    "Authorization",
    "Content-Type",
    "X-Hub-Signature-256",
    "X-Hub-Signature",
    "ce-id",
    "ce-source",
    "ce-specversion",
    "ce-type",
    "ce-time",
    "WebHook-Request-Origin",
    "Transfer-Encoding",
    "Content-Length",
    "Cookie",
]
BOUNDED = bounded(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", NAMES)
@BOUNDED
@given(headers=st.dictionaries(st.sampled_from(HEADER_NAMES), LATIN), raw=st.binary())
def test_no_bytes_from_anybody_break_it(client, name, headers, raw):
    answer = client.post(f"/events/{name}", data=raw, headers=headers)

    assert answer.status_code in {400, 401, 411, 413, 415}


@pytest.mark.parametrize("name", NAMES)
@BOUNDED
@given(raw=st.binary(max_size=300))
def test_no_bytes_from_an_authentic_sender_break_it(post, name, raw):
    assert post(name, raw).status_code in {202, 400, 422}


PLACES = st.lists(st.integers(0, 6), min_size=1, max_size=5)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


def _changed(value, places, junk):
    """Put *junk* somewhere into *value*, as deep as *places* lead."""
    if not places or not isinstance(value, dict | list) or not value:
        return junk
    names = sorted(value) if isinstance(value, dict) else range(len(value))
    name = list(names)[places[0] % len(value)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[name] = _changed(value[name], places[1:], junk)
    return copy


@pytest.mark.parametrize("name", NAMES)
@BOUNDED
@given(places=PLACES, junk=JUNK)
def test_no_sample_with_something_else_in_it_breaks_it(post, name, places, junk):
    raw = json.dumps(_changed(json.loads(GOOD[name]), places, junk)).encode()

    # 409: the id stayed, and the person is another.
    assert post(name, raw).status_code in {202, 400, 409, 422}
