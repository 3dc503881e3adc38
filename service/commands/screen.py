"""Where a command writes: the result to stdout, everything else to stderr.

What comes from outside is shown as text: no markup, no control or invisible sign.
Plain without a terminal and with NO_COLOR; without one no line is ever wrapped.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workers.offboarding.advice import cleaned

# What is copied is never folded, however narrow the terminal is.
_WHOLE: Final = ("Case", "ID")
# Wider than any line: what is read by programs is never wrapped.
_UNWRAPPED: Final = 1_000_000


class Screen:
    """One of the two streams, for people."""

    def __init__(self, out: TextIO) -> None:
        self._console = _open(out)

    def say(self, text: str, *, style: str = "") -> None:
        """Write a paragraph; only a terminal wraps it."""
        self._console.print(Text(shown(text), style=style))

    def line(self, text: str, *, style: str = "") -> None:
        """Write one line that is never wrapped: a headline, a command to copy."""
        self._console.print(Text(shown(text), style=style), soft_wrap=True)

    def title(self, text: str) -> None:
        """Begin a section."""
        self._console.print()
        self._console.print(Text(shown(text), style="bold"), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table; in a narrow terminal its cells are folded, never cut."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
        for row in rows:
            table.add_row(*(Text(shown(cell)) for cell in row))
        self._console.print(table)

    def ask(self, text: str) -> str:
        """Ask for a line and return it without its ends; empty at the end of input."""
        self._console.print(Text(shown(text) + " "), end="", soft_wrap=True)
        return sys.stdin.readline().strip()


def result_screen() -> Screen:
    """Open stdout."""
    return Screen(sys.stdout)


def progress_screen() -> Screen:
    """Open stderr."""
    return Screen(sys.stderr)


def can_ask() -> bool:
    """Tell whether somebody is there who sees a question and can answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def write_json(body: Mapping[str, object]) -> None:
    """Write one JSON object to stdout, in ASCII: no escape sequence gets through."""
    sys.stdout.write(json.dumps(body, indent=2) + "\n")
    sys.stdout.flush()


def shown(text: str) -> str:
    """Return *text* on one line, whole, with what cannot be seen made visible."""
    return cleaned(text, len(text) + 1)


def _open(out: TextIO) -> Console:
    if hasattr(out, "reconfigure"):
        # A sign the terminal cannot show must not end the command.
        out.reconfigure(errors="backslashreplace")
    is_terminal = out.isatty()
    is_plain = bool(os.environ.get("NO_COLOR")) or not is_terminal
    return Console(
        file=out,
        color_system=None if is_plain else "auto",
        force_terminal=is_terminal,
        width=None if is_terminal else _UNWRAPPED,
        highlight=False,
        markup=False,
        emoji=False,
    )
