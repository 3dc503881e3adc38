"""The button on the settings page that tries the report channels."""

import pytest
from fake_desk import NOW

from config.settings import Secret
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeLine

BUTTON = 'action="/settings/test"'
HOSTILE = "<script>alert(1)</script>@example.com 550"


def text_of(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def settings(settings):
    from dataclasses import replace

    return replace(settings, slack_webhook_url=Secret("https://hooks.slack.com/x"))


def test_the_button_leads_to_how_the_test_fares(sign_in, press, desk):
    client = sign_in("ofb_operator")
    assert BUTTON in text_of(client.get("/settings"))

    answer = press(client, "/settings/test")
    shown = text_of(client.get(answer.headers["Location"]))

    assert (answer.status_code, desk.tried) == (303, ["helpdesk"])
    assert answer.headers["Location"] == "/settings?notice=test-1"
    assert shown.count("Not sent yet") == 2
    # With scripts it is asked for again, without them the page is.
    assert 'hx-get="/settings/notice/test-1"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown


def test_what_is_over_is_asked_for_no_more_and_says_how_to_mend(sign_in, press, desk):
    desk.trial_lines = (
        NoticeLine(Channel.MAIL, ReportState.SENT, NOW, 1),
        NoticeLine(Channel.SLACK, ReportState.FAILED, NOW, 1, "not_in_channel"),
    )
    client = sign_in()
    press(client, "/settings/test")

    for path in ("/settings?notice=test-1", "/settings/notice/test-1"):
        shown = text_of(client.get(path))
        assert "data-done" in shown
        assert "Invite the bot: /invite @offboard" in shown
        assert "hx-get" not in shown
        assert "http-equiv" not in shown


def test_whoever_presses_twice_sees_what_came_of_the_first(sign_in, press, desk):
    client = sign_in()
    press(client, "/settings/test")

    answer = press(client, "/settings/test")

    assert answer.headers["Location"] == "/settings?notice=test-1"
    assert desk.tried == ["sam"]


def test_what_a_channel_said_is_text(sign_in, press, desk):
    desk.trial_lines = (NoticeLine(Channel.MAIL, ReportState.FAILED, NOW, 1, HOSTILE),)
    client = sign_in()
    press(client, "/settings/test")

    shown = text_of(client.get("/settings?notice=test-1"))

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


@pytest.mark.parametrize("named", ["gone", "<b>", ""])
def test_an_address_that_names_no_test_shows_the_settings(sign_in, named):
    answer = sign_in().get("/settings", query_string={"notice": named})

    assert answer.status_code == 200
    assert 'id="trial"' not in text_of(answer)


def test_without_a_channel_the_page_says_so_and_has_no_button(an_app, desk, press):
    from fake_desk import SETTINGS

    client = an_app(SETTINGS, desk).test_client()
    client.post(
        "/login",
        data={"token": "ofb_operator"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    shown = text_of(client.get("/settings"))

    assert BUTTON not in shown
    assert "No report channel is set up." in shown
