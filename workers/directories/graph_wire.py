"""One HTTP exchange with Microsoft: bounded in time and size, its answer as it came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.directories import wire

# Whoever sends a piece now and then is cut off after this.
_LONGEST_SECONDS: Final = 60
_LARGEST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is None where it was no JSON object."""

    status: int
    body: Mapping[str, Any] | None
    retry_after_seconds: float | None = None

    @property
    def code(self) -> str:
        """Return the error's own code; empty where it has none we can show."""
        error = (self.body or {}).get("error")
        code = error.get("code") if isinstance(error, dict) else error
        is_word = isinstance(code, str) and code.replace("_", "").isalnum()
        return str(code)[:60] if is_word and str(code).isascii() else ""


def exchange(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request and take its answer in; follows no redirect.

    Raises:
        TransientError: No whole answer came.
    """
    answer = wire.exchange(
        "Microsoft",
        method,
        url,
        headers=headers,
        params=params,
        data=form,
        json=body,
        longest_seconds=_LONGEST_SECONDS,
        largest_bytes=_LARGEST_BYTES,
    )
    return Answer(answer.status, _object_in(answer.raw), answer.retry_after_seconds)


def _object_in(raw: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
