"""Where a command writes: the result to stdout, everything else to stderr.

What comes from outside is shown as text: no markup, no control or invisible sign.
Plain without a terminal and with NO_COLOR; without one no line is ever wrapped.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Final, TextIO, cast

import click
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from service.commands.pipe import Patient
from service.commands.table import Column, laid_out
from workers.offboarding.advice import cleaned

# The version of what `-o json` writes: counted up when a key goes or changes its
# meaning, and not when one comes.
SCHEMA: Final = 1
# Where the click context keeps how this command writes.
OUTPUT: Final = "offboard.output"
QUIET: Final = "offboard.quiet"
_WRITTEN: Final = "offboard.written"
# Wider than any line: what is read by programs is never wrapped.
_UNWRAPPED: Final = 1_000_000


class Line:
    """One line that changes in place; without a terminal it is nowhere."""

    def __init__(self, spinner: Spinner | None) -> None:
        self._spinner = spinner

    def show(self, text: str) -> None:
        """Have it say *text* from now on."""
        if self._spinner is not None:
            line = Text(shown(text), no_wrap=True, overflow="ellipsis")
            self._spinner.update(text=line)


class Screen:
    """One of the two streams, for people."""

    def __init__(self, out: TextIO, *, is_quiet: bool = False) -> None:
        self._console = _open(out)
        self._console.quiet = is_quiet
        self._is_quiet = is_quiet

    def say(self, text: str, *, style: str = "") -> None:
        """Write a paragraph; only a terminal wraps it."""
        self._console.print(Text(shown(text), style=style))

    def line(self, text: str, *, style: str = "") -> None:
        """Write one line that is never wrapped: a headline, a command to copy."""
        self._console.print(Text(shown(text), style=style), soft_wrap=True)

    def gap(self) -> None:
        """Leave a line free where people read; programs get none."""
        if self._console.is_terminal:
            self._console.print()

    def title(self, text: str) -> None:
        """Begin a section."""
        self._console.print()
        self._console.print(Text(shown(text), style="bold"), soft_wrap=True)

    def table(
        self, columns: Sequence[Column | str], rows: Sequence[Sequence[str]]
    ) -> None:
        """Write a table as wide as the terminal lets it be; no word is ever broken."""
        named = [Column(one) if isinstance(one, str) else one for one in columns]
        cells = [[shown(cell) for cell in row] for row in rows]
        for part in laid_out(named, cells, self._console.width):
            self._console.print(part)

    def grid(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write names with what there is to say of each; a terminal folds that."""
        if not self._console.is_terminal:
            for name, text in rows:
                self.line(f"{name}: {text}")
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, text in rows:
            grid.add_row(Text(shown(name), style="green"), Text(shown(text)))
        self._console.print(grid)

    @contextmanager
    def alive(self) -> Iterator["Line"]:
        """Keep one line at the bottom of a terminal that changes; else nothing."""
        is_plain = self._console.color_system is None
        if self._is_quiet or is_plain or not self._console.is_terminal:
            yield Line(None)
            return
        spinner = Spinner("dots")
        with Live(spinner, console=self._console, transient=True, refresh_per_second=8):
            yield Line(spinner)

    def ask(self, text: str) -> str:
        """Ask for a line and return it without its ends; empty at the end of input."""
        self._console.print(Text(shown(text) + " "), end="", soft_wrap=True)
        return sys.stdin.readline().strip()


def result_screen() -> Screen:
    """Open stdout."""
    return Screen(sys.stdout)


def progress_screen() -> Screen:
    """Open stderr for what is told on the way, which --quiet leaves out."""
    return Screen(sys.stderr, is_quiet=bool(_said(QUIET)))


def loud_screen() -> Screen:
    """Open stderr for faults and questions, which nothing leaves out."""
    return Screen(sys.stderr)


def can_ask() -> bool:
    """Tell whether somebody is there who sees a question and can answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def write_json(body: Mapping[str, object]) -> None:
    """Write one JSON object to stdout, in ASCII: no escape sequence gets through."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_WRITTEN] = True
    out = Patient(sys.stdout)
    out.write(json.dumps({"schema": SCHEMA, **body}, indent=2) + "\n")
    out.flush()


def tell_fault(code: int, kind: str, lines: Sequence[str]) -> None:
    """Say why a command ends badly: on stderr, with -o json on stdout too.

    What has a result there already gets no second one: stdout is one JSON object.

    Args:
        code: The exit code that it ends with.
        kind: What kind of thing went wrong, in one word.
        lines: What to tell a person, one line each.
    """
    screen = loud_screen()
    for line in lines:
        screen.line(line)
    if _said(OUTPUT) == "json" and not _said(_WRITTEN):
        write_json({"error": {"exit": code, "kind": kind, "lines": list(lines)}})


def _said(name: str) -> object:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(name)


def to_the_minute(moment: str) -> str:
    """Shorten a moment for a table; JSON has it whole."""
    is_whole = len(moment) > 16 and moment.endswith("Z")
    return f"{moment[:10]} {moment[11:16]}Z" if is_whole else moment


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
        # It has what a console needs of a stream, and ends no command.
        file=cast("IO[str]", Patient(out)),
        color_system=None if is_plain else "auto",
        force_terminal=is_terminal,
        width=None if is_terminal else _UNWRAPPED,
        highlight=False,
        markup=False,
        emoji=False,
    )
