from dataclasses import replace

import pytest
from fake_desk import FakeDesk

from config.secret import Secret
from config.sources import SourceSettings
from service.app import create_app

ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
PUBLIC = {
    "/events/<source>",
    "/events/<source>/<secret>",
    "/healthz",
    "/readyz",
    # It has a check of its own, where a token is set.
    "/metrics",
    "/openapi.json",
    "/docs",
    "/login",
    "/login/start",
    "/login/callback",
    "/static/<path:name>",
    # SCIM asks for its own token, before it looks at the path.
    "/scim/v2/",
    "/scim/v2/<anything:rest>",
    "/scim/v2/.search",
    "/scim/v2/Bulk",
    "/scim/v2/Groups",
    "/scim/v2/Groups/.search",
    "/scim/v2/Groups/<name>",
    "/scim/v2/Me",
    "/scim/v2/ResourceTypes",
    "/scim/v2/ResourceTypes/<name>",
    "/scim/v2/Schemas",
    "/scim/v2/Schemas/<name>",
    "/scim/v2/ServiceProviderConfig",
    "/scim/v2/Users",
    "/scim/v2/Users/.search",
    "/scim/v2/Users/<user_id>",
    "/slack/command",
    "/slack/interactive",
}
ROUTES = [
    ("post", "/offboard/dana.lee@example.com", "operator"),
    ("get", "/api/cases", "viewer"),
    ("get", f"/api/cases/{ID}", "viewer"),
    ("get", f"/api/cases/{ID}/evidence", "viewer"),
    ("get", "/api/evidence/register", "operator"),
    ("get", "/api/evidence", "viewer"),
    ("post", "/api/notices/test", "operator"),
    ("get", f"/api/notices/{ID}", "viewer"),
    ("post", f"/api/cases/{ID}/retry", "operator"),
    ("post", f"/api/cases/{ID}/cancel", "operator"),
    ("get", "/api/pause", "viewer"),
    ("post", "/api/pause", "operator"),
    ("post", "/api/resume", "approver"),
    ("get", "/api/brake", "viewer"),
    ("post", "/api/brake/release", "approver"),
    ("post", "/api/brake/refuse", "approver"),
    ("get", "/api/exposure", "viewer"),
    ("get", "/api/gate/dana.lee@example.com", "viewer"),
    ("get", "/api/doctor", "operator"),
    ("post", f"/api/cases/{ID}/approve", "approver"),
    ("post", f"/api/cases/{ID}/refuse", "approver"),
    ("post", f"/api/cases/{ID}/follow-ups/1/done", "operator"),
    ("post", "/api/adoptions", "approver"),
    ("get", "/api/blind-spots", "viewer"),
    ("post", "/api/blind-spots", "approver"),
    ("post", "/api/blind-spots/withdraw", "approver"),
    ("get", "/api/quarantine", "viewer"),
    ("post", f"/api/quarantine/{ID}/replay", "operator"),
    ("post", f"/api/quarantine/{ID}/drop", "operator"),
    ("get", "/api/sources", "viewer"),
]
RANKS = ["viewer", "operator", "approver"]


def roles_of(app):
    return {
        rule.rule: getattr(app.view_functions[rule.endpoint], "needs_role", None)
        for rule in app.url_map.iter_rules()
    }


@pytest.mark.parametrize("serves_scim", [True, False])
def test_every_route_declares_who_may(an_app, desk, settings, serves_scim):
    scim = SourceSettings(secret=(Secret("t" * 32),) if serves_scim else ())
    sources = replace(settings.sources, scim=scim)

    declared = roles_of(an_app(replace(settings, sources=sources), desk))

    assert None not in declared.values(), declared
    public = {rule for rule, role in declared.items() if role == "public"}
    nothing = {"/scim/v2/", "/scim/v2/<anything:rest>"}
    without = {rule for rule in PUBLIC if not rule.startswith("/scim")} | nothing
    assert public == (PUBLIC if serves_scim else without)


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
def test_every_route_that_is_not_public_is_tried_here(app, method, path, role):
    rule, _ = app.url_map.bind("").match(path, method.upper(), return_rule=True)

    assert app.view_functions[rule.endpoint].needs_role == role
    others = [
        each
        for each in app.url_map.iter_rules()
        if app.view_functions[each.endpoint].needs_role != "public"
        # Pages have sessions; test_pages_door.py tries them.
        and not each.endpoint.startswith("pages.")
    ]
    assert len(others) == len(ROUTES)


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer ofb_nobody",
        "Basic ofb_approver",
        "ofb_approver",
        "Bearer ofb_approver ofb_approver",
        "Bearer OFB_APPROVER",
        "Bearer \xff\xfe",
    ],
)
def test_without_a_known_token_nobody_passes(
    client, desk, method, path, role, authorization
):
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = getattr(client, method)(path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["title"] == "Unauthorized"
    assert (desk.departures, desk.queries, desk.asked) == ([], [], [])
    assert (desk.adoptions, desk.spots) == ([], {})


def test_a_missing_and_a_wrong_token_get_the_same_answer(client):
    missing = client.get("/api/cases").json
    wrong = client.get("/api/cases", headers={"Authorization": "Bearer x"}).json

    assert missing | {"request_id": 0} == wrong | {"request_id": 0}


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
@pytest.mark.parametrize("mine", RANKS)
def test_a_role_holds_those_below_it(client, method, path, role, mine):
    headers = {"Authorization": f"bearer ofb_{mine}"}

    answer = getattr(client, method)(path, headers=headers)

    is_enough = RANKS.index(mine) >= RANKS.index(role)
    assert (answer.status_code == 403) is not is_enough
    assert answer.status_code != 401


@pytest.mark.parametrize("mine", RANKS)
def test_an_answer_names_the_role_of_the_token_that_asked(client, mine):
    answer = client.get("/api/cases", headers={"Authorization": f"Bearer ofb_{mine}"})

    assert answer.headers["Offboard-Role"] == mine


@pytest.mark.parametrize("path", ["/api/cases", "/healthz"])
def test_who_is_not_known_has_no_role(client, path):
    answer = client.get(path, headers={"Authorization": "Bearer ofb_nobody"})

    assert "Offboard-Role" not in answer.headers


def test_without_tokens_in_the_settings_nobody_passes(with_settings, as_approver):
    client = with_settings(api_tokens=())

    answer = client.get("/api/cases", headers=as_approver)

    assert answer.status_code == 401


def test_a_caller_is_asked_for_before_the_body_is_read(client):
    answer = client.post("/offboard/%00", data=b"{", content_type="text/plain")

    assert answer.status_code == 401


def test_two_applications_do_not_share_their_desk(settings, as_operator):
    one, other = FakeDesk(), FakeDesk()
    create_app(settings, other)

    create_app(settings, one).test_client().post(
        "/offboard/dana.lee@example.com", headers=as_operator
    )

    assert (len(one.departures), len(other.departures)) == (1, 0)
