"""OFFBOARD_SLACK_USERS: who may press a button or type a command in Slack, and as what.

People are known there by two ids that nobody can choose; a name anybody can take.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError

from config.parsers import ROLES, is_word, listed

_TEAM: Final = re.compile(r"T[A-Z0-9]{2,20}")
# W is how a person is called in an Enterprise Grid.
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_FORM: Final = "Each entry must be TEAM/USER:role or TEAM/USER:role:person."


@dataclass(frozen=True, slots=True)
class SlackUser:
    """Somebody who may press: their ids at Slack, their role.

    ``behind`` is the person as tokens and cases name them, where the settings say; one
    person behind a token and in Slack is one person when a plan is approved.
    """

    team_id: str
    user_id: str
    role: str
    behind: str | None = None

    @property
    def actor(self) -> str:
        """Name them as ledger and log do."""
        return actor_of(self.team_id, self.user_id)

    @property
    def person(self) -> str:
        """Return who they are; their ids where nobody said."""
        return self.behind or self.actor


def actor_of(team_id: str, user_id: str) -> str:
    """Return how somebody in Slack is named in ledger and log."""
    return f"slack:{team_id}/{user_id}"


def read_slack_users(raw: str) -> tuple[SlackUser, ...]:
    """Read who may press; ValidationError."""
    found = tuple(_user(entry) for entry in listed(raw))
    many = Counter(one.actor for one in found)
    if any(number > 1 for number in many.values()):
        raise ValidationError("Each TEAM/USER may stand there once.")
    return found


def _user(entry: str) -> SlackUser:
    ids, *rest = entry.split(":")
    team, _, user = ids.partition("/")
    if len(rest) not in (1, 2):
        raise ValidationError(_FORM)
    if not _TEAM.fullmatch(team) or not _USER.fullmatch(user):
        raise ValidationError(
            "Each TEAM/USER must be ids, like T0123ABCD/U0456EFGH: a workspace's "
            "begins with T, a person's with U or W."
        )
    role, *person = rest
    if role not in ROLES:
        raise ValidationError(f"Each role must be one of {', '.join(ROLES)}.")
    if not all(is_word(one) for one in person):
        raise ValidationError("Each person must be there, and without blanks.")
    return SlackUser(team, user, role, *person)
