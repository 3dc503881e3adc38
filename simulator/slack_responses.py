"""Slack's addresses for later answers: one a press or a command, each for five answers.

Knows nothing of HTTP, nor of who presses.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.errors import Json

_MOST = 5


@dataclass(slots=True)
class _Address:
    """Where an answer may go: the message that was pressed, if it was one."""

    message: Json | None
    answers: list[Json] = field(default_factory=list)


class SlackResponses:
    """The addresses given out, and what came to each."""

    def __init__(self, edit: Callable[[Json], object]) -> None:
        self._edit = edit
        self._lock = threading.Lock()
        self._given: dict[str, _Address] = {}

    def open(self, message: Json | None = None) -> str:
        """Give an address out, for a press on *message* (its channel and ts)."""
        name = secrets.token_hex(12)
        with self._lock:
            self._given[name] = _Address(message)
        return name

    def take(self, name: str, body: Json) -> str | None:
        """Take an answer; Slack's word for what is wrong, else None.

        ``replace_original`` changes the message that was pressed (verified in Slack's
        documentation); the words for an address that is used up or unknown are
        inferred, not confirmed against a live workspace.
        """
        with self._lock:
            address = self._given.get(name)
            if address is None:
                return "expired_url"
            if len(address.answers) >= _MOST:
                return "used_url"
            address.answers.append(body)
        if body.get("replace_original") and address.message:
            self._edit({**body, **address.message})
        return None

    def answers(self, name: str) -> list[Json]:
        """Answer what came to an address, oldest first."""
        with self._lock:
            return list(self._given[name].answers)
