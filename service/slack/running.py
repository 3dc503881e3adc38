"""`/offboard run`: a dry run at once; a real one only after its button was pressed.

The button holds who leaves and how far, as they were read, and who asked: a slip of
the hand is seen before anything starts. Pressed twice, it opens one case.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from flask import g

from service.auth import caller
from service.context import here
from service.routes.casework import scope_of
from service.routes.opening import open_case
from service.slack.forms import Press
from service.slack.saying import Answer, in_place, me, named, standing, told
from service.slack.typed import Run, TypedError, run_of
from workers.desk import Opened, OpenedAs
from workers.desk.slack import button, row, slack_code, slack_plain
from workers.offboarding.errors import ConflictError
from workers.offboarding.model import Departure

RUN: Final = "offboard.run"
DROP_RUN: Final = "offboard.run.drop"
# Whoever asked may have forgotten what about; and Slack answers no later than that.
_LIFE_SECONDS: Final = 600
_LONGEST_VALUE: Final = 2000


def run(words: list[str]) -> Answer:
    """Open a dry run, or ask whether to start what was typed."""
    asked = run_of(words)
    if asked.is_apply:
        return _ask(asked)
    try:
        opened = _open(asked, None, dry_run=True)
    except ConflictError as error:
        return told(f":no_entry: Not started. {slack_plain(str(error))}")
    text = f":mag: Dry run for {slack_code(str(asked.leaver))}: nothing is written. "
    return told(
        f"{text}What would be reset is told in the channel. {named(opened.case.id)}"
    )


def _ask(asked: Run) -> Answer:
    value = {
        "user": str(asked.leaver),
        **asked.body,
        "by": caller().name,
        "at": int(here().clock().timestamp()),
        "once": secrets.token_hex(16),
    }
    start = button("Start", RUN, value, style="danger")
    if len(start["value"]) > _LONGEST_VALUE:
        raise TypedError("That is too much for a button: use the command line.")
    drop = button("Do nothing", DROP_RUN, {})
    armed = (
        ""
        if here().settings.armed
        else (" The service is not armed, so it will be a dry run.")
    )
    return told(
        f"*Reset every cluster API key of {slack_code(str(asked.leaver))}*"
        f"{_where(asked)} *to a functional ID?* Nothing has started yet.{armed}",
        *row([start, drop]),
    )


def _where(asked: Run) -> str:
    places = [
        f"{word} {', '.join(map(slack_code, asked.body[name]))}"
        for name, word in (("regions", "in"), ("resource_groups", "of group"))
        if name in asked.body
    ]
    return f" {' '.join(places)}" if places else ""


def start(press: Press) -> Answer:
    """Start what was asked for, if it was asked for by the same person a moment ago."""
    value = press.value
    if value.get("by") != caller().name:
        return told(":lock: Only who typed the command may start it.")
    age = here().clock().timestamp() - _number(value.get("at"))
    if not -_LIFE_SECONDS < age < _LIFE_SECONDS:
        return in_place(press, "Not started: this is too old. Type it again.")
    asked = _bound(value)
    try:
        opened = _open(asked, str(value.get("once")), dry_run=False)
    except ConflictError as error:
        return in_place(press, f":no_entry: Not started. {slack_plain(str(error))}")
    return in_place(press, _started(opened))


def _bound(value: Mapping[str, Any]) -> Run:
    words = [str(value.get("user", ""))]
    for name, option in (("regions", "--region"), ("resource_groups", "--group")):
        given = value.get(name)
        for one in given if isinstance(given, list) else ():
            words += [option, str(one)]
    return run_of(words)


def _started(opened: Opened) -> str:
    if opened.opened_as is OpenedAs.JOINED:
        return f":link: Joined the case that is open already. {standing(opened.case)}"
    if opened.case.dry_run:
        what = ":mag: Opened as a dry run"
    else:
        what = ":arrow_forward: Started"
    return f"{what} by {me()}. {named(opened.case.id)}"


def drop(press: Press) -> Answer:
    """Say that nothing was started."""
    return in_place(press, "Nothing was started.")


def _open(asked: Run, once: str | None, *, dry_run: bool) -> Opened:
    departure = Departure(
        source="slack",
        leaver=asked.leaver,
        actor=caller().name,
        person=caller().person,
        scope=scope_of(asked.body),
        dry_run=dry_run,
        request_id=g.request_id,
    )
    if once is None:
        return open_case(departure)
    body = json.dumps({"user": str(asked.leaver), **asked.body})
    bound = _digest(f"{caller().name}:{once}"), _digest(body)
    return open_case(departure, idempotency=bound)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _number(value: object) -> float:
    if not isinstance(value, int) or abs(value) > 10**12:
        return 0.0
    return float(value)
