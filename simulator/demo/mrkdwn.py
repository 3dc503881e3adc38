"""Slack's markup as people see it in the channel, for a terminal. Knows no message.

Reads what a report uses: bold, code, links, emoji, bullets.
Source: Slack, "Formatting text for app surfaces".
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_TOKEN: Final = re.compile(
    r"```(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*(?P<bold>[^*\n]+)\*"
    r"|<(?P<url>[^|>\n]+)(?:\|(?P<label>[^>\n]+))?>"
    r"|:(?P<emoji>[a-z_]+):",
    re.DOTALL,
)
_EMOJI: Final = {
    "white_check_mark": "\N{WHITE HEAVY CHECK MARK}",
    "warning": "\N{WARNING SIGN}",
    "hourglass": "\N{HOURGLASS}",
    "hourglass_flowing_sand": "\N{HOURGLASS WITH FLOWING SAND}",
    "information_source": "\N{INFORMATION SOURCE}",
}
_INDENT: Final = re.compile(r" *(?:[•✔✘-] )?")


def markup_of(text: str, blocks: list[dict[str, Any]]) -> str:
    """Return the markup a message shows: its blocks', else its text."""
    parts = [block.get("text", {}).get("text") for block in blocks]
    return "\n".join(part for part in parts if part) or text


def shown(markup: str) -> Group:
    """Render markup."""
    whole = Text()
    end = 0
    for token in _TOKEN.finditer(markup):
        whole.append(_unescaped(markup[end : token.start()]))
        whole.append_text(_piece(token))
        end = token.end()
    whole.append(_unescaped(markup[end:]))
    return hanging(whole)


def hanging(text: Text) -> Group:
    """Keep each line's indent where the line is wrapped."""
    return Group(*_lines(text))


def _lines(text: Text) -> Iterator[RenderableType]:
    for line in text.split("\n", allow_blank=True):
        indent = _INDENT.match(line.plain)
        width = indent.end() if indent else 0
        if width == 0:
            yield line
            continue
        grid = Table.grid()
        grid.add_column(width=width, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(line[:width], line[width:])
        yield grid


def _piece(token: re.Match[str]) -> Text:
    kind, given = token.lastgroup, token.groupdict()
    if given["block"] is not None:
        return Text(f"    {_unescaped(given['block'])}", style="cyan")
    if given["code"] is not None:
        return Text(_unescaped(given["code"]), style="cyan")
    if given["bold"] is not None:
        return Text(_unescaped(given["bold"]), style="bold")
    if kind == "emoji":
        return Text(_EMOJI.get(given["emoji"], token[0]))
    url, label = _unescaped(given["url"]), given["label"]
    return Text(f"{_unescaped(label)} ({url})" if label else url, style="underline")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
