"""Who is let in, and what is turned away, always in SCIM's own form."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from fake_desk import NOW, SETTINGS
from scim_scenes import CORE, OLD_TOKEN, TOKEN
from structlog.testing import capture_logs

from service.app import create_app
from workers.offboarding.errors import StoreAwayError

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PLACES = [
    ("GET", "/Users"),
    ("POST", "/Users"),
    ("GET", "/Users/01KHJ2V0W8Q3RZ5T7X9YABCDEF"),
    ("PATCH", "/Users/01KHJ2V0W8Q3RZ5T7X9YABCDEF"),
    ("PUT", "/Users/x"),
    ("DELETE", "/Users/x"),
    ("GET", "/Groups"),
    ("POST", "/Groups"),
    ("GET", "/ServiceProviderConfig"),
    ("GET", "/ResourceTypes"),
    ("GET", "/Schemas"),
    ("GET", f"/Schemas/{CORE}"),
    ("POST", "/Schemas"),
    ("GET", "/Me"),
    ("POST", "/Bulk"),
    ("POST", "/.search"),
    ("OPTIONS", "/Users"),
    ("GET", "/nothing/here"),
    ("GET", "/"),
]
JUNK = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer nobody",
    f"Basic {TOKEN}",
    TOKEN,
    f"Bearer {TOKEN} {TOKEN}",
    f"Bearer {TOKEN.upper()}",
    "Bearer \xff\xfe",
    "Bearer " + "x" * 10000,
]


def test_while_it_is_off_every_path_answers_404(desk):
    client = create_app(SETTINGS, desk, clock=lambda: NOW).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}

    for method, path in PLACES:
        answer = client.open(f"/scim/v2{path}", method=method, headers=headers)

        assert (answer.status_code, answer.json["status"]) == (404, "404")
    assert desk.noted == []


def test_while_it_is_off_the_answer_is_that_of_a_path_that_is_not_there(client, desk):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    off = create_app(SETTINGS, desk, clock=lambda: NOW).test_client()

    here = client.get("/scim/v2/Nothing", headers=headers)
    there = off.get("/scim/v2/Nothing", headers=headers)

    assert (here.status_code, here.json) == (there.status_code, there.json)
    assert here.content_type == there.content_type


def test_while_it_is_off_its_library_is_not_loaded():
    text = "import sys, service.server; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )

    loaded = {one.split(".")[0] for one in done.stdout.split()}
    assert "flask" in loaded
    assert (
        loaded & {"scim2_models", "pydantic", "ibm_cloud_sdk_core", "simulator"}
        == set()
    )


@pytest.mark.parametrize("authorization", JUNK, ids=lambda one: repr(one)[:30])
def test_without_the_token_nobody_learns_anything(client, desk, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}

    answers = [
        client.open(f"/scim/v2{path}", method=method, headers=headers)
        for method, path in PLACES
    ]

    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/scim+json"
        assert answer.json == {
            "schemas": [ERROR],
            "status": "401",
            "detail": "Send the token of this connection as Authorization: Bearer.",
        }
    assert {one[:2] for one in desk.noted} == {("scim", "header")}
    assert desk.heard == []


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_two_tokens_hold_while_one_replaces_the_other(client, desk, token, scheme):
    answer = client.get(
        "/scim/v2/Users", headers={"Authorization": f"{scheme} {token}"}
    )

    assert answer.status_code == 200
    assert desk.noted == [("scim", "delivered", NOW)]


def test_a_token_of_the_api_is_none_of_scim(client, as_approver):
    assert client.get("/scim/v2/Users", headers=as_approver).status_code == 401


def test_scim_is_no_path_of_events(client):
    headers = {"Authorization": f"Bearer {TOKEN}"}

    answer = client.post("/events/scim", json={}, headers=headers)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/Users", "GET, POST"),
        ("PATCH", "/Users", "GET, POST"),
        ("POST", "/Users/x", "DELETE, GET, PATCH, PUT"),
        ("OPTIONS", "/Users", "GET, POST"),
        ("TRACE", "/Users", "GET, POST"),
        ("DELETE", "/Schemas", "GET"),
        ("POST", "/ServiceProviderConfig", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_take_is_405(scim, method, path, allowed):
    answer = scim(method, path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path", ["/", "/x", "/Users/", "/Users/x/y", "//Users", "/users", "/%00", "/%ff"]
)
def test_a_path_that_is_not_there_is_404(scim, path):
    for method in ("GET", "POST", "DELETE"):
        assert scim(method, path).status_code == 404


@pytest.mark.parametrize("path", ["/Me", "/Bulk", "/.search", "/Users/.search"])
def test_what_is_not_served_is_501(scim, path):
    assert scim("POST", path, {}).status_code == 501


@pytest.mark.parametrize(
    "user_id",
    ["x", "01KHJ2V0W8Q3RZ5T7X9YABCDEF", "%00", "a%0ab", "x" * 5000, "..", "*"],
)
def test_a_user_nobody_knows_is_404_and_no_event(scim, desk, user_id):
    bodies = {
        "GET": None,
        "PUT": {"userName": "dana.lee@example.com", "active": False},
        "PATCH": {"Operations": [{"op": "replace", "value": {"active": False}}]},
        "DELETE": None,
    }

    for method, body in bodies.items():
        assert scim(method, f"/Users/{user_id}", body).status_code == 404
    assert (desk.heard, desk.departures) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"5",
        b'{"userName": NaN}',
        b'{"userName": Infinity}',
        b'{"userName": 1e999}',
        b'{"userName": "a", "userName": "b"}',
        b'{"userName": "a", "emails": [{"value": "a", "value": "b"}]}',
        b'{"userName": "\xff"}',
        b'{"userName": "\\ud800"}',
        b'{"userName": "a"} x',
        b'{"userName": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"userName": "a", "x": ' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"userName": "a", "x": ' + b'{"y":' * 20 + b"1" + b"}" * 20 + b"}",
        b'{"userName": "a", "USERNAME": "b"}',
        json.dumps({"userName": "a", f"{CORE}:userName": "b"}).encode(),
        json.dumps({"userName": "a", CORE: {"userName": "b"}}).encode(),
        json.dumps({"userName": "a", "x": [0] * 3000}).encode(),
    ],
    ids=lambda one: repr(one)[:40],
)
def test_a_body_that_is_no_plain_json_object_is_refused(a_user, scim, desk, body):
    user = a_user()
    place = f"/Users/{user['id']}"

    created = scim("POST", "/Users", body)
    replaced = scim("PUT", place, body)
    patched = scim("PATCH", place, body)

    for answer in (created, replaced):
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidSyntax")
    assert patched.status_code == 400
    assert desk.heard == []
    assert scim("GET", place).json == user


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userName": None},
        {"userName": ""},
        {"userName": "  "},
        {"userName": 1.5},
        {"userName": True},
        {"userName": ["a"]},
        {"userName": "a", "emails": "a@example.com"},
        {"userName": "a", "emails": ["a@example.com"]},
        {"userName": "a", "emails": [{"value": {}}]},
        {"userName": "a", "emails": [{"value": "a", "primary": "yes"}]},
        {
            "userName": "a",
            "emails": [{"value": f"{n}@example.com"} for n in range(101)],
        },
        {"userName": "a", "externalId": {}},
        {"userName": "a" * 1025},
        {"userName": 10**1024},
        {"userName": "a", "externalId": 10**1024},
    ],
    ids=lambda one: repr(one)[:50],
)
def test_a_user_who_does_not_fit_is_refused(scim, body):
    answer = scim("POST", "/Users", body)

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    assert scim("GET", "/Users").json["totalResults"] == 0


@pytest.mark.parametrize(
    "path", ['emails[type eq "\\ud800"].value', 'emails[value eq "\\udfff"].type']
)
@pytest.mark.parametrize("op", ["add", "replace"])
def test_half_a_surrogate_pair_in_a_path_is_refused(a_user, patch, scim, path, op):
    user = a_user()

    selected = patch(user, {"op": op, "path": path, "value": "kim@example.com"})
    whole = patch(user, {"op": op, "value": {path: "kim@example.com"}})

    for answer in (selected, whole):
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    assert scim("GET", f"/Users/{user['id']}").json == user


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "\\ud800"',
        'emails.value eq "\\ud800"',
        'emails[type eq "work" and value eq "\\udfff"]',
        'id eq "\\ud800"',
    ],
)
def test_half_a_surrogate_pair_in_a_filter_is_refused(a_user, scim, text):
    a_user()

    answer = scim("GET", "/Users", query_string={"filter": text})

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize(
    "kind",
    [
        "application/scim+json",
        "application/json",
        "application/scim+json; charset=utf-8",
        "APPLICATION/JSON",
        "",
        None,
    ],
)
def test_json_is_taken_by_its_names_and_without_one(scim, kind):
    answer = scim("POST", "/Users", b'{"userName": "a"}', content_type=kind)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "json",
        "\xff",
    ],
)
def test_another_type_is_415(scim, kind):
    answer = scim("POST", "/Users", b'{"userName": "a"}', content_type=kind)

    assert answer.status_code == 415


def test_a_body_over_a_mebibyte_is_413(scim):
    body = json.dumps({"userName": "a", "x": "y" * 1024 * 1024}).encode()

    assert scim("POST", "/Users", body).status_code == 413


def test_a_body_of_almost_a_mebibyte_is_read(scim):
    body = json.dumps({"userName": "a", "x": "y" * 1000 * 1000}).encode()

    assert scim("POST", "/Users", body).status_code == 201


def test_a_body_of_unknown_length_is_411(scim):
    answer = scim("POST", "/Users", b"{}", headers={"Transfer-Encoding": "chunked"})

    assert answer.status_code == 411


@pytest.mark.parametrize("name", ["dana.lee@example.com", "DANA.LEE@EXAMPLE.COM"])
def test_a_name_that_another_has_is_a_conflict(a_user, scim, patch, name):
    a_user()
    kim = a_user(userName="kim")

    created = scim("POST", "/Users", {"userName": name})
    renamed = patch(kim, {"op": "replace", "path": "userName", "value": name})
    replaced = scim("PUT", f"/Users/{kim['id']}", {"userName": name, "active": False})

    for answer in (created, renamed, replaced):
        assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")
    assert scim("GET", f"/Users/{kim['id']}").json == kim


def test_a_user_may_change_the_case_of_their_own_name(a_user, patch):
    answer = patch(a_user(), {"op": "replace", "path": "userName", "value": "DANA"})

    assert (answer.status_code, answer.json["userName"]) == (200, "DANA")


def test_a_store_that_is_away_is_503_and_says_when_to_come_back(scim, desk, a_user):
    user = a_user()
    desk.away = True

    answer = scim("DELETE", f"/Users/{user['id']}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_an_event_that_could_not_be_stored_is_told_by_the_repeat(
    scim, desk, a_user, patch, kinds
):
    user = a_user()
    off = {"op": "replace", "path": "active", "value": False}
    desk.away = True
    first = patch(user, off)
    desk.away = False

    second = patch(user, off)

    assert (first.status_code, second.status_code) == (503, 200)
    assert kinds() == ["disabled"]
    assert [one.event_key for one in desk.departures] == [f"scim:{user['id']}:2"]


def test_a_delete_that_could_not_be_stored_is_told_though_the_repeat_is_404(
    scim, desk, a_user, kinds
):
    user = a_user()
    desk.away = True
    first = scim("DELETE", f"/Users/{user['id']}")
    desk.away = False

    second = scim("DELETE", f"/Users/{user['id']}")

    assert (first.status_code, second.status_code) == (503, 404)
    assert kinds() == ["deleted"]


def test_a_bug_is_a_500_in_the_same_form_and_says_nothing(client, desk, a_user):
    user = a_user()
    desk.bug = RuntimeError("dana.lee@example.com")

    answer = client.delete(
        f"/scim/v2/Users/{user['id']}", headers={"Authorization": f"Bearer {TOKEN}"}
    )

    assert (answer.status_code, answer.json["status"]) == (500, "500")
    assert "dana" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "cause"),
    [
        ("POST", "/Users", {"userName": ""}, "invalidValue"),
        ("POST", "/Users", b"{", "json"),
        ("GET", "/Users?filter=x", None, "invalidFilter"),
    ],
)
def test_a_refusal_is_noted_by_its_cause_alone(scim, desk, method, path, body, cause):
    scim(method, path, body)

    assert desk.noted == [("scim", cause, NOW)]


def test_a_user_who_is_not_there_is_nothing_to_note(scim, desk):
    scim("GET", "/Users/x")

    assert desk.noted == []


def test_no_log_holds_a_token_a_name_or_a_path_with_one(scim, a_user, patch, client):
    with capture_logs() as logs:
        user = a_user()
        scim("GET", '/Users?filter=userName eq "dana.lee@example.com"')
        patch(
            user, {"op": "replace", "path": "active", "value": "dana.lee@example.com"}
        )
        patch(user, {"op": "replace", "path": "active", "value": False})
        scim("POST", "/Users", {"userName": "dana.lee@example.com"})
        client.get("/scim/v2/Users", headers={"Authorization": "Bearer tried-secret"})

    text = str(logs)
    assert len(logs) > 5
    for word in (TOKEN, "tried-secret", "dana", "00uleaver0000000001d7"):
        assert word not in text


def test_a_store_away_error_says_no_more_than_the_sentence(scim, desk, a_user):
    user = a_user()
    desk.bug = StoreAwayError("redis at 10.0.0.1")

    answer = scim("DELETE", f"/Users/{user['id']}")

    assert "10.0.0.1" not in answer.text


def test_two_applications_share_no_table(desk, settings):
    off = replace(settings, sources=SETTINGS.sources)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    on_client = create_app(settings, desk).test_client()
    off_client = create_app(off, desk).test_client()

    assert on_client.get("/scim/v2/Users", headers=headers).status_code == 200
    assert off_client.get("/scim/v2/Users", headers=headers).status_code == 404
