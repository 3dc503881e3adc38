"""Where the simulated Slack takes later answers: five for each press, and no others."""

import pytest
import requests
from slack_sdk import WebClient, WebhookClient

from simulator.slack import SLACK_BOT_TOKEN, SLACK_CHANNEL_ID
from simulator.slack_hand import action_of

SHOWN = {"type": "section", "text": {"type": "mrkdwn", "text": "Approved."}}


@pytest.fixture
def respond(simulator):
    def post(name, **body):
        return WebhookClient(f"{simulator.url}/slack/responses/{name}").send_dict(body)

    return post


def test_an_answer_is_kept_under_its_address(simulator, respond):
    name = simulator.slack.responses.open()

    answer = respond(name, text="Approved.")

    assert (answer.status_code, answer.body) == (200, "ok")
    assert simulator.slack.responses.answers(name) == [{"text": "Approved."}]
    assert simulator.slack.messages == []


def test_an_answer_may_take_the_place_of_the_message(simulator, respond):
    client = WebClient(SLACK_BOT_TOKEN, base_url=simulator.slack_api_url)
    root = client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="decide")
    place = {"channel": SLACK_CHANNEL_ID, "ts": root["ts"]}

    name = simulator.slack.responses.open(place)
    respond(name, replace_original=True, text="done", blocks=[SHOWN])

    (message,) = simulator.slack.messages
    assert (message.text, message.blocks, message.edited) == ("done", [SHOWN], True)


def test_a_sixth_answer_is_refused(respond, simulator):
    name = simulator.slack.responses.open()

    answers = [respond(name, text=str(number)) for number in range(6)]

    assert [one.status_code for one in answers] == [200] * 5 + [404]
    assert answers[5].body == "used_url"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("unknown", {"text": "x"}, (404, "expired_url")),
        ("unknown", {}, (400, "invalid_payload")),
        ("unknown", {"text": ""}, (400, "no_text")),
        ("unknown", {"text": "x", "blocks": [{}]}, (400, "invalid_blocks")),
    ],
)
def test_what_slack_would_not_take_is_refused(simulator, name, body, said):
    url = f"{simulator.url}/slack/responses/{name}"

    answer = requests.post(url, json=body, timeout=60)

    assert (answer.status_code, answer.text) == said


def test_a_button_that_is_not_there_cannot_be_pressed():
    with pytest.raises(LookupError):
        action_of([{"type": "section"}], "offboard.approve")
