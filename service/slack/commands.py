"""`/offboard …` in Slack: what may be typed, who may, and what is answered."""

from collections.abc import Callable
from typing import Final, Literal
from urllib.parse import quote

import structlog
from flask import g

from service.auth import caller
from service.context import here
from service.routes.casework import known_shape, may_see
from service.slack.people import NotAllowedError, demand, let_in
from service.slack.running import run
from service.slack.saying import Answer, page, standing, told
from service.slack.typed import TypedError, leaver_in, words_of
from workers.desk import Query
from workers.desk.slack import slack_code, slack_escape, slack_plain
from workers.offboarding.errors import (
    CaseDamagedError,
    ConflictError,
    NoSuchCaseError,
)
from workers.offboarding.model import Leaver
from workers.offboarding.restored import sentence

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_HELP: Final = "\n".join(
    (
        "*What may be typed*",
        "`/offboard gate USER`: may this person be removed yet?",
        "`/offboard status USER` or `CASE`: how do their cases stand?",
        "`/offboard run USER`: what would be reset? A dry run.",
        "`/offboard run USER --apply`: reset it, once you have pressed Start. "
        "`--region R` and `--group G` narrow it.",
        "`/offboard pause [ACCOUNT]`: hold every reset back; `resume` lets them go on.",
        "USER is an e-mail or an IAM ID.",
    )
)
_CASES: Final = 5


def command(fields: dict[str, str]) -> Answer:
    """Do what was typed, as far as whoever typed it may."""
    words = words_of(fields.get("text", ""))
    try:
        let_in(fields.get("team_id", ""), fields.get("user_id", ""))
        role, do = _COMMANDS.get(words[0].lower() if words else "", _NOTHING)
        demand(role)
        g.response_url = fields.get("response_url", "")
        answer = do(words[1:])
    except NotAllowedError as error:
        return error.answer
    except TypedError as error:
        return told(f":grey_question: {slack_escape(str(error))}")
    except (ConflictError, CaseDamagedError) as error:
        return told(f":no_entry: {slack_plain(str(error))}")
    log.info("slack.command_answered", command=do.__name__.strip("_"))
    return answer


def _help(words: list[str]) -> Answer:
    return told(_HELP)


def _gate(words: list[str]) -> Answer:
    leaver = leaver_in(words, "/offboard gate USER")
    if not g.response_url:
        return told(":warning: Slack said not where to answer. Use the page.")
    here().desk.slack.ask_gate(
        g.response_url,
        leaver,
        user=str(leaver),
        is_viewer=caller().role == "viewer",
    )
    return told(
        f":hourglass_flowing_sand: Reading every key anew for "
        f"{slack_code(str(leaver))}. The answer comes here, in some seconds."
    )


def _status(words: list[str]) -> Answer:
    if len(words) == 1 and _is_case_id(words[0].upper()):
        return _one(words[0].upper())
    return _cases_of(leaver_in(words, "/offboard status USER, or a case's id"))


def _is_case_id(word: str) -> bool:
    return len(word) == 26 and word.isalnum() and "@" not in word


def _one(case_id: str) -> Answer:
    missing = told(f":grey_question: There is no case {slack_code(case_id)}.")
    try:
        case = here().desk.show(known_shape(case_id))
    except NoSuchCaseError:
        return missing
    return told(standing(case)) if may_see(case) else missing


def _cases_of(leaver: Leaver) -> Answer:
    user = str(leaver)
    query = Query(user=user, limit=_CASES, with_scheduled=caller().role != "viewer")
    found = here().desk.list(query)
    cases = [one for one in found.cases if may_see(one)]
    if not cases and not found.damaged:
        return told(f"There is no case of {slack_code(user)}.")
    lines = [f"• {standing(one)}" for one in cases]
    if found.damaged:
        many = len(found.damaged)
        lines.append(f":warning: {many} more cannot be read; see the page.")
    if found.next:
        path = f"/?user={quote(user, safe='')}"
        lines.append(page(path, "All their cases", "There are older ones."))
    return told("\n".join([f"*Cases of {slack_code(user)}*, newest first", *lines]))


def _pause(words: list[str]) -> Answer:
    return _turned(words, paused=True)


def _resume(words: list[str]) -> Answer:
    restored = here().desk.restored() if not words else None
    if restored is not None:
        return told(
            f":warning: Not resumed. {slack_plain(sentence(restored.found))} Look at "
            "what would go on by itself first: `offboard resume` shows it and asks."
        )
    return _turned(words, paused=False)


def _turned(words: list[str], *, paused: bool) -> Answer:
    if len(words) > 1:
        raise TypedError("Give one account, or none for all.")
    account_id = _account(words[0]) if words else None
    now = here().desk.pause(
        account_id,
        paused=paused,
        actor=caller().name,
        request_id=g.request_id,
        person=caller().person,
    )
    log.warning("resets.paused" if paused else "resets.resumed", account_id=account_id)
    where = f"in account {slack_code(account_id)}" if account_id else "in all accounts"
    if paused:
        since = f"since {here().clock():%Y-%m-%d %H:%M} UTC"
        text = f":double_vertical_bar: *Paused* {where} {since}: no key is reset there"
        return told(f"{text} until an approver resumes.")
    left = ", ".join(map(slack_code, now.accounts)) if now.accounts else ""
    still = "everything is still paused" if now.everywhere else ""
    also = still or (f"still paused: {left}" if left else "nothing else is paused")
    return told(f":arrow_forward: *Resumed* {where}; {also}.")


def _account(word: str) -> str:
    """Return the id of an account, which may be named; TypedError."""
    named = {one.name: one.id for one in here().settings.rules if one.name}
    account_id = named.get(word, word)
    if not (account_id.isascii() and account_id.isalnum() and len(account_id) <= 64):
        raise TypedError("Give an account by its id or its name.")
    return account_id


_Role = Literal["viewer", "operator", "approver"]
_NOTHING: Final[tuple[_Role, Callable[[list[str]], Answer]]] = ("viewer", _help)
_COMMANDS: Final[dict[str, tuple[_Role, Callable[[list[str]], Answer]]]] = {
    "gate": ("viewer", _gate),
    "status": ("viewer", _status),
    "run": ("operator", run),
    "pause": ("operator", _pause),
    "resume": ("approver", _resume),
}
