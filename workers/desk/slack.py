"""What Slack's presses and commands need of the desk, and the words they are told in.

A press is noted before it is acted on; its answer goes out later, by a worker, so that
nobody at Slack waits for a look at the accounts, and no answer dies with the web.
"""

from typing import Any

import structlog

from workers.app import Sender
from workers.notify.mrkdwn import (
    slack_code,
    slack_cut,
    slack_escape,
    slack_line,
    slack_link,
    slack_plain,
)
from workers.notify.slack_buttons import (
    APPROVE,
    REFUSE,
    REFUSE_ALL,
    RELEASE_ALL,
    RETRY,
    button,
    row,
)
from workers.offboarding.model import Leaver
from workers.store.late import Late, LateAnswers
from workers.store.presses import Known, Presses

__all__ = [
    "APPROVE",
    "REFUSE",
    "REFUSE_ALL",
    "RELEASE_ALL",
    "RETRY",
    "Known",
    "SlackDesk",
    "button",
    "row",
    "slack_code",
    "slack_cut",
    "slack_escape",
    "slack_line",
    "slack_link",
    "slack_plain",
]

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SlackDesk:
    """The desk for Slack. Every method raises StoreAwayError."""

    def __init__(self, presses: Presses, late: LateAnswers, sender: Sender) -> None:
        self._late = late
        self._sender = sender
        self.begin = presses.begin
        self.end = presses.end

    def say(self, response_url: str, body: dict[str, Any]) -> None:
        """Have a worker answer; it is on disk on return."""
        self._keep(Late(response_url, body=body))

    def ask_gate(
        self, response_url: str, leaver: Leaver, *, user: str, is_viewer: bool
    ) -> None:
        """Have a worker look whether *leaver* may be removed, and answer that."""
        late = Late(response_url, leaver=leaver, user=user, is_viewer=is_viewer)
        self._keep(late)

    def _keep(self, late: Late) -> None:
        late_id = self._late.keep(late)
        self._sender.answer_late(late_id)
