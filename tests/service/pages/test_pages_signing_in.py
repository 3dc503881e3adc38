"""Signing in: what is taken, where it leads, what the cookie is."""

from dataclasses import replace

import pytest

SAME = {"Sec-Fetch-Site": "same-origin"}


def test_a_known_token_begins_a_session(client):
    answer = client.post("/login", data={"token": " ofb_viewer\n"}, headers=SAME)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("offboard=")
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=28800", "Path=/"} <= set(
        cookie.split("; ")
    )
    assert "ofb_viewer" not in cookie
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "token", ["", "ofb_nobody", "ofb_viewer x", "\udcff", "x" * 999]
)
def test_an_unknown_one_does_not(client, token):
    data = {"token": token.encode("utf-8", "surrogateescape")}

    answer = client.post("/login", data=data, headers=SAME)

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "not known here" in answer.get_data(as_text=True)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("way", "leads_to"),
    [
        ("/cases/01KHJ2V0W8Q3RZ5T7X9YABCDEF", "/cases/01KHJ2V0W8Q3RZ5T7X9YABCDEF"),
        ("/gate?user=a@example.com", "/gate?user=a@example.com"),
        ("", "/"),
        ("https://example.com/", "/"),
        ("//example.com/", "/"),
        ("/\\example.com/", "/"),
        ("/\r\nX: y", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 600, "/"),
    ],
)
def test_it_leads_to_a_page_of_ours_only(client, way, leads_to):
    data = {"token": "ofb_viewer", "next": way}

    answer = client.post("/login", data=data, headers=SAME)

    assert answer.headers["Location"] == leads_to


def test_who_is_signed_in_goes_on(sign_in):
    answer = sign_in().get("/login?next=/exposure")

    assert answer.headers["Location"] == "/exposure"


def test_a_link_from_elsewhere_is_looked_at_again_from_here(client):
    answer = client.get(
        "/login?next=/exposure", headers={"Sec-Fetch-Site": "cross-site"}
    )

    again = '<meta http-equiv="refresh" content="0; url=/exposure">'
    assert again in answer.get_data(as_text=True)


def test_it_is_looked_at_again_once_only(client):
    answer = client.get("/login?next=/exposure", headers=SAME)

    assert "http-equiv" not in answer.get_data(as_text=True)


def test_a_form_of_another_site_signs_nobody_in(client):
    answer = client.post(
        "/login", data={"token": "ofb_viewer"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_over_tls_the_cookie_is_for_this_host_and_tls_alone(an_app, desk, settings):
    behind_tls = replace(settings, public_url="https://offboard.example.com")
    client = an_app(behind_tls, desk).test_client()

    answer = client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-offboard=")
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize("cookie", ["", "x", "x.y.z", "eyJ4IjoxfQ.aaaa.bbbb", "\xff"])
def test_a_cookie_that_we_did_not_sign_is_no_session(client, cookie):
    answer = client.get("/", headers={"Cookie": f"offboard={cookie}"})

    assert answer.status_code == 303


def test_signing_out_ends_it(sign_in, press):
    client = sign_in()

    answer = press(client, "/logout")

    assert answer.headers["Location"] == "/login"
    assert client.get("/").status_code == 303


@pytest.mark.parametrize("path", ["/", "/login", "/settings", "/cases/x"])
def test_where_no_token_is_set_it_says_what_is_missing(with_settings, path):
    answer = with_settings(api_tokens=()).get(path)

    assert answer.status_code == 503
    shown = answer.get_data(as_text=True)
    assert "OFFBOARD_API_TOKENS" in shown
    assert "offboard token create" in shown


def test_where_no_token_is_set_no_form_is_taken(with_settings):
    client = with_settings(api_tokens=())

    answer = client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert answer.status_code == 503
    assert "Set-Cookie" not in answer.headers
