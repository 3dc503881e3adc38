"""What holds for each HR system, whatever it tells."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW, SETTINGS
from hr_senders import FIXTURES, GOOD, HEADERS, SOURCES, SUCCESS
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from structlog.testing import capture_logs

from service.sources.samples import SAMPLES_OF
from service.sources.samples.sample import Asked

NAMES = sorted(HEADERS)
SIGNED = ["bamboohr", "gusto", "hibob"]
DOOR = "The sender could not be authenticated."
BOUNDED = bounded(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def post(client):
    def posted(name, raw, **headers):
        given = {**HEADERS[name](raw), **headers}
        given = {key: value for key, value in given.items() if value is not None}
        return client.post(f"/events/{name}", data=raw, headers=given)

    return posted


def nothing_came_of_it(desk):
    return desk.heard == desk.hints == desk.kept == []


@pytest.mark.parametrize("name", NAMES)
def test_a_good_delivery_is_taken_in(post, desk, name):
    answer = post(name, GOOD[name])

    assert answer.status_code == SUCCESS[name]
    assert len(desk.heard) + len(desk.hints) == 1
    assert desk.noted == [(name, "delivered", NOW)]


@pytest.mark.parametrize("name", NAMES)
def test_a_repeat_has_the_same_key_and_the_same_answer(post, desk, name):
    answers = [post(name, GOOD[name]), post(name, GOOD[name])]

    keys = [one.event_key for one in desk.heard]
    keys += [hint.event_key for hint, _ in desk.hints]
    assert [one.status_code for one in answers] == [SUCCESS[name]] * 2
    assert answers[0].json == answers[1].json
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert keys[0].startswith(f"{name}:")


@pytest.mark.parametrize("name", NAMES)
def test_both_secrets_hold_while_one_replaces_the_other(post, name):
    new = SOURCES.of(name).secret[0].reveal()

    answer = post(name, GOOD[name], **HEADERS[name](GOOD[name], new))

    assert answer.status_code == SUCCESS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_secret_that_holds_no_more_is_refused(post, desk, name):
    wrong = HEADERS[name](GOOD[name], "some-other-secret")

    answer = post(name, GOOD[name], **wrong)

    assert (answer.status_code, answer.json["detail"]) == (401, DOOR)
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("name", SIGNED)
def test_a_byte_that_changed_on_the_way_is_found(post, desk, name):
    signed = HEADERS[name](GOOD[name])

    answer = post(name, GOOD[name] + b" ", **signed)

    assert (answer.status_code, answer.json["detail"]) == (401, DOOR)
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer \xff\xe9"},
        {"X-BambooHR-Signature": "0" * 64},
        {"X-BambooHR-Timestamp": "1771236131"},
        {"X-BambooHR-Signature": "\xff" * 64, "X-BambooHR-Timestamp": "\xe9"},
        {"X-BambooHR-Signature": "0" * 64, "X-BambooHR-Timestamp": "1" * 9000},
        {"Bob-Signature": "AAAA"},
        {"Bob-Signature": "\xff" * 88},
        {"X-Gusto-Signature": ""},
        {"X-Gusto-Signature": "sha256=" + "0" * 64},
        {"X-Gusto-Signature": "\xff" * 64},
    ],
)
def test_who_proves_nothing_gets_one_fixed_answer(client, desk, name, junk):
    headers = {"Content-Type": "application/json"} | junk

    answer = client.post(f"/events/{name}", data=GOOD[name], headers=headers)

    assert (answer.status_code, answer.json["detail"]) == (401, DOOR)
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "type_",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None],
)
def test_only_json_is_taken(post, desk, name, type_):
    answer = post(name, GOOD[name], **{"Content-Type": type_})

    assert answer.status_code == 415
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_what_is_no_strict_json_object_is_malformed(post, desk, name, raw):
    answer = post(name, raw)

    assert answer.status_code == 400
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_cut_short_is_malformed(post, desk, name):
    answer = post(name, GOOD[name].rstrip()[:-1])

    assert answer.status_code == 400
    assert nothing_came_of_it(desk)


@pytest.mark.parametrize("depth", range(180, 1000, 20))
@pytest.mark.parametrize("name", NAMES)
def test_no_depth_of_nesting_is_a_fault_of_ours(post, name, depth):
    inner = b'{"x":' * depth + b"1" + b"}" * depth
    raw = GOOD[name].rstrip()[:-1] + b', "more": ' + inner + b"}"

    assert post(name, raw).status_code in (SUCCESS[name], 400)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_may_have_a_mebibyte_and_no_more(post, desk, name):
    answer = post(name, GOOD[name].ljust(1024 * 1024 + 1))

    assert answer.status_code == 413
    assert nothing_came_of_it(desk)
    assert post(name, GOOD[name].ljust(1024 * 1024)).status_code == SUCCESS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_source_without_a_secret_does_not_exist(client, with_settings, name):
    off = replace(SOURCES, **{name: replace(SOURCES.of(name), secret=())})

    answer = with_settings(sources=off).post(f"/events/{name}", data=GOOD[name])

    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["bamboohr", "hibob"])
def test_who_signs_may_not_put_a_secret_into_the_path(client, name):
    secret = SOURCES.of(name).secret[0].reveal()

    answer = client.post(f"/events/{name}/{secret}", json={})

    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["gusto", "personio"])
def test_a_secret_in_the_path_lets_a_delivery_in_and_is_in_no_log(client, desk, name):
    secret = SOURCES.of(name).secret[0].reveal()

    with capture_logs() as logs:
        answer = client.post(
            f"/events/{name}/{secret}", data=GOOD[name], content_type="application/json"
        )

    assert answer.status_code == 202
    assert len(desk.hints) == 1
    assert secret not in str(logs)


@pytest.mark.parametrize("name", ["gusto", "personio"])
def test_a_wrong_secret_in_the_path_is_refused_and_in_no_log(client, desk, name):
    signed = HEADERS[name](GOOD[name])

    with capture_logs() as logs:
        answer = client.post(
            f"/events/{name}/guessed-secret", data=GOOD[name], headers=signed
        )

    assert (answer.status_code, answer.json["detail"]) == (401, DOOR)
    assert nothing_came_of_it(desk)
    assert "guessed-secret" not in str(logs)


@pytest.mark.parametrize("name", NAMES)
def test_no_log_holds_a_person_or_a_payload(post, name):
    with capture_logs() as logs:
        post(name, GOOD[name])

    assert "dana" not in str(logs)
    assert "employeeNumber" not in str(logs)


@pytest.mark.parametrize("name", NAMES)
@BOUNDED
@given(raw=st.binary(max_size=200))
def test_no_bytes_bring_the_door_down(post, name, raw):
    assert post(name, raw).status_code < 500


_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0000-00-00", "2026-13-45", "9999-12-31", "a@b", "x" * 300])
    | st.text(max_size=12)
)
_JUNK = st.recursive(
    _LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner)
    ),
    max_leaves=6,
)


def _paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))


def _replaced(value, path, junk):
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(copy[path[0]], path[1:], junk)
    return copy


@pytest.mark.parametrize("name", NAMES)
@BOUNDED
@given(drawn=st.data())
def test_no_mutated_sample_brings_the_door_down(post, name, drawn):
    sample = json.loads(GOOD[name])
    path = drawn.draw(st.sampled_from(list(_paths(sample))))
    body = _replaced(sample, path, drawn.draw(_JUNK))

    answer = post(name, json.dumps(body).encode())

    assert answer.status_code in (SUCCESS[name], 400)


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, one.kind) for name in NAMES for one in SAMPLES_OF[name]],
)
@pytest.mark.parametrize("user", ["dana.lee@example.com", "IBMid-550000ABCD"])
def test_each_sample_is_taken_in_when_it_is_played(client, desk, name, kind, user):
    (sample,) = (one for one in SAMPLES_OF[name] if one.kind == kind)
    asked = Asked(user, NOW, replace(SETTINGS, sources=SOURCES))

    answers = [
        client.open(one.path, method=one.method, data=one.body, headers=one.headers)
        for one in sample.make(asked)
    ]

    assert {one.status_code for one in answers} <= {SUCCESS[name], 200}
    did = bool(desk.heard or desk.hints)
    assert did is not sample.leads_to.startswith("nothing")


@pytest.mark.parametrize("name", NAMES)
def test_two_plays_are_two_events(client, desk, name):
    sample = SAMPLES_OF[name][0]
    for later in (NOW, NOW + timedelta(milliseconds=1)):
        asked = Asked("dana.lee@example.com", later, replace(SETTINGS, sources=SOURCES))
        for one in sample.make(asked):
            client.post(one.path, data=one.body, headers=one.headers)

    keys = [one.event_key for one in desk.heard]
    keys += [hint.event_key for hint, _ in desk.hints]
    assert len(set(keys)) == 2


def test_the_published_samples_are_all_used():
    used = {
        "bamboohr": {"bamboohr-status-terminated.json", "bamboohr-field-based.json"},
        "gusto": {"gusto-termination-cancelled.json"},
        "personio": {"personio-envelope.schema.json"},
    }

    for name, files in used.items():
        assert {one.name for one in (FIXTURES / name).iterdir()} == files
