"""Somebody in Slack who types and presses: signed requests to the service's routes.

Knows nothing of what the service does with them.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

from simulator.errors import Json
from simulator.slack import Slack, SlackMessage

SLACK_SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - the one of Slack's own published example
SLACK_TEAM_ID = "T0SIMULATED"


def signed(
    raw: bytes, *, secret: str = SLACK_SIGNING_SECRET, at: int
) -> dict[str, str]:
    """Return the headers with which Slack sends a form."""
    base = b"v0:" + str(at).encode() + b":" + raw
    mark = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={mark}",
    }


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back at once, and the address to which more may come."""

    status: int
    text: str
    name: str

    @property
    def said(self) -> str:
        """Return the text that is shown."""
        return str(json.loads(self.text)["text"]) if self.text else ""

    @property
    def blocks(self) -> list[Json]:
        """Return the blocks that are shown."""
        return list(json.loads(self.text).get("blocks", [])) if self.text else []


@dataclass(frozen=True, slots=True)
class SlackHand:
    """One person in the workspace, at the service's *url*.

    ``slack_url`` is the simulator's own address, where later answers go.
    """

    slack: Slack
    url: str
    slack_url: str
    user_id: str
    secret: str = SLACK_SIGNING_SECRET

    def type(self, text: str) -> Answered:
        """Type ``/offboard`` and *text*."""
        name = self.slack.responses.open()
        return self._send(
            "/slack/command",
            {
                "team_id": SLACK_TEAM_ID,
                "user_id": self.user_id,
                "user_name": "somebody",
                "command": "/offboard",
                "text": text,
                "response_url": self._address(name),
            },
            name,
        )

    def press(self, message: SlackMessage, action_id: str) -> Answered:
        """Press a button of a message, and say yes to what it asks."""
        place: Json = {"channel": message.channel, "ts": message.ts}
        name = self.slack.responses.open(place)
        shown: Json = {"ts": message.ts, "text": message.text, "blocks": message.blocks}
        return self._press(message.blocks, action_id, name, message=shown)

    def press_shown(self, answered: Answered, action_id: str) -> Answered:
        """Press a button of an answer that only this person sees."""
        return self._press(answered.blocks, action_id, self.slack.responses.open())

    def _press(
        self, blocks: list[Json], action_id: str, name: str, **more: Json
    ) -> Answered:
        payload = {
            "type": "block_actions",
            "team": {"id": SLACK_TEAM_ID, "domain": "simulated"},
            "user": {"id": self.user_id, "username": "somebody", "name": "somebody"},
            "actions": [action_of(blocks, action_id)],
            "response_url": self._address(name),
            **more,
        }
        return self._send("/slack/interactive", {"payload": json.dumps(payload)}, name)

    def _address(self, name: str) -> str:
        return f"{self.slack_url}/slack/responses/{name}"

    def _send(self, path: str, fields: dict[str, str], name: str) -> Answered:
        raw = urlencode(fields).encode()
        headers = signed(raw, secret=self.secret, at=int(time.time()))
        answer = requests.post(self.url + path, data=raw, headers=headers, timeout=30)
        return Answered(answer.status_code, answer.text, name)


def action_of(blocks: list[Json], action_id: str) -> Json:
    """Return a button as Slack sends it when it is pressed."""
    for block in blocks:
        elements = block.get("elements")
        for one in elements if isinstance(elements, list) else []:
            if one.get("action_id") == action_id:
                return {
                    "type": "button",
                    "action_id": action_id,
                    "block_id": block.get("block_id", ""),
                    "value": one.get("value", ""),
                    "action_ts": str(time.time()),
                }
    raise LookupError(action_id)
