"""What this service is set to: every setting, its value, what it means. No secret."""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from typing import Any, Final

import structlog
from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from config.settings import (
    AccountSettings,
    MappedPerson,
    Settings,
    SlackUser,
    Token,
)
from config.variables import may_read, named, variable_of
from service.context import here
from service.pages.door import page
from service.pages.trying import trial_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_DONE: Final = {
    "pause": "Paused: no key is reset until an approver resumes.",
    "resume": "Resumed: resets go on.",
}
# For the command line alone.
_NOT_OURS: Final = ("url", "token")
# Of two settings the address may hold a password; what can be shown has none.
_HIDDEN: Final = "set, not shown"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting in words; ``is_set`` tells whether it differs from its default."""

    variable: str
    meaning: str
    value: str
    is_set: bool


@page("GET", "/settings", role="operator")
def settings() -> str:
    """Show what the web process goes by, and what it is paused for."""
    found = here().settings
    return render_template(
        "settings.html",
        rows=list(_rows(found)),
        accounts=found.rules,
        armed=found.armed,
        paused=here().desk.pauses(),
        said=_DONE.get(request.args.get("did", "")),
        trial=trial_of(request.args.get("notice")),
        has_channel=bool(found.channels),
        faults=here().setting_faults(),
    )


@page("POST", "/pause", role="operator")
def pause_all() -> Response:
    """Hold every reset back."""
    return _turned(paused=True)


@page("POST", "/resume", role="approver")
def resume_all() -> Response:
    """Let resets go on; of a restored store this confirms it, too."""
    return _turned(paused=False)


def _turned(*, paused: bool) -> Response:
    here().desk.pause(None, paused=paused, actor=g.token.name, request_id=g.request_id)
    log.warning("resets.paused" if paused else "resets.resumed", actor=g.token.name)
    return redirect(f"/settings?did={'pause' if paused else 'resume'}", 303)


def _rows(found: Settings) -> Iterator[Row]:
    for each in fields(found):
        if each.metadata and each.name not in _NOT_OURS:
            yield _row(each, getattr(found, each.name), "")
    for name, source in found.sources:
        for each in fields(source):
            if source.is_on:
                yield _row(each, getattr(source, each.name), f"source_{name}_")


def _row(declared: Field[Any], value: object, prefix: str) -> Row:
    setting = named(declared, prefix)
    is_set = value != setting.default
    if not may_read(setting, "web"):
        shown, is_set = "held by workers only", False
    elif setting.metadata["secret"]:
        shown = _HIDDEN if is_set else "not set"
    else:
        shown = _said(value)
    return Row(variable_of(setting), setting.metadata["meaning"], shown, is_set)


def _said(value: object) -> str:
    match value:
        case None | () | "":
            return "not set"
        case bool():
            return "1" if value else "0"
        case float():
            return f"{value:g}"
        case tuple():
            return ", ".join(_named(one) for one in value)
        case _:
            return str(value)


def _named(one: object) -> str:
    match one:
        case Token():
            return f"{one.name} ({one.role})"
        case SlackUser():
            return f"{one.team_id}/{one.user_id} ({one.role})"
        case AccountSettings():
            return one.name or one.id
        case MappedPerson():
            return "a person"
        case _:
            return str(one)
