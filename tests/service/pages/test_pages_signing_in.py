"""Signing in: what is taken, where it leads, what the cookie is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW

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


def cookie_of(client):
    return client.get_cookie("offboard").value


def with_cookie(app, value):
    """A browser of somebody else, who has a copy of the cookie."""
    client = app.test_client()
    client.set_cookie("offboard", value)
    return client


def test_signing_out_ends_every_copy_of_the_cookie(app, sign_in, press):
    client = sign_in()
    stolen = with_cookie(app, cookie_of(client))
    assert stolen.get("/").status_code == 200

    press(client, "/logout")

    assert stolen.get("/").status_code == 303


def test_signing_out_ends_no_other_session_of_the_same_person(sign_in, press):
    here, elsewhere = sign_in(), sign_in()

    press(here, "/logout")

    assert elsewhere.get("/").status_code == 200


def test_each_sign_in_has_a_cookie_of_its_own_and_ends_the_former(app, sign_in):
    client = sign_in()
    former = cookie_of(client)

    client.post("/login", data={"token": "ofb_approver"}, headers=SAME)

    assert cookie_of(client) != former
    assert with_cookie(app, former).get("/").status_code == 303
    assert client.get("/").status_code == 200


def test_a_cookie_that_was_there_before_is_not_made_a_session(app):
    fixed = with_cookie(app, "chosen-by-somebody-else")

    fixed.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert cookie_of(fixed) != "chosen-by-somebody-else"
    again = with_cookie(app, "chosen-by-somebody-else")
    assert again.get("/").status_code == 303


@pytest.fixture
def clock():
    class Clock:
        now = NOW

        def __call__(self):
            return self.now

        def go_on(self, **some):
            self.now += timedelta(**some)

    return Clock()


@pytest.fixture
def browser(an_app, desk, settings, clock):
    client = an_app(settings, desk, clock).test_client()
    client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)
    return client


def test_who_does_nothing_for_an_hour_is_signed_out(browser, clock):
    clock.go_on(minutes=59)
    assert browser.get("/").status_code == 200

    clock.go_on(minutes=61)
    assert browser.get("/").status_code == 303


def test_who_is_at_work_stays_signed_in_for_eight_hours_and_no_longer(browser, clock):
    for _ in range(15):
        clock.go_on(minutes=31)
        assert browser.get("/").status_code == 200

    clock.go_on(minutes=15)

    assert browser.get("/").status_code == 303


def test_what_a_page_fetches_by_itself_keeps_nobody_signed_in(browser, clock):
    for _ in range(2):
        clock.go_on(minutes=25)
        shown = browser.get("/", headers={"Sec-Fetch-Dest": "empty"})
        assert "Set-Cookie" not in shown.headers

    clock.go_on(minutes=15)

    assert browser.get("/").status_code == 303


def test_a_cookie_is_renewed_only_now_and_then_with_the_same_end(browser, clock):
    clock.go_on(minutes=4)
    assert "Set-Cookie" not in browser.get("/").headers

    clock.go_on(minutes=1)
    renewed = browser.get("/").headers["Set-Cookie"].split("; ")

    assert {"HttpOnly", "SameSite=Strict", "Max-Age=28500", "Path=/"} <= set(renewed)


@pytest.mark.parametrize("place", [0, 5, -30, -1])
def test_a_cookie_with_a_changed_letter_is_no_session(app, sign_in, place):
    whole = cookie_of(sign_in())
    other = "A" if whole[place] != "A" else "E"
    changed = list(whole)
    changed[place] = other

    assert with_cookie(app, "".join(changed)).get("/").status_code == 303


def test_how_long_an_ended_session_is_remembered_is_its_life(browser, desk, clock):
    clock.go_on(minutes=30)

    browser.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert list(desk.door.ended.values()) == [8 * 3600 - 1800]


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
