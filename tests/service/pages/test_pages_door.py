"""Who may see a page, and which forms are taken."""

from dataclasses import replace

import pytest
from fake_desk import SETTINGS

ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
PAGES = [
    ("GET", "/", "viewer"),
    ("GET", f"/cases/{ID}", "viewer"),
    ("GET", f"/cases/{ID}/progress", "viewer"),
    ("POST", f"/cases/{ID}/retry", "operator"),
    ("POST", f"/cases/{ID}/cancel", "operator"),
    ("POST", f"/cases/{ID}/approve", "approver"),
    ("POST", f"/cases/{ID}/refuse", "approver"),
    ("POST", f"/cases/{ID}/follow-ups/done", "operator"),
    ("GET", "/exposure", "viewer"),
    ("GET", "/gate", "viewer"),
    ("GET", "/sources", "viewer"),
    ("GET", "/quarantine", "viewer"),
    ("POST", f"/quarantine/{ID}/replay", "operator"),
    ("POST", f"/quarantine/{ID}/drop", "operator"),
    ("GET", "/evidence", "viewer"),
    ("GET", "/evidence/period.zip", "viewer"),
    ("GET", f"/cases/{ID}/evidence.zip", "viewer"),
    ("GET", f"/cases/{ID}/evidence.jsonl", "viewer"),
    ("GET", "/settings", "operator"),
    ("POST", "/settings/test", "operator"),
    ("GET", "/settings/notice/test-1", "operator"),
    ("POST", "/pause", "operator"),
    ("POST", "/resume", "approver"),
    ("GET", "/doctor", "operator"),
    ("GET", "/brake", "viewer"),
    ("POST", "/brake/release", "approver"),
    ("POST", "/brake/refuse", "approver"),
    ("GET", "/new", "operator"),
    ("POST", "/new", "operator"),
    ("GET", "/adopt", "approver"),
    ("POST", "/adopt", "approver"),
    ("GET", "/blind-spots", "viewer"),
    ("POST", "/blind-spots", "approver"),
    ("POST", "/blind-spots/withdraw", "approver"),
    ("POST", "/logout", "viewer"),
]
FORMS = [one for one in PAGES if one[0] == "POST"]
RANKS = ["viewer", "operator", "approver"]


@pytest.mark.parametrize(("method", "path", "role"), PAGES)
def test_every_page_is_tried_here(app, method, path, role):
    rule, _ = app.url_map.bind("").match(path, method, return_rule=True)

    assert app.view_functions[rule.endpoint].needs_role == role
    others = [
        one
        for one in app.url_map.iter_rules()
        if one.endpoint.startswith("pages.")
        and app.view_functions[one.endpoint].needs_role != "public"
    ]
    assert len(others) == len(PAGES)


@pytest.mark.parametrize(("method", "path", "role"), PAGES)
def test_who_is_not_signed_in_is_asked_to(client, method, path, role):
    headers = {"Sec-Fetch-Site": "same-origin"}

    answer = client.open(path, method=method, headers=headers)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=/")


@pytest.mark.parametrize(("method", "path", "role"), PAGES)
def test_a_programs_token_opens_no_page(client, as_approver, method, path, role):
    headers = {**as_approver, "Sec-Fetch-Site": "same-origin"}

    answer = client.open(path, method=method, headers=headers)

    assert answer.status_code == 303


def test_a_session_opens_no_route_of_the_api(sign_in):
    assert sign_in().get("/api/cases").status_code == 401


@pytest.mark.parametrize(("method", "path", "role"), FORMS)
def test_too_small_a_role_is_refused(sign_in, press, method, path, role):
    for smaller in RANKS[: RANKS.index(role)]:
        answer = press(sign_in(f"ofb_{smaller}"), path)

        assert answer.status_code == 403
        assert f"This needs the role {role}" in answer.get_data(as_text=True)


@pytest.mark.parametrize(("method", "path", "role"), FORMS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
def test_a_form_of_another_site_is_refused(
    sign_in, press, desk, method, path, role, site
):
    answer = press(sign_in(), path, site=site)

    assert answer.status_code == 403
    assert desk.asked == []


@pytest.mark.parametrize(("method", "path", "role"), FORMS)
@pytest.mark.parametrize("key", ["", "0" * 64, "\xff"])
def test_a_form_without_the_key_of_its_person_is_refused(
    sign_in, press, desk, method, path, role, key
):
    answer = press(sign_in(), path, form_key=key)

    assert answer.status_code == 403
    assert desk.asked == []


def test_a_form_with_the_key_of_somebody_else_is_refused(sign_in, press):
    shown = sign_in("ofb_operator").get("/").get_data(as_text=True)
    key = shown.split('name="form_key" value="')[1].split('"')[0]

    assert press(sign_in(), "/logout", form_key=key).status_code == 403


def test_an_old_browser_that_names_its_origin_is_let_in(sign_in, press):
    client = sign_in()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"

    assert press(client, "/logout", site=None).status_code == 303


def test_an_old_browser_that_comes_from_elsewhere_is_not(sign_in, press):
    client = sign_in()
    client.environ_base["HTTP_ORIGIN"] = "http://example.com"

    assert press(client, "/logout", site=None).status_code == 403


def test_a_token_that_is_taken_away_ends_its_sessions(an_app, desk, settings):
    app = an_app(settings, desk)
    client = app.test_client()
    client.post(
        "/login",
        data={"token": "ofb_viewer"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert client.get("/").status_code == 200

    context = app.extensions["offboard"]
    fewer = replace(SETTINGS, api_tokens=SETTINGS.api_tokens[1:])
    context.front = replace(context.front, settings=fewer)

    assert client.get("/").status_code == 303


def test_a_body_without_a_length_is_refused(sign_in):
    answer = sign_in().post(
        "/logout",
        headers={"Transfer-Encoding": "chunked", "Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 411
    assert answer.mimetype == "text/html"
