"""Who somebody in Slack is here: by the ids that nobody can choose, never by a name."""

import structlog
from flask import g

from config.settings import ROLES, Token
from service.auth import Role, caller
from service.context import here
from service.slack.saying import Answer, told
from workers.desk.slack import slack_code

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class NotAllowedError(Exception):
    """Somebody may not do this; ``answer`` says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("not allowed")
        self.answer = answer


def let_in(team_id: str, user_id: str) -> None:
    """Go on as who pressed or typed, if they are on the list.

    Raises:
        NotAllowedError: They are not; the answer has the ids to put there.
    """
    known = (
        one
        for one in here().settings.slack_users
        if (one.team_id, one.user_id) == (team_id, user_id)
    )
    found = next(known, None)
    ids = f"{team_id}/{user_id}"
    structlog.contextvars.bind_contextvars(actor=f"slack:{ids}"[:80])
    if found is None:
        log.warning("slack.not_on_the_list")
        raise NotAllowedError(
            told(
                ":lock: You are not on the list of who may do this (SLACK_USERS). "
                f"Your id is {slack_code(ids[:80])}: whoever runs the service can put "
                "it there, with a role."
            )
        )
    g.token = Token(found.actor, found.role, "", found.person)


def demand(role: Role) -> None:
    """Go on only if who pressed or typed has *role*, or one above.

    Raises:
        NotAllowedError: It is too small.
    """
    has = caller().role
    if ROLES.index(has) < ROLES.index(role):
        log.warning("slack.role_too_small", role=has, needed=role)
        raise NotAllowedError(
            told(f":lock: This needs the role {role}; you have {has}.")
        )
