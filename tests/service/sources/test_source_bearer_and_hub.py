"""The two sources whose generic body carries its own id."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from authentic import DANA, FIXTURES, GOOD, HEADERS, SOURCES, bearer, generic, hub
from fake_desk import NOW, SETTINGS

from service.sources import SOURCES as BY_NAME
from service.sources.source import Part
from workers.offboarding.heard import Unreadable
from workers.offboarding.model import Leaver

JSON = {"Content-Type": "application/json"}
BOTH = pytest.mark.parametrize("name", ["bearer", "hub"])


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def post(client):
    def posted(name, body):
        raw = json.dumps(body).encode()
        return client.post(f"/events/{name}", data=raw, headers=HEADERS[name](raw))

    return posted


@BOTH
@pytest.mark.parametrize(
    "id_", [None, "", " ", 5, True, ["e-1"], {"id": "e"}, "x" * 256, "a\nb"]
)
def test_without_an_id_a_body_is_refused_by_field_and_kept(post, desk, name, id_):
    answer = post(name, generic(id=id_))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["id"]
    assert desk.heard == []
    ((source, key, body, reason),) = desk.kept
    assert (source, reason) == (name, Unreadable.UNKNOWN_SHAPE)
    assert key.startswith(f"{name}:sha256:")
    assert body == generic(id=id_)


@BOTH
def test_what_is_kept_without_an_id_has_the_same_key_in_a_repeat(post, desk, name):
    body = generic()
    del body["id"]

    post(name, body)
    post(name, body)
    post(name, body | {"type": "user.reactivated"})

    keys = [key for _, key, _, _ in desk.kept]
    assert keys[0] == keys[1] != keys[2]


@BOTH
def test_a_long_id_still_makes_one_key(post, desk, name):
    answer = post(name, generic(id="ü" * 255))

    assert answer.status_code == 202
    digest = "07c039a7911284cf28b0652c67c7df83c6690f141ff0876f921336b82b956e4a"
    assert desk.heard[0].event_key == f"{name}:sha256:{digest}"


@BOTH
def test_a_replay_has_no_second_effect(post, desk, name):
    answers = [post(name, generic()) for _ in range(3)]

    assert {one.status_code for one in answers} == {202}
    assert len(desk.departures) == 1


@BOTH
def test_an_id_of_another_person_is_a_conflict(post, desk, name):
    robin = {"subjects": [{"format": "email", "email": "robin.park@example.com"}]}
    post(name, generic())

    answer = post(name, generic(data=robin))

    assert answer.status_code == 409
    assert answer.json["reason"] == "event_key"
    assert len(desk.departures) == 1


@BOTH
@pytest.mark.parametrize("type_", ["user.departure_cancelled", "user.reactivated"])
def test_a_departure_may_be_taken_back(post, desk, name, type_):
    post(name, generic())

    answer = post(name, generic(id="e-2", type=type_))

    assert answer.status_code == 202
    assert desk.withdrawals[0].leaver.email == "dana.lee@example.com"


@BOTH
def test_a_suspension_acts_on_nobody(post, desk, name):
    answer = post(name, generic(type="user.suspended"))

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert (desk.heard, desk.kept) == ([], [])


@BOTH
@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"type": "ping"}, "type"),
        ({"type": "user.created"}, "type"),
        ({"data": {}}, "data.subjects"),
        ({"data": DANA | {"kind": "suspended"}}, "data.kind"),
        ({"data": DANA | {"effective_at": "2026-03-31"}}, "data.effective_at"),
    ],
)
def test_what_says_nothing_is_named_and_kept(post, desk, name, over, path):
    answer = post(name, generic(**over))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [path]
    assert [(source, key) for source, key, _, _ in desk.kept] == [(name, f"{name}:e-1")]


@BOTH
def test_what_was_kept_reads_the_same_when_it_is_replayed(post, desk, name):
    part = Part(f"{name}:e-1", generic())

    heard = BY_NAME[name].read(part, SETTINGS, NOW + timedelta(days=3))

    assert heard.event_key == f"{name}:e-1"
    assert heard.names.emails == ("dana.lee@example.com",)


def test_an_id_that_identity_maps_know_reaches_the_desk_with_its_source(post, desk):
    people = {"subjects": [{"format": "employee_number", "value": "E-157"}]}

    answer = post("bearer", generic(data=people))

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert desk.heard[0].names.numbers == ("E-157",)
    assert desk.kept[0][3] is Unreadable.UNKNOWN_PERSON


@pytest.mark.parametrize("token", ["bearer-new-1", "bearer-old-1"])
def test_either_of_two_active_tokens_will_do(client, token):
    raw = GOOD["bearer"]

    answer = client.post("/events/bearer", data=raw, headers=bearer(raw, token))

    assert answer.status_code == 202


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(client, scheme):
    headers = {"Authorization": f"{scheme} bearer-new-1"}

    answer = client.post("/events/bearer", data=GOOD["bearer"], headers=headers | JSON)

    assert answer.status_code == 202


@pytest.mark.parametrize("key", ["hub-demo-secret", "hub-old-secret"])
def test_either_of_two_active_keys_will_do(client, key):
    raw = GOOD["hub"]

    answer = client.post("/events/hub", data=raw, headers=hub(raw, key))

    assert answer.status_code == 202


def test_the_published_sample_is_named_by_its_bytes_and_its_time(client, desk):
    raw = (FIXTURES / "standard" / "generic-scheduled-departure.json").read_bytes()
    digest = "1cd6f643f24d60c3706c5c66c1f5acdaad6cedd6f0fd3b80c6984f67447afe31"
    headers = JSON | {"X-Hub-Signature-256": f"sha256={digest}"}

    first = client.post("/events/hub", data=raw, headers=headers)
    again = client.post("/events/hub", data=raw, headers=headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    (departure,) = desk.departures
    assert departure.leaver == Leaver("dana.lee@example.com")
    assert departure.effective_at == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert departure.event_key.startswith("hub:sha256:")


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.removeprefix("sha256="),
        lambda text: text.replace("sha256=", "sha256:"),
        lambda text: text.replace("sha256=", "sha1="),
        lambda text: text.replace("sha256=", "SHA256="),
        lambda text: "sha256=" + text[7:].upper(),
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "," + text,
    ],
)
def test_a_signature_of_another_form_proves_nothing(client, desk, change):
    raw = GOOD["hub"]
    signed = change(hub(raw)["X-Hub-Signature-256"])

    answer = client.post(
        "/events/hub", data=raw, headers=JSON | {"X-Hub-Signature-256": signed}
    )

    assert answer.status_code == 401
    assert desk.heard == []


def test_sha_1_proves_nothing_and_harms_nothing_beside_sha_256(client):
    raw = GOOD["hub"]
    sha_1 = hmac.new(b"hub-demo-secret", raw, hashlib.sha1).hexdigest()
    old = {"X-Hub-Signature": f"sha1={sha_1}"}

    alone = client.post("/events/hub", data=raw, headers=JSON | old)
    beside = client.post("/events/hub", data=raw, headers=hub(raw) | old)

    assert (alone.status_code, beside.status_code) == (401, 202)


def test_a_changed_body_is_not_authentic(client, desk):
    raw = GOOD["hub"]

    answer = client.post("/events/hub", data=raw + b"\n", headers=hub(raw))

    assert answer.status_code == 401
    assert desk.heard == []
