"""Foreign text made fit for a page and for a cell, the same on every machine. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

# Named one by one and not by Unicode's categories, which grow with Python's versions.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """Return *text* as HTML on one line, with what cannot be seen made visible."""
    line = " ".join(_CONTROLS.sub(" ", text).split())
    return escape(_UNSEEN.sub("\ufffd", line), quote=True)


def objects_in(raw: bytes) -> Iterator[Any]:
    """Read JSON, one value a line; ValueError where that is not what it is."""
    for line in raw.decode().splitlines():
        try:
            yield json.loads(line)
        except RecursionError:
            raise ValueError("it is nested too deep") from None


def moment_in(value: object) -> datetime | None:
    """Read a moment as entries have it; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def second(at: datetime | None) -> str:
    """Write a moment to the second, as tables have it; empty for none."""
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def for_people(at: datetime | None) -> str:
    """Write a moment to the second, as pages have it; a dash for none."""
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """Write how long something took: ``4.6 s``, ``3 min 12 s``, ``2 d 4 h``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for size, large, small, part in (
        (3600, "min", "s", 60),
        (86_400, "h", "min", 3600),
    ):
        if whole < size:
            return f"{whole // part} {large} {whole % part // (part // 60)} {small}"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
