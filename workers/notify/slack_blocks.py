"""How a report becomes a Slack message: blocks, and the same as plain text.

Slack allows 50 blocks of 3,000 and refuses more than about 13,000 characters in all;
the room between is for what is added at the end. It posts nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workers.notify.case_page import case_page
from workers.notify.mrkdwn import (
    slack_code,
    slack_cut,
    slack_escape,
    slack_line,
    slack_plain,
)
from workers.offboarding.report import Item, Report, Severity

Block = dict[str, Any]

_MOST_BLOCKS: Final = 45
_MOST_CHARACTERS: Final = 11_000
_MOST_IN_SECTION: Final = 2_900
_MOST_IN_TEXT: Final = 3_900
_ROOM_FOR_END: Final = 900
_LONGEST_HEADLINE: Final = 1_000
_LONGEST_COMMAND: Final = 1_200
_MARKS: Final = {
    Severity.GOOD: ":white_check_mark:",
    Severity.ATTENTION: ":warning:",
    Severity.HELD: ":hourglass:",
    Severity.UNDER_WAY: ":hourglass_flowing_sand:",
    Severity.NEUTRAL: ":information_source:",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted. ``as_text`` is for a Slack that refuses the blocks."""

    text: str
    blocks: list[Block]
    as_text: str


def message_of(
    report: Report, public_url: str | None, buttons: Sequence[Block] = ()
) -> Message:
    """Put *report* into a message within Slack's limits; its id is always last.

    *buttons* are blocks that stand below the headline: Slack folds a long message, and
    whoever is woken by it should not have to look for them.
    """
    mark, verdict = _MARKS[report.severity], slack_plain(report.verdict)
    first = slack_cut(
        f"{mark} *{verdict}:* {slack_line(report.headline)}", _LONGEST_HEADLINE
    )
    word, ident = report.ending
    end = f"{_signed(report.evidence_key)}{word} {slack_code(ident)}"
    link = _link(case_page(public_url, report.case_id))
    paragraphs = [first, *_paragraphs(report)]
    return Message(
        text=f"{first} {word} {slack_code(ident)}",
        blocks=_blocks(paragraphs, link, end, list(buttons)),
        as_text="\n".join([*_fitting(paragraphs, link, _MOST_IN_TEXT), end]),
    )


def _signed(evidence_key: str | None) -> str:
    return f"Evidence key {slack_code(evidence_key)}\n" if evidence_key else ""


def _blocks(
    paragraphs: list[str], link: str, end: str, buttons: list[Block]
) -> list[Block]:
    """Pack paragraphs into sections, within what Slack takes."""
    limit = _MOST_CHARACTERS
    while True:
        fitting = _fitting(paragraphs, link, limit)
        parts = [fitting[:1], [*fitting[1:], end]] if buttons else [[*fitting, end]]
        said, *rest = [[_section(text) for text in _packed(one)] for one in parts]
        blocks = [*said, *buttons, *(block for one in rest for block in one)]
        # The JSON is what is counted, so that quotes and braces are in it.
        size = len(json.dumps(blocks, ensure_ascii=False))
        is_fit = size <= _MOST_CHARACTERS and len(blocks) <= _MOST_BLOCKS
        if is_fit or limit <= 0:
            return blocks
        limit -= max(size - _MOST_CHARACTERS, 100)


def _section(text: str) -> Block:
    # verbatim: addresses and channel names in the text do not become links
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text, "verbatim": True},
    }


def _fitting(paragraphs: list[str], link: str, limit: int) -> list[str]:
    """Return as many paragraphs as fit, and how many more there are."""
    kept: list[str] = []
    used = 0
    for place, paragraph in enumerate(paragraphs):
        used += len(paragraph) + 1
        if place and used > limit - _ROOM_FOR_END:
            more = sum(not _is_title(one) for one in paragraphs[place:])
            if _is_title(kept[-1]):
                kept.pop()
            return [*kept, f"and {more} more{link}"]
        kept.append(paragraph)
    return [*kept, f"The whole case{link}"] if link else kept


def _packed(paragraphs: list[str]) -> Iterator[str]:
    held: list[str] = []
    for paragraph in paragraphs:
        if held and sum(len(one) + 1 for one in [*held, paragraph]) > _MOST_IN_SECTION:
            yield "\n".join(held)
            held = []
        held.append(paragraph)
    yield "\n".join(held)


def _paragraphs(report: Report) -> Iterator[str]:
    is_case = report.case_id is not None
    for section in report.sections:
        yield f"*{slack_plain(section.title)}*"
        yield from (_paragraph(item, is_case) for item in section.items)


def _is_title(paragraph: str) -> bool:
    return paragraph.startswith("*") and "\n" not in paragraph


def _paragraph(item: Item, is_case: bool) -> str:
    lines = [f"• {slack_line(item.line)}"]
    lines += [f"    {slack_line(detail)}" for detail in item.details]
    text = slack_cut("\n".join(lines), _MOST_IN_SECTION - _LONGEST_COMMAND - 50)
    text += _opened(item.link)
    return f"{text}\n{_command(item.command, is_case)}" if item.command else text


def _opened(page: str | None) -> str:
    address = slack_escape(page or "").replace("|", "%7C")
    return f" <{address}|Open the list>" if address else ""


def _command(command: str, is_case: bool) -> str:
    """Show a command whole or not at all: half of one does something else."""
    shown = slack_escape(command)
    if "`" in command or len(shown) > _LONGEST_COMMAND:
        # A notice has no page to see it on; a mail has it whole.
        see = ": see the case" if is_case else ""
        return f"    (the command does not fit here{see})"
    return f"```{shown}```"


def _link(page: str | None) -> str:
    if page is None:
        return ""
    return f": <{slack_escape(page).replace('|', '%7C')}|see the case>"
