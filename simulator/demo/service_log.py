"""What the service wrote while it ran: who died, and its last words for a reader.

Knows the form of a line (one JSON object, or what a library prints), not its meaning.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SHOWN_LINES: Final = 15
_UNSHOWN: Final = {"event", "service", "level", "logger", "timestamp"}


@dataclass(frozen=True, slots=True)
class Log:
    """The file that all processes of the service write into."""

    path: Path
    secrets: tuple[str, ...] = field(repr=False)

    def deaths(self) -> Counter[str]:
        """Count how often each process died, as the supervisor told."""
        told = [_event(line) for line in self._lines() if "process.died" in line]
        return Counter(str(one.get("name")) for one in told)

    def last(self) -> tuple[str, ...]:
        """Return the last lines in a form to be read, without any secret."""
        # Our own questions whether it is ready yet would drown the reason.
        lines = [line for line in self._lines() if '"/readyz"' not in line]
        return tuple(
            self._without_secrets(_readable(line)) for line in lines[-_SHOWN_LINES:]
        )

    def _lines(self) -> Iterator[str]:
        text = self.path.read_text(encoding="utf-8", errors="replace")
        return (line for line in text.splitlines() if line.strip())

    def _without_secrets(self, line: str) -> str:
        for secret in self.secrets:
            line = line.replace(secret, "[redacted]")
        return line


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _readable(line: str) -> str:
    event = _event(line)
    if not event:
        return line
    facts = [f"{name}={v}" for name, v in event.items() if name not in _UNSHOWN]
    return " ".join([f"{event.get('service')}: {event.get('event')}", *facts])
