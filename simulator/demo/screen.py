"""How the demo looks: titles, tables, panels. Decides nothing, counts nothing.

Without a terminal it is plain text, 100 columns wide.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from email.message import EmailMessage
from typing import Final, TextIO

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulator.demo import mrkdwn
from simulator.demo.door import EVENT_PATH, Answer, Event
from simulator.demo.exposure import Holding
from simulator.demo.progress import Line
from simulator.demo.proof import Proof
from simulator.slack import SlackMessage

_WIDTH: Final = 100


def open_console(out: TextIO = sys.stdout) -> Console:
    """Make the console on *out*: plain without a terminal or with NO_COLOR."""
    if hasattr(out, "reconfigure"):
        # A terminal that cannot show a sign gets a question mark, not a traceback.
        out.reconfigure(errors="replace")
    is_plain = bool(os.environ.get("NO_COLOR")) or not out.isatty()
    console = Console(
        file=out,
        color_system=None if is_plain else "auto",
        force_terminal=False if is_plain else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.width = min(console.width, _WIDTH) if out.isatty() else _WIDTH
    return console


class Screen:
    """What the reader sees, in order."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, *, style: str = "") -> None:
        """Print a paragraph."""
        self._console.print(Text(text, style=style))

    def verbatim(self, text: str) -> None:
        """Print lines that are to be copied: never wrapped."""
        self._console.print(Text(text), soft_wrap=True)

    def title(self, text: str) -> None:
        """Begin a section."""
        self._console.print()
        self._console.print(Text(text, style="bold cyan"))
        self._console.print(Text("─" * len(text), style="cyan"))

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Say that something takes a while; it moves only in a terminal."""
        if self._console.is_terminal:
            return self._console.status(Text(text))
        self.say(text)
        return nullcontext()

    def owners(self, rows: Sequence[tuple[Holding, str, str]]) -> None:
        """Show targets, each with a remark on its owner, and the style of both."""
        table = _table("Region", "Resource group", "Clusters", "Owner of the key")
        for one, remark, style in rows:
            owner = Text(f"{one.owner}{remark}", style=style)
            table.add_row(one.region, one.group, ", ".join(one.names), owner)
        self._console.print()
        self._console.print(table)

    def event(self, event: Event, answer: Answer) -> None:
        """Show what goes in, and what the service answers."""
        lines = (
            f"POST {EVENT_PATH}",
            f"webhook-id: {event.message_id}",
            f"webhook-timestamp: {event.timestamp}",
            "webhook-signature: (HMAC-SHA256 of these two and the body, not shown)",
            "",
            event.body,
        )
        self._panel("The request", Text("\n".join(lines)))
        self._answer(answer, f": {_one_line(answer.text)}")

    def request(self, answer: Answer, *lines: str) -> None:
        """Show a request in short, and whether it was taken."""
        for line in lines:
            self._console.print(Text(f"  {line}"), soft_wrap=True)
        self._answer(answer, "" if answer.status < 400 else f": {answer.text}")

    def _answer(self, answer: Answer, text: str) -> None:
        answered = f"Answer: {answer.status} {answer.phrase.capitalize()} "
        self._console.print(
            Text(answered, style="bold green" if answer.status < 400 else "bold red"),
            Text(f"after {answer.seconds * 1000:.0f} ms{text}"),
            sep="",
        )

    def advice(self, reason: str, text: str, who: str, command: str | None) -> None:
        """Show why a target failed, who can mend it and by which command."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        rows = {"Reason": reason, "Means": text, "Who": who, "Command": command}
        for name, value in rows.items():
            grid.add_row(name, value or "none")
        self._console.print(Panel(grid, box=ROUNDED))

    def functional_ids(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Show who takes over, and how many key slots they have left."""
        columns = ("Functional ID", "Owns", "Free key slots", "Would take over")
        table = _table(*columns)
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)

    def plan(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Show the targets of a plan: where, which clusters, whose, what to do."""
        table = _table("Region", "Resource group", "Clusters", "Owner", "To do")
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)

    def happening(self, line: Line, began_at: float) -> None:
        """Print one line of progress."""
        text = Text(f"{max(line.at - began_at, 0):5.1f} s  ", style="dim")
        text.append(f"{line.target:<20}  ", style="")
        text.append(line.text, style="bold green" if line.is_end else "")
        self._console.print(text)

    def slack(self, message: SlackMessage) -> None:
        """Show a message as the channel does."""
        markup = mrkdwn.markup_of(message.text, message.blocks)
        where = "the ops channel"
        if message.edited:
            where = "the ops channel, changed as the case went on"
        elif message.thread_ts:
            where = "below that, and in the channel too"
        self._panel(f"Slack, {where}", mrkdwn.shown(markup))

    def mail(self, message: EmailMessage) -> None:
        """Show a mail's head and how its text begins: the rest is as in Slack."""
        head = Text()
        for name in ("From", "To", "Subject"):
            head.append(f"{name}: ", style="bold").append(f"{message[name]}\n")
        part = message.get_body(preferencelist=("plain",))
        text = str(part.get_content()) if isinstance(part, EmailMessage) else ""
        first, _, _ = text.strip().partition("\n\n")
        rest = text.strip().count("\n") - first.count("\n")
        more = f"(and {rest} lines more: the facts of the message above, again)"
        self._panel("Mail", Group(head, Text(first), Text(more, style="dim")))

    def proof(self, proof: Proof) -> None:
        """Print a claim with its mark and what was counted."""
        mark, style = ("✔", "bold green") if proof.holds else ("✘ NOT SO:", "bold red")
        text = Text(f"{mark} ", style=style)
        text.append(proof.claim, style="default")
        text.append(f": {proof.found}.", style="dim")
        self._console.print(mrkdwn.hanging(text))

    def _panel(self, title: str, inside: Text | Group) -> None:
        self._console.print(Panel(inside, title=title, title_align="left", box=ROUNDED))


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _one_line(text: str) -> str:
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return text
