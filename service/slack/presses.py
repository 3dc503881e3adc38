"""Buttons in Slack: what each does, and what somebody is told who comes too late.

Nothing is done by what the message said: the desk looks the case up again, and does
what the API does. What came of it is answered later, by Slack's own address.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import structlog

from service.auth import caller
from service.context import here
from service.routes.casework import known_shape
from service.slack import running
from service.slack.forms import Press
from service.slack.people import NotAllowedError, demand, let_in
from service.slack.saying import (
    Answer,
    at,
    decided,
    in_place,
    me,
    named,
    page,
    standing,
    told,
)
from service.slack.typed import TypedError
from workers.desk.slack import (
    APPROVE,
    REFUSE,
    REFUSE_ALL,
    RELEASE_ALL,
    RETRY,
    slack_escape,
    slack_plain,
)
from workers.offboarding.errors import (
    CaseDamagedError,
    ConflictError,
    NoSuchCaseError,
)
from workers.offboarding.words import counted

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_Role = Literal["viewer", "operator", "approver"]
# The message has its time of a worker, the brake of the store.
_CLOCKS_APART_SECONDS: Final = 300
_PAST: Final = {APPROVE: "Approved", REFUSE: "Refused", RETRY: "Taken back to work"}
_MARKS: Final = {
    APPROVE: ":white_check_mark:",
    REFUSE: ":no_entry:",
    RETRY: ":repeat:",
}


def press(pressed: Press) -> None:
    """Do what a button is for, as far as whoever pressed it may, and answer it."""
    try:
        let_in(pressed.team_id, pressed.user_id)
        role, do = _ACTIONS.get(pressed.action, _UNKNOWN)
        demand(role)
        answer = do(pressed)
    except NotAllowedError as error:
        answer = error.answer
    except TypedError as error:
        answer = told(f":grey_question: Not started. {slack_escape(str(error))}")
    log.info("slack.pressed", action=_known(pressed.action))
    if pressed.response_url:
        here().desk.slack.say(pressed.response_url, answer)


def _known(action: str) -> str:
    return action if action in _ACTIONS else "unknown"


def _unknown(pressed: Press) -> Answer:
    return told(
        ":grey_question: This button is of another version of the service; nothing was "
        "done. Use the page, or `/offboard help`."
    )


def _decide(pressed: Press) -> Answer:
    """Approve, refuse or retry the case the button is bound to."""
    case_id, plan = pressed.value.get("case"), pressed.value.get("plan")
    is_bound = "plan" in pressed.value or pressed.action == RETRY
    if not is_bound or not isinstance(case_id, str) or not _is_plan(plan):
        return _unknown(pressed)
    try:
        known_shape(case_id)
        _done(pressed.action, case_id, plan)
    except NoSuchCaseError:
        return told(":grey_question: Nothing was done: there is no such case any more.")
    except CaseDamagedError as error:
        return told(f":warning: Nothing was done. {slack_plain(str(error))}")
    except ConflictError as error:
        return told(_too_late(case_id, error))
    past = f"{_MARKS[pressed.action]} {_PAST[pressed.action]}"
    return in_place(pressed, f"{past} by {me()} {at(here().clock())}. {named(case_id)}")


def _done(action: str, case_id: str, plan: str | None) -> None:
    desk, who = here().desk, caller()
    if action == RETRY:
        desk.retry(case_id, actor=who.name)
        return
    do = desk.approve if action == APPROVE else desk.refuse
    do(case_id, plan, actor=who.name, person=who.person, entered_as=who.name)


def _is_plan(plan: object) -> bool:
    return plan is None or isinstance(plan, str)


def _too_late(case_id: str, error: ConflictError) -> str:
    """Say that nothing was done, what changed since, and who decided it when."""
    desk = here().desk
    why = slack_plain(str(error))
    since = decided(desk.ledger_of(case_id))
    return f":no_entry: Nothing was done. {why}{since}\n{standing(desk.show(case_id))}"


def _brake(pressed: Press) -> Answer:
    """Let all departures go on that the brake holds, or cancel them."""
    since = here().desk.brake().since
    if since is not None and _is_of_others(pressed.value.get("at"), since):
        see = page("/brake", "See who waits", "`offboard brake show` names them.")
        return told(
            ":no_entry: Nothing was done. Of those that this message told of nobody "
            f"waits any more; others do, since {since:%Y-%m-%d %H:%M} UTC. {see}"
        )
    is_release = pressed.action == RELEASE_ALL
    desk, who = here().desk, caller()
    do = desk.release_brake if is_release else desk.refuse_brake
    many = do(actor=who.name, person=who.person, entered_as=who.name)
    if not many:
        return told("Nothing was done: no departure waits for the brake any more.")
    what = "let go on" if is_release else "cancelled"
    mark = ":white_check_mark:" if is_release else ":no_entry:"
    cases = counted(many, "departure")
    return in_place(pressed, f"{mark} {cases} {what} by {me()} {at(here().clock())}.")


def _is_of_others(told_at: object, since: datetime) -> bool:
    """Tell whether the first of those that wait came after the message was made."""
    if not isinstance(told_at, int):
        return True
    return since.timestamp() > told_at + _CLOCKS_APART_SECONDS


_Action = tuple[_Role, Callable[[Press], Answer]]
_UNKNOWN: Final[_Action] = ("viewer", _unknown)
_ACTIONS: Final[dict[str, _Action]] = {
    APPROVE: ("approver", _decide),
    REFUSE: ("approver", _decide),
    RETRY: ("operator", _decide),
    RELEASE_ALL: ("approver", _brake),
    REFUSE_ALL: ("approver", _brake),
    running.RUN: ("operator", running.start),
    running.DROP_RUN: ("viewer", running.drop),
}
