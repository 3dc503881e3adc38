"""slack_sdk, unchanged, against the simulator's Slack."""

import pytest
import requests
from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError

from simulator import Fault, drop_after, status
from simulator.slack import SLACK_BOT_TOKEN, SLACK_CHANNEL_ID


@pytest.fixture
def client(simulator):
    return WebClient(
        SLACK_BOT_TOKEN, base_url=simulator.slack_api_url, timeout=60, retry_handlers=[]
    )


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def plain(text):
    return {"type": "plain_text", "text": text}


def button(**fields):
    return {"type": "button", "text": plain("Approve"), "action_id": "a", **fields}


def test_the_token_is_known(client):
    assert client.auth_test()["team_id"] == "T0SIMULATED"


def test_another_token_is_refused_with_http_200(simulator):
    client = WebClient("xoxb-other", base_url=simulator.slack_api_url)

    with pytest.raises(SlackApiError) as raised:
        client.auth_test()

    assert raised.value.response["error"] == "invalid_auth"
    assert raised.value.response.status_code == 200


def test_a_post_an_edit_and_a_reply(simulator, client):
    root = client.chat_postMessage(
        channel=SLACK_CHANNEL_ID, text="working", blocks=[section("one")]
    )
    client.chat_update(channel=SLACK_CHANNEL_ID, ts=root["ts"], text="done")
    client.chat_postMessage(
        channel=SLACK_CHANNEL_ID,
        text="final",
        thread_ts=root["ts"],
        reply_broadcast=True,
    )

    first, second = simulator.slack.messages
    assert (first.text, first.blocks, first.edited) == ("done", [], True)
    assert (second.thread_ts, second.edited) == (root["ts"], False)
    assert second.reply_broadcast
    assert {first.via, second.via} == {"api"}
    assert first.ts < second.ts


def test_a_message_that_was_deleted_takes_neither_a_change_nor_an_answer(
    simulator, client
):
    root = client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="working")
    simulator.slack.delete(root["ts"])

    with pytest.raises(SlackApiError) as changed:
        client.chat_update(channel=SLACK_CHANNEL_ID, ts=root["ts"], text="x")
    with pytest.raises(SlackApiError) as answered:
        client.chat_postMessage(
            channel=SLACK_CHANNEL_ID, text="x", thread_ts=root["ts"]
        )

    assert changed.value.response["error"] == "message_not_found"
    assert answered.value.response["error"] == "thread_not_found"
    assert simulator.slack.messages == []


