"""A Slack workspace: who may post where, and every message as it stands.

Knows nothing of HTTP (that is ``slack_web``) nor of limits (``slack_limits``).
"""

import json
import threading
import time
from dataclasses import dataclass, replace

from simulator.errors import Json
from simulator.slack_responses import SlackResponses

SLACK_BOT_TOKEN = "xoxb-simulated"  # noqa: S105 - made up, opens nothing but this simulator
SLACK_CHANNEL_ID = "C0SIMULATED"
WEBHOOK_PATH = "/slack/services/T0SIMULATED/B0SIMULATED/simulated"


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message as the channel shows it now.

    ``thread_ts`` is the root it answers, if any; ``edited`` tells that ``chat.update``
    changed it; ``via`` is ``api`` or ``webhook``; ``reply_broadcast`` that a reply is
    shown in the channel too. ``posted_at`` is in epoch seconds.
    """

    channel: str
    ts: str
    thread_ts: str | None
    text: str
    blocks: list[Json]
    edited: bool
    via: str
    reply_broadcast: bool = False
    posted_at: float = 0.0


class Slack:
    """One workspace: who may post where, and what was posted, oldest first."""

    def __init__(self) -> None:
        self.token = SLACK_BOT_TOKEN
        self.channels = {SLACK_CHANNEL_ID}
        self._lock = threading.Lock()
        self._messages: list[SlackMessage] = []
        self._posted = 0
        self.responses = SlackResponses(self.edit)

    @property
    def messages(self) -> list[SlackMessage]:
        """Answer all messages in order of posting, each as it is now."""
        with self._lock:
            return list(self._messages)

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._messages.clear()

    def delete(self, ts: str) -> None:
        """Take a message away, as somebody in the channel may."""
        with self._lock:
            self._messages = [one for one in self._messages if one.ts != ts]

    def has_thread(self, given: Json) -> bool:
        """Tell whether what a message answers is there; True if it answers nothing."""
        thread_ts, channel = given.get("thread_ts"), given.get("channel")
        if not thread_ts:
            return True
        with self._lock:
            return any(
                (one.channel, one.ts) == (channel, str(thread_ts))
                for one in self._messages
            )

    def post(self, given: Json, *, via: str) -> SlackMessage:
        """Keep a message; the caller has checked it."""
        with self._lock:
            self._posted += 1
            thread_ts = given.get("thread_ts")
            message = SlackMessage(
                channel=str(given.get("channel", "")),
                ts=f"1795410119.{self._posted:06d}",
                thread_ts=str(thread_ts) if thread_ts else None,
                text=str(given.get("text") or ""),
                blocks=blocks_of(given) or [],
                edited=False,
                via=via,
                reply_broadcast=given.get("reply_broadcast") in (True, "true", "1"),
                posted_at=time.time(),
            )
            self._messages.append(message)
            return message

    def edit(self, given: Json) -> SlackMessage | None:
        """Change a message as a whole; None where there is none with this ``ts``.

        Text without blocks takes the blocks away (verified in Slack's documentation).
        """
        with self._lock:
            for place, message in enumerate(self._messages):
                if (message.channel, message.ts) == (given["channel"], given.get("ts")):
                    self._messages[place] = replace(
                        message,
                        text=str(given.get("text") or ""),
                        blocks=blocks_of(given) or [],
                        edited=True,
                    )
                    return self._messages[place]
        return None


def blocks_of(given: Json) -> list[Json] | None:
    """Read the blocks, which a form carries as JSON text; None where unreadable."""
    blocks = given.get("blocks") or []
    try:
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    except ValueError:
        return None
    return blocks if isinstance(blocks, list) else None
