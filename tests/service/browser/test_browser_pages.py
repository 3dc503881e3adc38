"""Each page in a real browser: phone and desk, dark and light, without scripts."""

from dataclasses import replace

import browser_scenes
import pytest
from browser_scenes import BAD, HELD, LATER, SAFE, UNDER_WAY

from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeLine

PAGES = [
    "/",
    "/?show=attention",
    "/?user=nobody@example.com",
    "/?user=nonsense",
    f"/cases/{SAFE}",
    f"/cases/{HELD}",
    f"/cases/{BAD}",
    f"/cases/{UNDER_WAY}",
    f"/cases/{LATER}",
    "/exposure",
    "/gate",
    "/gate?user=robin.park@example.com",
    "/gate?user=nonsense",
    "/sources",
    "/quarantine",
    "/evidence",
    "/evidence/period.zip?from=x&to=y",
    "/settings",
    "/settings?notice=test-1",
    "/doctor",
    "/brake",
    "/new",
    "/adopt?account_id=acct1&from=IBMid-1",
    "/blind-spots",
]
LOOKS = [(1280, False), (375, True)]


@pytest.fixture(autouse=True)
def filled(desk):
    browser_scenes.fill(desk)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "dark"), LOOKS, ids=["desk", "phone-dark"])
def test_a_page_can_be_used_by_everybody(
    open_page, faults_for_readers, path, width, dark
):
    page = open_page(width=width, dark=dark)

    answer = page.goto(path)

    assert answer.status == 200
    assert faults_for_readers(page) == []
    assert page.locator("h1").count() == 1
    # Nothing has to be pushed to the side to be read.
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_api_can_be_read_on_a_phone(open_page, faults_for_readers):
    page = open_page(width=375, dark=True)

    # By far the longest page: to look for faults in it takes as long as in ten others.
    page.goto("/docs")

    assert faults_for_readers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_scripts(open_page, path):
    page = open_page(scripts=False)

    assert page.goto(path).status == 200
    assert page.locator("h1").count() == 1
    assert page.locator("button.copy:visible").count() == 0


def test_the_form_to_sign_in_can_be_used_by_everybody(open_page, faults_for_readers):
    page = open_page(token=None)

    page.goto("/exposure")
    assert faults_for_readers(page) == []
    page.fill("#token", "ofb_viewer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exposure")


def test_hostile_names_are_text(open_page):
    page = open_page()
    for path in (f"/cases/{BAD}", f"/cases/{UNDER_WAY}", "/exposure", "/brake", "/"):
        page.goto(path)

        assert "<script>alert(1)</script>" in page.inner_text("main")
        assert page.locator("main script").count() == 0
        # What turns writing round is shown as what it is.
        assert "\u202e" not in page.inner_text("body")


def test_progress_is_shown_as_it_comes_and_then_asked_for_no_more(open_page, desk):
    page = open_page()
    page.goto(f"/cases/{UNDER_WAY}")
    assert "1 of 2 targets done" in page.inner_text("#progress")

    desk.cases[UNDER_WAY] = desk.cases[SAFE]
    page.wait_for_selector("#progress[data-done]")
    page.wait_for_load_state()

    assert "Safe" in page.inner_text("#progress")
    # All of the page is that of a case that is over.
    assert page.locator("h2", has_text="Clocks").count() == 1
    assert page.locator("text=Cancel").count() == 0
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_a_test_of_the_channels_is_pressed_and_watched_to_its_end(open_page, desk):
    failed, sent = desk.trial_lines
    desk.trial_lines = (NoticeLine(Channel.MAIL), NoticeLine(Channel.SLACK))
    page = open_page()
    page.goto("/settings")

    page.click("text=Test the report channels")
    page.wait_for_url("**/settings?notice=test-1")
    assert page.inner_text("#trial").count("Not sent yet") == 2
    desk.trial_lines = (failed, replace(sent, state=ReportState.SENT, detail=""))
    page.wait_for_selector("#trial[data-done]")

    assert "The server knows no such mailbox" in page.inner_text("#trial")


def test_the_first_stop_of_the_keyboard_leads_past_the_head(open_page):
    page = open_page()
    page.goto("/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"
