"""Microsoft Graph's notifications: proven by clientState, each element for itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_desk import NOW, SETTINGS, FakeDesk
from hypothesis import HealthCheck, given
from hypothesis import settings as fuzzed
from hypothesis import strategies as st
from structlog.testing import capture_logs

from config.settings import Secret
from config.sources import EntraGraphSettings, Sources
from service.app import create_app
from service.sources.entra_graph import EntraGraph
from service.sources.samples.entra_graph import SAMPLES
from service.sources.samples.sample import Asked
from service.sources.source import Part
from workers.offboarding.heard import Hint, Unreadable

FIXTURES = Path(__file__).parents[2] / "fixtures" / "entra_graph"
SECRET, OLD = "cs-demo-9f3b7c", "cs-demo-old-11"
TENANT = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION = "0b2f5a0e-3c55-4f0b-9f43-77c1b0f3aa10"
OBJECT_ID = "6f1d3c52-8a44-4a7e-9a51-2f7f8a1f0c01"
KEY = f"entra_graph:{SUBSCRIPTION}:{OBJECT_ID}:639080001234567890"
PATH = "/events/entra_graph"


def settings_of(**changed):
    mine = {
        "secret": (Secret(SECRET), Secret(OLD)),
        "tenant_id": TENANT,
        "subscription_ids": (SUBSCRIPTION,),
        "client_id": "app-1",
        **changed,
    }
    return replace(SETTINGS, sources=Sources(entra_graph=EntraGraphSettings(**mine)))


@pytest.fixture
def settings():
    return settings_of()


@pytest.fixture
def desk():
    return FakeDesk()


@pytest.fixture
def client(an_app, desk, settings):
    return an_app(settings, desk, lambda: NOW).test_client()


def sample():
    return json.loads((FIXTURES / "entra-graph-user-updated.json").read_text())


def element(**changed):
    found = {**sample()["value"][0], **changed}
    return {name: one for name, one in found.items() if one is not ...}


def resource(**changed):
    found = {**sample()["value"][0]["resourceData"], **changed}
    return {name: one for name, one in found.items() if one is not ...}


@pytest.fixture
def post(client):
    def posted(*elements, path=PATH, **more):
        return client.post(path, json={"value": list(elements)}, **more)

    return posted


def test_the_sample_leads_to_a_look_up_and_to_no_departure(client, desk):
    raw = (FIXTURES / "entra-graph-user-updated.json").read_bytes()

    answer = client.post(PATH, data=raw, content_type="application/json")

    assert answer.status_code == 202
    ((hint, body),) = desk.hints
    assert hint == Hint("entra_graph", KEY, "updated", OBJECT_ID)
    assert body["resource"] == f"Users/{OBJECT_ID}"
    assert (desk.departures, desk.kept) == ([], [])


def test_the_client_state_is_kept_nowhere(post, desk):
    with capture_logs() as logs:
        post(element(), element(resourceData={"@odata.type": "#Microsoft.Graph.User"}))

    assert SECRET not in repr((desk.hints, desk.kept, logs))
    assert desk.hints[0][1]["subscriptionId"] == SUBSCRIPTION


def test_a_repeat_has_the_same_key(post, desk):
    post(element())
    post(element())

    assert [hint.event_key for hint, _ in desk.hints] == [KEY, KEY]


def test_another_change_of_the_same_user_has_another_key(post, desk):
    post(element(), element(resourceData=resource(sequenceNumber=7)))

    assert len({hint.event_key for hint, _ in desk.hints}) == 2


def test_the_notification_s_own_id_is_its_key(post, desk):
    post(element(id="lsgTZMr9KwAAA"))

    (hint, _) = desk.hints[0]
    assert hint.event_key == f"entra_graph:{SUBSCRIPTION}:lsgTZMr9KwAAA"


def test_what_nothing_tells_apart_is_an_event_of_its_own_each_time(desk, settings):
    one = element(resourceData=resource(sequenceNumber=...))
    for second in (0, 1):
        at = NOW.replace(second=second)
        app = create_app(settings, desk, clock=lambda at=at: at)
        app.test_client().post(PATH, json={"value": [one]})

    first, second = (hint.event_key for hint, _ in desk.hints)
    assert first != second


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_both_active_secrets_hold(post, desk, secret):
    assert post(element(clientState=secret)).status_code == 202
    assert len(desk.hints) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"clientState": "cs-demo-9f3b7d"},
        {"clientState": ""},
        {"clientState": None},
        {"clientState": ...},
        {"clientState": [SECRET]},
        {"clientState": {"a": SECRET}},
        {"clientState": True},
        {"clientState": SECRET + "\u20ac"},
        {"clientState": SECRET + " "},
        {"tenantId": "22222222-2222-4333-8444-555555555555"},
        {"tenantId": ...},
        {"tenantId": ""},
        {"tenantId": 5},
        {"subscriptionId": "another"},
        {"subscriptionId": ...},
        {"subscriptionId": None},
    ],
)
def test_an_element_that_is_not_proven_is_refused(post, desk, changed):
    answer = post(element(**changed))

    assert answer.status_code == 401
    assert answer.json["detail"] == "The sender could not be authenticated."
    assert (desk.hints, desk.kept) == ([], [])
    assert desk.noted == [("entra_graph", "client_state", NOW)]


def test_a_service_without_a_tenant_proves_nobody(desk):
    app = create_app(settings_of(tenant_id=None), desk, clock=lambda: NOW)
    one = element(tenantId="")

    answer = app.test_client().post(PATH, json={"value": [one]})

    assert answer.status_code == 401


@pytest.mark.parametrize("value", [[], [5], ["x"], [None], [[]], [{}]])
def test_a_list_that_proves_nothing_is_refused(post, client, desk, value):
    answer = client.post(PATH, json={"value": value})

    assert answer.status_code == 401
    assert desk.hints == []


def test_ids_are_compared_whatever_their_case(post, desk):
    one = element(subscriptionId=SUBSCRIPTION.upper(), tenantId=TENANT.upper())

    assert post(one).status_code == 202
    assert desk.hints[0][0].event_key == KEY


def test_some_that_are_not_proven_are_left_out_and_told(post, desk):
    with capture_logs() as logs:
        answer = post(element(clientState="forged-state"), element(), 5)

    assert answer.status_code == 202
    assert len(desk.hints) == 1
    assert {"event": "event.left_out", "count": 2, "log_level": "warning"} in logs
    assert "forged-state" not in repr(logs)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"{}",
        b'{"value": null}',
        b'{"value": {}}',
        b'{"value": "x"}',
        b'{"value": [], "value": []}',
        b'{"value": [NaN]}',
        b'{"value": [1e999]}',
        b'{"value": [Infinity]}',
        b'{"value": ["\xff"]}',
        b'{"value": ["\\ud800"]}',
        b'{"value": ' + b"[" * 200_000,
        b'{"value": [' + b"9" * 5000 + b"]}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_body_of_another_form_is_malformed(client, desk, raw):
    answer = client.post(PATH, data=raw, content_type="application/json")

    assert answer.status_code == 400
    assert (desk.hints, desk.kept) == ([], [])


def test_a_truncated_delivery_is_malformed(client, desk):
    raw = (FIXTURES / "entra-graph-user-updated.json").read_bytes()

    answers = {
        client.post(PATH, data=raw[:cut], content_type="application/json").status_code
        for cut in range(1, len(raw) - 2, 37)
    }

    assert answers == {400}


def test_a_body_that_is_too_large_is_refused_unread(client, desk):
    raw = b'{"value": [' + b" " * 1024 * 1024 + b"]}"

    answer = client.post(PATH, data=raw, content_type="application/json")

    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "", "application/xml"])
def test_another_type_is_refused(client, desk, kind):
    raw = (FIXTURES / "entra-graph-user-updated.json").read_bytes()

    assert client.post(PATH, data=raw, content_type=kind).status_code == 415
    assert desk.hints == []


def test_it_is_not_there_without_a_secret(desk):
    app = create_app(settings_of(secret=()), desk, clock=lambda: NOW)

    assert app.test_client().post(f"{PATH}?validationToken=a").status_code == 404


def test_junk_in_headers_changes_nothing(post, desk):
    junk = {"Authorization": "\xff\x00\x01".encode().hex() * 200, "X-Odd": "\u00ff"}

    assert post(element(), headers=junk).status_code == 202


# --- what is read ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["#microsoft.graph.user", "#MICROSOFT.GRAPH.USER"])
@pytest.mark.parametrize("change", ["updated", "deleted", "Deleted"])
def test_names_of_types_and_changes_have_any_case(post, desk, kind, change):
    post(element(changeType=change, resourceData=resource(**{"@odata.type": kind})))

    ((hint, _),) = desk.hints
    assert (hint.native_type, hint.subject) == (change.lower(), OBJECT_ID)


def test_without_resource_data_the_path_names_the_user(post, desk):
    post(element(resourceData=..., resource=f"users/{OBJECT_ID}"))

    assert desk.hints[0][0].subject == OBJECT_ID


def test_the_published_delivery_of_a_soft_delete_is_looked_up(post, desk):
    text = (FIXTURES / "graph-user-soft-delete.published.txt").read_text()
    filled = text.replace("null", f'"{SECRET}"').replace("{user-id}", OBJECT_ID)
    filled = filled.replace('"sequenceNumber": hidden', '"sequenceNumber": 1')
    filled = filled.replace(
        '"subscriptionId": "hidden"', f'"subscriptionId": "{SUBSCRIPTION}"'
    )
    one = json.loads(filled.replace('"hidden"', f'"{TENANT}"'))

    assert post(*one["value"]).status_code == 202
    assert desk.hints[0][0].subject == OBJECT_ID


def test_the_published_event_of_a_mail_is_ignored(post, desk):
    text = (FIXTURES / "graph-change-notification-message.json").read_text()
    (one,) = json.loads(text)["value"]
    one |= {"clientState": SECRET, "tenantId": TENANT, "subscriptionId": SUBSCRIPTION}

    with capture_logs() as logs:
        answer = post(one)

    assert answer.status_code == 202
    assert (desk.hints, desk.kept) == ([], [])
    assert {
        "event": "event.ignored",
        "reason": "not_a_user",
        "log_level": "info",
    } in logs


@pytest.mark.parametrize(
    "changed",
    [
        {"changeType": "created"},
        {"changeType": ""},
        {"changeType": ...},
        {"changeType": 5},
        {"resourceData": resource(**{"@odata.type": "#Microsoft.Graph.Group"})},
        {"resourceData": resource(**{"@odata.type": "#Microsoft.Graph.UserX"})},
        {"resourceData": ..., "resource": f"groups/{OBJECT_ID}"},
        {"resourceData": ..., "resource": f"Users/{OBJECT_ID}/messages/1"},
        {"resourceData": ..., "resource": ...},
        {"resourceData": []},
        {"lifecycleEvent": "somethingNew"},
        {"lifecycleEvent": 5},
    ],
)
def test_what_says_nothing_of_a_leaver_is_ignored(post, desk, changed):
    changed.setdefault("resource", f"Groups/{OBJECT_ID}")
    answer = post(element(**changed))

    assert answer.status_code == 202
    assert (desk.hints, desk.kept, desk.heard) == ([], [], [])


@pytest.mark.parametrize(
    "told", ["reauthorizationRequired", "subscriptionRemoved", "missed"]
)
def test_the_published_lifecycle_event_goes_to_a_worker(post, desk, told):
    text = (FIXTURES / "graph-lifecycle-notification.json").read_text()
    (one,) = json.loads(text)["value"]
    one |= {"clientState": SECRET, "tenantId": TENANT, "subscriptionId": SUBSCRIPTION}

    answer = post({**one, "lifecycleEvent": told})

    assert answer.status_code == 202
    ((hint, _),) = desk.hints
    assert (hint.native_type, hint.subject) == ("lifecycle", SUBSCRIPTION)
    assert hint.more == {"lifecycle_event": told}


@pytest.mark.parametrize(
    "data",
    [
        resource(id="../../subscriptions"),
        resource(id="{user-id}"),
        resource(id="x" * 65),
        resource(id="a\nb"),
        resource(id=5),
        resource(id=...),
    ],
)
def test_one_that_names_nobody_is_kept_and_the_others_go_on(post, desk, data):
    answer = post(element(), element(resourceData=data, resource="Users/"))

    assert answer.status_code == 202
    assert [hint.subject for hint, _ in desk.hints] == [OBJECT_ID]
    ((source, key, body, reason),) = desk.kept
    assert (source, reason) == ("entra_graph", Unreadable.NO_PERSON)
    assert key.startswith("entra_graph:")
    assert "clientState" not in body


def test_what_was_kept_reads_the_same_when_it_is_replayed(settings):
    body = element(clientState=...)

    event = EntraGraph().read(Part("entra_graph:k", body), settings, NOW)

    assert event == Hint("entra_graph", "entra_graph:k", "updated", OBJECT_ID)


def test_what_the_sweep_kept_reads_as_an_event(settings):
    body = {
        "changeType": "updated",
        "resource": "Users/o-1",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": "o-1"},
    }

    event = EntraGraph().read(Part("entra_graph:delta:x:o-1", body), settings, NOW)

    assert event == Hint("entra_graph", "entra_graph:delta:x:o-1", "updated", "o-1")


# --- the handshake -----------------------------------------------------------------


def greet(client, token, path=PATH):
    return client.post(
        path,
        query_string={"validationToken": token},
        content_type="text/plain; charset=utf-8",
    )


def test_the_validation_token_comes_back_as_text_and_nothing_else(client, desk):
    token = "Validation: Testing client+app reachability <b>&amp;</b> 7%"

    answer = greet(client, token)

    assert answer.status_code == 200
    assert answer.get_data(as_text=True) == token
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (desk.hints, desk.noted) == ([], [])


def test_a_blank_written_as_plus_comes_back_as_a_blank(client):
    answer = client.post(f"{PATH}?validationToken=a+b%2Bc", content_type="text/plain")

    assert answer.get_data() == b"a b+c"


@pytest.mark.parametrize(
    "token",
    ["", "a\nb", "a\x00b", "caf\u00e9", "\u202e", "\r\nSet-Cookie: a", "x" * 2049],
)
def test_a_token_that_is_none_is_not_sent_back(client, token):
    answer = greet(client, token)

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


def test_only_a_post_is_a_handshake(client):
    assert client.get(f"{PATH}?validationToken=a").status_code == 405


# --- the secret in the path --------------------------------------------------------


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_the_path_may_end_with_the_secret(client, post, desk, secret):
    assert greet(client, "abc", f"{PATH}/{secret}").get_data() == b"abc"
    assert post(element(), path=f"{PATH}/{secret}").status_code == 202
    assert len(desk.hints) == 1


def test_a_path_that_ends_with_another_is_refused(client, post, desk):
    with capture_logs() as logs:
        answers = [
            greet(client, "abc", f"{PATH}/guessed-secret"),
            post(element(), path=f"{PATH}/guessed-secret"),
        ]

    assert [one.status_code for one in answers] == [401, 401]
    assert desk.hints == []
    assert "guessed-secret" not in repr(logs)


def test_the_secret_of_the_path_alone_proves_nothing(post, desk):
    answer = post(element(clientState=...), path=f"{PATH}/{SECRET}")

    assert answer.status_code == 401


def test_the_secret_of_a_path_is_in_no_log(client, post):
    with capture_logs() as logs:
        post(element(), path=f"{PATH}/{SECRET}")
        greet(client, "abc", f"{PATH}/{SECRET}")

    assert SECRET not in repr(logs)


# --- played without Microsoft ------------------------------------------------------


def play(client, kind, settings, sender_id=None, at=NOW):
    (sample,) = [one for one in SAMPLES if one.kind == kind]
    asked = Asked("dana.lee@example.com", at, settings, sender_id=sender_id)
    return [
        client.open(one.path, method=one.method, data=one.body, headers=one.headers)
        for one in sample.make(asked)
    ]


def test_a_played_change_is_looked_up(client, desk, settings):
    (answer,) = play(client, "user-updated", settings, sender_id=OBJECT_ID)

    assert answer.status_code == 202
    assert desk.hints[0][0].subject == OBJECT_ID


def test_two_plays_are_two_events_of_one_user(client, desk, settings):
    play(client, "user-updated", settings)
    play(client, "user-updated", settings, at=NOW.replace(microsecond=5))

    one, two = (hint for hint, _ in desk.hints)
    assert one.subject == two.subject
    assert one.event_key != two.event_key


def test_a_played_validation_is_answered(client, desk, settings):
    (answer,) = play(client, "validation", settings)

    assert answer.status_code == 200
    assert answer.get_data().startswith(b"Validation: ")


def test_a_played_lifecycle_event_goes_to_a_worker(client, desk, settings):
    (answer,) = play(client, "lifecycle", settings)

    assert answer.status_code == 202
    assert desk.hints[0][0].native_type == "lifecycle"


def test_every_sample_says_what_comes_of_it():
    assert [one.kind for one in SAMPLES] == ["user-updated", "validation", "lifecycle"]
    assert all(one.leads_to for one in SAMPLES)


# --- whatever comes ----------------------------------------------------------------

quietly = fuzzed(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([*sample()["value"][0], "lifecycleEvent", "id"])
DATA_NAMES = st.sampled_from([*sample()["value"][0]["resourceData"]])


@quietly
@given(raw=st.binary(max_size=300), kind=st.sampled_from(["application/json", "a/b"]))
def test_no_bytes_break_it(client, raw, kind):
    assert client.post(PATH, data=raw, content_type=kind).status_code < 500


@quietly
@given(changed=st.dictionaries(NAMES, JSON, min_size=1, max_size=3))
def test_no_changed_element_breaks_it(post, desk, changed):
    answer = post(element(**changed), element())

    assert answer.status_code in (202, 400)
    assert (desk.departures, desk.withdrawals) == ([], [])


@quietly
@given(changed=st.dictionaries(DATA_NAMES, JSON, min_size=1, max_size=3))
def test_no_changed_resource_breaks_it(post, desk, changed):
    answer = post(element(resourceData=resource(**changed)))

    assert answer.status_code in (202, 400)
    assert (desk.departures, desk.withdrawals) == ([], [])


@quietly
@given(token=st.text(max_size=50))
def test_no_token_breaks_the_handshake(client, token):
    answer = greet(client, token)

    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or answer.get_data(as_text=True) == token
