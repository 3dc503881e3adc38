"""Forms as Slack sends them, and the one field of a press that holds JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from service.bodies import strict_json
from service.errors import MalformedError

FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100


@dataclass(frozen=True, slots=True)
class Press:
    """One button as it was pressed.

    Attributes:
        action: What the button is for.
        value: What it was bound to when it was shown.
        block_id: The block it stands in.
        response_url: Where it is answered: a secret. Empty where Slack gave none.
        blocks: The message as it stands; empty where Slack did not send it.
        text: The message's text.
    """

    team_id: str
    user_id: str
    action: str
    value: Mapping[str, Any]
    block_id: str
    response_url: str
    blocks: tuple[Mapping[str, Any], ...]
    text: str


def read_form(raw: bytes) -> dict[str, str]:
    """Read a form, each field once.

    Raises:
        UnsupportedMediaType: It is no form.
        MalformedError: Not UTF-8, a field twice, or too many.
    """
    if request.mimetype != FORM:
        raise UnsupportedMediaType(f"Send the body as {FORM}.")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise MalformedError("form") from error
    fields = dict(pairs)
    # Of two the reader would have to choose, and choose otherwise than who checked.
    if len(fields) != len(pairs):
        raise MalformedError("form")
    return fields


def read_press(fields: Mapping[str, str]) -> Press | None:
    """Read a pressed button; None for whatever else Slack tells of.

    Raises:
        MalformedError: It is not the JSON that a press is.
    """
    payload = strict_json(fields.get("payload", "").encode("utf-8", "replace"))
    if payload.get("type") != "block_actions":
        return None
    actions = payload.get("actions")
    if not isinstance(actions, list) or len(actions) != 1:
        raise MalformedError("press")
    action, message = _table(actions[0]), _table(payload.get("message"))
    blocks = message.get("blocks")
    return Press(
        team_id=_text(_table(payload.get("team")).get("id")),
        user_id=_text(_table(payload.get("user")).get("id")),
        action=_text(action.get("action_id")),
        value=_value(action.get("value")),
        block_id=_text(action.get("block_id")),
        response_url=_text(payload.get("response_url")),
        blocks=tuple(map(_table, blocks)) if isinstance(blocks, list) else (),
        text=_text(message.get("text")),
    )


def _value(text: object) -> dict[str, Any]:
    """Read what a button is bound to; nothing where another app's bears no JSON."""
    try:
        return strict_json(_text(text).encode("utf-8", "replace"))
    except MalformedError:
        return {}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_json(body: Mapping[str, Any]) -> str:
    """Write an answer."""
    return json.dumps(body, ensure_ascii=False)
