"""Texts as Slack reads them: escaped, foreign words in code spans, cut in no entity."""

import re

from workers.offboarding.report import Line, Name


def slack_line(line: Line) -> str:
    """Write a line of a report; whatever came from outside stands in a code span."""
    return "".join(
        slack_code(piece.text) if isinstance(piece, Name) else slack_plain(piece)
        for piece in line
    )


def slack_code(text: str) -> str:
    """Show a foreign text as it is: in a code span nothing is markup or a mention."""
    one_line = " ".join(text.replace("`", "").split())
    return f"`{slack_escape(one_line) or '?'}`"


def slack_plain(text: str) -> str:
    """Take out what mrkdwn would read as markup; an underscore inside a word stays."""
    quiet = re.sub(r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", text)
    return slack_escape(quiet)


def slack_escape(text: str) -> str:
    """Escape what Slack asks for, which also defuses mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_cut(escaped: str, limit: int) -> str:
    """Cut escaped text to *limit* characters, inside no entity and no code span."""
    if len(escaped) <= limit:
        return escaped
    kept = re.sub(r"&[a-z]{0,4}$", "", escaped[: limit - 2])
    return kept + ("`…" if kept.count("`") % 2 else "…")


def slack_link(url: str, text: str) -> str:
    """Link to a page of ours."""
    return f"<{slack_escape(url).replace('|', '%7C')}|{slack_escape(text)}>"
