"""Answers in Slack: short, shown to one person alone, every foreign word escaped."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from service.auth import caller
from service.context import here
from service.pages.standing import headline_of, report_on
from service.slack.forms import Press
from workers.desk.slack import (
    slack_code,
    slack_cut,
    slack_line,
    slack_link,
)
from workers.offboarding.model import Case, Entry

Answer = dict[str, Any]

_LONGEST: Final = 2900
_ACTOR: Final = re.compile(r"slack:(T[A-Z0-9]+)/([UW][A-Z0-9]+)")
# What somebody decided about a case, by its entry in the ledger.
_DECIDED: Final = {
    "case.approved": "approved",
    "case.refused": "refused",
    "case.cancelled": "cancelled",
    "case.retried": "taken back to work",
    "case.released": "let go by the brake's release",
}


def told(text: str, *more: Mapping[str, Any]) -> Answer:
    """Answer in text, and blocks below it; only who asked sees it."""
    text = slack_cut(text, _LONGEST)
    found: Answer = {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": text,
    }
    return found | ({"blocks": [section(text), *more]} if more else {})


def in_place(press: Press, text: str) -> Answer:
    """Put a line where the buttons of a message were, for everybody to see.

    Without the message, as where only its reader saw it, the line is all there is.
    """
    if not press.blocks:
        return {"replace_original": True, "text": text}
    line = {"type": "context", "elements": [_mrkdwn(text)]}
    blocks = [line if _is_pressed(one, press) else one for one in press.blocks]
    if line not in blocks:
        # Not the message that was pressed: its words must not go.
        return told(text)
    return {
        "replace_original": True,
        "text": press.text or text,
        "blocks": blocks,
    }


def _is_pressed(block: Mapping[str, Any], press: Press) -> bool:
    is_row = block.get("type") == "actions"
    return is_row and block.get("block_id") == press.block_id


def section(text: str) -> dict[str, Any]:
    """Make a block of text; addresses in it do not become links by themselves."""
    return {"type": "section", "text": {**_mrkdwn(text), "verbatim": True}}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def standing(case: Case) -> str:
    """Say how a case stands in a line, with its page where there is one."""
    now = here().clock()
    headline = slack_line(headline_of(case, report_on(case), now))
    return f"{headline} {named(case.id)}"


def named(case_id: str) -> str:
    """Name a case, as a link to its page where there is one."""
    public = here().settings.public_url
    if public is None:
        return f"Case {slack_code(case_id)}"
    return slack_link(f"{public.rstrip('/')}/cases/{case_id}", f"Case {case_id}")


def page(path: str, text: str, otherwise: str) -> str:
    """Link to a page of ours; *otherwise* where the service has no public address."""
    public = here().settings.public_url
    return slack_link(f"{public.rstrip('/')}{path}", text) if public else otherwise


def me() -> str:
    """Mention who pressed."""
    return person(caller().name)


def person(actor: str | None) -> str:
    """Name somebody: mentioned where they are in Slack, else as a foreign word."""
    found = _ACTOR.fullmatch(actor or "")
    if found and found[1] == _my_team():
        return f"<@{found[2]}>"
    return slack_code(actor or "somebody")


def _my_team() -> str:
    found = _ACTOR.fullmatch(caller().name)
    return found[1] if found else ""


def decided(ledger: Sequence[Entry]) -> str:
    """Say what was decided about a case last, by whom and when; empty where nothing."""
    found = next((one for one in reversed(ledger) if one.what in _DECIDED), None)
    if found is None:
        return ""
    return f" It was {_DECIDED[found.what]} by {person(found.actor)} {at(found.at)}."


def at(moment: datetime) -> str:
    """Say when, in UTC."""
    return f"at {moment:%Y-%m-%d %H:%M} UTC"
