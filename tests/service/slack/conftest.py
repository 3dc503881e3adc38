import json
from urllib.parse import urlencode

import pytest
from fake_desk import NOW
from slack_people import APPROVER, RESPONSE_URL, TEAM, USERS

from config.secret import Secret
from simulator.slack_hand import SLACK_SIGNING_SECRET, signed


@pytest.fixture
def client(with_settings):
    return with_settings(
        slack_signing_secret=(Secret(SLACK_SIGNING_SECRET),),
        slack_users=USERS,
        public_url="https://offboard.example.com",
        armed=True,
    )


@pytest.fixture
def post(client):
    """Sends a form as Slack does; every part of it may be another."""

    def posted(path, fields, *, at=NOW, headers=None, raw=None, secret=None):
        raw = urlencode(fields).encode() if raw is None else raw
        given = signed(
            raw, secret=secret or SLACK_SIGNING_SECRET, at=int(at.timestamp())
        )
        return client.post(path, data=raw, headers={**given, **(headers or {})})

    return posted


@pytest.fixture
def type_(post):
    """Types a command, as one of the three."""
    numbers = iter(range(1000))

    def typed(text, user=APPROVER, team=TEAM):
        # Each has another trigger, as Slack's have: no two are the same bytes.
        fields = {
            "team_id": team,
            "user_id": user,
            "user_name": "sam",
            "text": text,
            "response_url": RESPONSE_URL,
            "trigger_id": str(next(numbers)),
        }
        answer = post("/slack/command", fields)
        assert answer.status_code == 200, answer.text
        return answer.json

    return typed


@pytest.fixture
def press(post, desk):
    """Presses a button, as one of the three; returns what is answered later."""
    numbers = iter(range(1000))

    def pressed(action, value, user=APPROVER, *, message=None, changed=None, **more):
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "name": "sam"},
            "actions": [
                {"action_id": action, "value": json.dumps(value), "block_id": "b1"}
            ],
            "response_url": RESPONSE_URL,
            "trigger_id": str(next(numbers)),
            **({"message": message} if message else {}),
            **more,
            **(changed or {}),
        }
        before = len(desk.slack.said)
        answer = post("/slack/interactive", {"payload": json.dumps(payload)})
        assert (answer.status_code, answer.data) == (200, b"")
        said = desk.slack.said[before:]
        assert [url for url, _ in said] == [RESPONSE_URL]
        return said[0][1]

    return pressed
