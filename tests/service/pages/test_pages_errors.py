"""What people read when something is wrong: as a page, and nothing invented."""

import pytest
from fake_desk import NOW
from page_scenes import ID, safe
from test_pages_door import PAGES

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GETS = [path for method, path, _ in PAGES if method == "GET"]


@pytest.mark.parametrize("path", GETS)
def test_with_the_store_away_every_page_says_so_and_when_to_come_again(
    sign_in, desk, path
):
    client = sign_in()
    desk.put(safe())
    desk.away = True

    answer = client.get(path, headers=HTML)

    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "5"
    assert "The store cannot be used at the moment" in page
    assert "Dana" not in page
    assert "<table" not in page


def test_a_bug_is_a_page_with_the_number_of_its_request_and_no_more(sign_in, desk):
    client = sign_in()
    desk.bug = ZeroDivisionError("the payload")

    answer = client.get(f"/cases/{ID}", headers={"X-Request-ID": "my-request-1"})

    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "my-request-1" in page
    assert "the payload" not in page


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("text/html", "text/html"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/json,text/html;q=0.1", "application/problem+json"),
        ("", "application/problem+json"),
        ("nonsense", "application/problem+json"),
    ],
)
def test_a_path_that_is_nowhere_is_a_page_for_who_reads_pages(client, accept, kind):
    answer = client.get("/nowhere", headers={"Accept": accept})

    assert (answer.status_code, answer.mimetype) == (404, kind)
    assert "There is nothing here." in answer.get_data(as_text=True)
    assert answer.headers["Vary"] == "Accept"


def test_a_method_that_a_path_does_not_take_is_a_page_too(client):
    answer = client.get("/brake/release", headers=HTML)

    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert answer.headers["Allow"] == "POST"


def test_who_is_signed_in_finds_the_way_back_from_nowhere(sign_in):
    page = sign_in().get("/nowhere", headers=HTML).get_data(as_text=True)

    assert 'href="/exposure"' in page
    assert "style-src 'self'" in page or "/static/style.css" in page


def test_nowhere_is_a_page_with_the_store_away_too(sign_in, desk):
    client = sign_in()
    desk.away = True

    answer = client.get("/nowhere", headers=HTML)

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("path", ["//example.com/x", "/\\example.com", "/api/nope"])
def test_no_error_links_to_another_site(sign_in, path):
    page = sign_in().get(path, headers=HTML).get_data(as_text=True)

    assert "example.com" not in page


def test_a_route_of_the_api_answers_people_as_it_answers_programs(client):
    answer = client.get("/api/cases", headers=HTML)

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize("path", GETS)
def test_no_page_is_kept_by_anybody_or_loads_from_elsewhere(sign_in, desk, path):
    desk.put(safe(id=ID, received_at=NOW))

    answer = sign_in().get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    # A file to download is no text.
    page = answer.get_data().decode("latin-1")
    assert " style=" not in page
    assert " onclick=" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
