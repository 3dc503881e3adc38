"""Slack's limits on a message, so that one too large is refused here as there.

Knows nothing of who posts. Sources: Slack's Block Kit reference for single blocks; the
limit over all blocks is from public reports, and that the blocks' JSON is what counts
is inferred, not confirmed against a live workspace.
"""

import json
from collections.abc import Iterator

from simulator.errors import Json

_TEXT_CHARACTERS = 40_000
_BLOCKS = 50
_ALL_BLOCKS_CHARACTERS = 13_000
_BLOCK_ID_CHARACTERS = 255


def fault_of(text: str, blocks: list[Json]) -> str | None:
    """Answer Slack's word for what is wrong with a message; None if nothing is."""
    if len(text) > _TEXT_CHARACTERS:
        return "msg_too_long"
    if len(blocks) > _BLOCKS or not all(_fits(block) for block in blocks):
        return "invalid_blocks"
    as_json = json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))
    return "msg_blocks_too_long" if len(as_json) > _ALL_BLOCKS_CHARACTERS else None


def _fits(block: object) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    if len(str(block.get("block_id", ""))) > _BLOCK_ID_CHARACTERS:
        return False
    check = _CHECKS.get(block["type"])
    return check is None or check(block)


def _text_fits(text: object, limit: int, *, is_plain: bool = False) -> bool:
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        return False
    kinds = {"plain_text"} if is_plain else {"plain_text", "mrkdwn"}
    return text.get("type") in kinds and 1 <= len(text["text"]) <= limit


def _items(block: Json, name: str) -> list[object]:
    items = block.get(name, [])
    return items if isinstance(items, list) else []


def _section_fits(block: Json) -> bool:
    fields = _items(block, "fields")
    if "text" not in block and not fields:
        return False
    is_text_fit = "text" not in block or _text_fits(block["text"], 3000)
    return (
        is_text_fit and len(fields) <= 10 and all(_text_fits(f, 2000) for f in fields)
    )


def _header_fits(block: Json) -> bool:
    return _text_fits(block.get("text"), 150, is_plain=True)


def _context_fits(block: Json) -> bool:
    elements = _items(block, "elements")
    texts = [
        e for e in elements if not (isinstance(e, dict) and e.get("type") == "image")
    ]
    return 1 <= len(elements) <= 10 and all(_text_fits(t, 3000) for t in texts)


def _actions_fit(block: Json) -> bool:
    elements = _items(block, "elements")
    return 1 <= len(elements) <= 25 and all(_buttons_fit(elements))


def _buttons_fit(elements: list[object]) -> Iterator[bool]:
    for element in elements:
        if not isinstance(element, dict):
            yield False
        elif element.get("type") == "button":
            yield _button_fits(element)


def _button_fits(button: Json) -> bool:
    has_text = _text_fits(button.get("text"), 75, is_plain=True)
    has_value = len(str(button.get("value", ""))) <= 2000
    return has_text and has_value and _confirm_fits(button.get("confirm"))


def _confirm_fits(confirm: object) -> bool:
    if confirm is None:
        return True
    if not isinstance(confirm, dict):
        return False
    has_title = _text_fits(confirm.get("title"), 100, is_plain=True)
    return has_title and _text_fits(confirm.get("text"), 300)


_CHECKS = {
    "section": _section_fits,
    "header": _header_fits,
    "context": _context_fits,
    "actions": _actions_fit,
}
