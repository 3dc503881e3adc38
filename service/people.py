"""Somebody whom another system signed in: their name, their groups, their role here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from config.parsers import user_name
from config.settings import ROLES, Settings, Token

_LONGEST: Final = 254
_SHOWN_GROUPS: Final = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Who a proxy or an identity provider says it is.

    ``user`` is in the form in which people are compared; ``groups`` as they came.
    """

    way: Literal["proxy", "oidc"]
    user: str
    groups: tuple[str, ...]


def user_in(text: object) -> str | None:
    """Return the name of a person; None where it could be two, or is no name.

    The name stands in ledgers and logs: no blanks, no control characters, nothing that
    looks like another letter.
    """
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
        return None
    is_plain = text.isascii() and text.isprintable()
    return user_name(text) if is_plain and not set(text) & set(" ,;") else None


def role_of(person: Person, settings: Settings) -> str | None:
    """Return the highest role of the person or of any of their groups."""
    found = [one.role for one in settings.auth_roles if one.name in person.groups]
    found += [one.role for one in settings.auth_users if one.name == person.user]
    return max(found, key=ROLES.index, default=None)


def groups_that_count(groups: Iterable[str], settings: Settings) -> tuple[str, ...]:
    """Return those of the groups that give a role here."""
    known = {one.name for one in settings.auth_roles}
    return tuple(dict.fromkeys(one for one in groups if one in known))


def as_token(person: Person, settings: Settings) -> Token | None:
    """Return what the pages know a visitor by; None where they have no role.

    The ledger says by which way they came. Behind it is the bare name, so that one who
    asked with a token of theirs may not approve that on a page.
    """
    role = role_of(person, settings)
    if role is None:
        return None
    return Token(f"{person.way}:{person.user}", role, "", person.user)


def without_role(person: Person) -> str:
    """Say to somebody who was signed in and may see nothing what is missing."""
    who = f"You are signed in as {person.user}, and nothing here gives you a role."
    if not person.groups:
        return (
            f"{who} No group came with you. Whoever runs this service can add you to"
            " OFFBOARD_AUTH_USERS, or have your groups sent for OFFBOARD_AUTH_ROLES."
        )
    sent = ", ".join(person.groups[:_SHOWN_GROUPS])
    return (
        f"{who} Groups that came with you: {sent}. Whoever runs this service can add"
        " one of them to OFFBOARD_AUTH_ROLES, or you to OFFBOARD_AUTH_USERS."
    )
