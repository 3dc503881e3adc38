"""Answers to Slack that are sent later: what was decided, or what a look brought.

Each is kept in the store until it is sent, so that it outlives whoever took the press.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog

from workers.desk.seeing import GateQuestion
from workers.notify.slack_answers import Answer, Fate
from workers.notify.slack_gate import gate_text
from workers.offboarding.exposure import GateAnswer
from workers.offboarding.gate import told_viewers
from workers.store.late import Claimed, Late, LateAnswers

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# As Slack allows by one address.
_TRIES: Final = 5
_BUSY_SECONDS: Final = 2.0
_FIRST_PAUSE_SECONDS: Final = 2.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_AGAIN: Final = (Fate.WAIT, Fate.NEVER_LEFT, Fate.MAYBE)

_UNANSWERED: Final = {
    "response_type": "ephemeral",
    "replace_original": False,
    "text": ":warning: *Not proven safe:* the look at the accounts was broken off each "
    "time it was begun. Do not remove them; ask again, or on the page.",
}

Gate = Callable[[GateQuestion], GateAnswer | None]
Respond = Callable[[str, dict[str, Any]], Answer]


class LateSaying:
    """Sends what waits, one at a time.

    Args:
        answers: What waits.
        gate: Looks at the accounts; None where this worker has enough to look at.
        respond: Posts a body to Slack's address.
        public_url: The base of links.
    """

    def __init__(
        self,
        answers: LateAnswers,
        *,
        gate: Gate,
        respond: Respond,
        public_url: str | None,
    ) -> None:
        self._answers = answers
        self._gate = gate
        self._respond = respond
        self._public_url = public_url

    def due(self, limit: int) -> list[str]:
        """Take the ids of those to be sent now."""
        return self._answers.due(limit)

    def say(self, late_id: str) -> None:
        """Send one answer, unless another worker does, or it is over.

        Raises:
            StoreAwayError: It is due again when its lease is over.
        """
        claimed = self._answers.claim(late_id)
        if claimed is None:
            return
        if claimed.late is None or claimed.tries > _TRIES:
            self._leave(claimed)
            return
        body = self._body_of(claimed.late)
        if body is None:
            self._answers.again(claimed, _BUSY_SECONDS, is_try=False)
            return
        self._send(claimed, claimed.late.response_url, body)

    def _body_of(self, late: Late) -> dict[str, Any] | None:
        if late.body is not None or late.leaver is None:
            return late.body
        found = self._gate(GateQuestion(late.user, late.leaver))
        if found is None:
            return None
        shown = told_viewers(found) if late.is_viewer else found
        text = gate_text(shown, self._public_url)
        return {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": text,
        }

    def _send(self, claimed: Claimed, url: str, body: dict[str, Any]) -> None:
        answer = self._respond(url, body)
        if answer.fate is Fate.AS_TEXT and "blocks" in body:
            answer = self._respond(url, _as_text(body))
        if answer.fate in _AGAIN and claimed.tries < _TRIES:
            pause = _FIRST_PAUSE_SECONDS * 2 ** (claimed.tries - 1)
            wait = max(pause, answer.wait_seconds or 0)
            self._answers.again(claimed, min(wait, _LONGEST_PAUSE_SECONDS))
            log.info("slack.answer_postponed", code=answer.code)
            return
        if answer.fate is not Fate.SENT:
            self._give_up(claimed, answer.code)
            return
        self._answers.done(claimed.id)
        log.info("slack.answered", tries=claimed.tries)

    def _leave(self, claimed: Claimed) -> None:
        """Give one up over which workers died; who asked and waits is told so."""
        late = claimed.late
        if late is not None and late.body is None:
            self._respond(late.response_url, _UNANSWERED)
        self._give_up(claimed, "sealed" if late is None else "tries")

    def _give_up(self, claimed: Claimed, why: str) -> None:
        log.warning("slack.answer_given_up", why=why, tries=claimed.tries)
        self._answers.done(claimed.id)


def _as_text(body: dict[str, Any]) -> dict[str, Any]:
    """Say the same beside the message, where its own blocks are not taken back."""
    said = body.get("text", "")
    return {"response_type": "ephemeral", "replace_original": False, "text": said}