def test_blocks_may_come_as_a_form(simulator):
    form = {
        "channel": SLACK_CHANNEL_ID,
        "text": "x",
        "blocks": '[{"type":"section","text":{"type":"mrkdwn","text":"one"}}]',
    }
    headers = {"Authorization": f"Bearer {SLACK_BOT_TOKEN}"}

    url = f"{simulator.slack_api_url}chat.postMessage"
    answer = requests.post(url, data=form, headers=headers, timeout=60)

    assert answer.json()["ok"] is True
    assert simulator.slack.messages[0].blocks == [section("one")]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            lambda c: c.chat_postMessage(channel="C0OTHER", text="x"),
            "channel_not_found",
        ),
        (lambda c: c.chat_postMessage(channel=SLACK_CHANNEL_ID, text=""), "no_text"),
        (
            lambda c: c.chat_update(channel=SLACK_CHANNEL_ID, ts="1.2", text="x"),
            "message_not_found",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text`:UserWarning")
def test_slacks_refusals(simulator, client, call, error):
    with pytest.raises(SlackApiError) as raised:
        call(client)

    assert raised.value.response["error"] == error
    assert simulator.slack.messages == []


WITHIN = {
    "a section of 3000": [section("x" * 3000)],
    "ten fields of 700": [
        {"type": "section", "fields": [section("x" * 700)["text"]] * 10}
    ],
    "a header of 150": [{"type": "header", "text": plain("x" * 150)}],
    "ten context elements": [{"type": "context", "elements": [plain("x")] * 10}],
    "25 buttons": [{"type": "actions", "elements": [button(value="v" * 200)] * 25}],
    "50 blocks": [{"type": "divider"}] * 50,
}
BEYOND = {
    "a section of 3001": [section("x" * 3001)],
    "an empty section": [section("")],
    "a field of 2001": [{"type": "section", "fields": [plain("x" * 2001)]}],
    "eleven fields": [{"type": "section", "fields": [plain("x")] * 11}],
    "a header of 151": [{"type": "header", "text": plain("x" * 151)}],
    "a header in mrkdwn": [{"type": "header", "text": section("x")["text"]}],
    "eleven context elements": [{"type": "context", "elements": [plain("x")] * 11}],
    "26 buttons": [{"type": "actions", "elements": [button()] * 26}],
    "a button text of 76": [
        {"type": "actions", "elements": [button(text=plain("x" * 76))]}
    ],
    "a button value of 2001": [
        {"type": "actions", "elements": [button(value="x" * 2001)]}
    ],
    "a confirm title of 101": [
        {
            "type": "actions",
            "elements": [
                button(confirm={"title": plain("x" * 101), "text": plain("x")})
            ],
        }
    ],
    "a confirm text of 301": [
        {
            "type": "actions",
            "elements": [
                button(confirm={"title": plain("x"), "text": plain("x" * 301)})
            ],
        }
    ],
    "a block_id of 256": [{"type": "divider", "block_id": "x" * 256}],
    "51 blocks": [{"type": "divider"}] * 51,
}


@pytest.mark.parametrize("blocks", WITHIN.values(), ids=WITHIN)
def test_a_message_within_the_limits_is_kept(simulator, client, blocks):
    client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="x", blocks=blocks)

    assert simulator.slack.messages[0].blocks == blocks


@pytest.mark.parametrize("blocks", BEYOND.values(), ids=BEYOND)
def test_a_block_beyond_a_limit_is_refused(simulator, client, blocks):
    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="x", blocks=blocks)

    assert raised.value.response["error"] == "invalid_blocks"
    assert simulator.slack.messages == []


def test_blocks_that_fit_one_by_one_may_be_too_much_together(client):
    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(
            channel=SLACK_CHANNEL_ID, text="x", blocks=[section("x" * 2700)] * 5
        )

    assert raised.value.response["error"] == "msg_blocks_too_long"


def test_a_text_beyond_forty_thousand_is_refused(client):
    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="x" * 40_001)

    assert raised.value.response["error"] == "msg_too_long"


def test_a_webhook_takes_text_and_blocks(simulator):
    webhook = WebhookClient(simulator.slack_webhook_url)

    answer = webhook.send(text="x", blocks=[section("one")])

    assert (answer.status_code, answer.body) == (200, "ok")
    (message,) = simulator.slack.messages
    assert (message.via, message.text) == ("webhook", "x")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "x", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": []}, "no_text"),
        (["text"], "invalid_payload"),
    ],
)
def test_a_webhook_refuses_with_400(simulator, body, error):
    answer = requests.post(simulator.slack_webhook_url, json=body, timeout=60)

    assert (answer.status_code, answer.text) == (400, error)
    assert simulator.slack.messages == []


def test_faults_reach_slack_and_its_calls_are_in_the_journal(simulator, client):
    limited = status(429, '{"ok":false,"error":"ratelimited"}', {"Retry-After": "2"})
    path = "/slack/api/chat.postMessage"
    simulator.faults.add(Fault("POST", path, limited))
    simulator.faults.add(Fault("POST", path, drop_after()))

    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="one")
    with pytest.raises(OSError, match="closed connection"):
        client.chat_postMessage(channel=SLACK_CHANNEL_ID, text="two")

    assert raised.value.response.headers["Retry-After"] == "2"
    assert [message.text for message in simulator.slack.messages] == ["two"]
    assert [call.status for call in simulator.journal.calls("POST", path)] == [
        429,
        None,
    ]
    assert simulator.journal.writes() == []
