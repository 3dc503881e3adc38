"""Which identity needs which roles, by the accounts file alone. Pure; it asks nobody.

Two parts: for reading, which is enough for dry runs, exposure and the gate; and for
acting, one a functional ID. Source: ``needs.py``, and IBM Cloud docs for the lists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from workers.offboarding.grants import Grant, is_group_id
from workers.offboarding.needs import IAM_IDENTITY, KUBERNETES, all_needs

READER: Final = "READER"
_READING: Final = (
    Grant(
        ("Viewer",), KUBERNETES, why="to list every cluster and read whose its key is"
    ),
    Grant(("Viewer",), why="to name every resource group"),
    Grant(("Viewer",), "user-management", why="to list every user"),
    Grant(
        ("Administrator",),
        IAM_IDENTITY,
        why="to list everybody's API keys; with less, IAM leaves some out unsaid",
    ),
    Grant(("Viewer",), "iam-groups", why="to see which access groups somebody is in"),
    Grant(
        ("Viewer",),
        "iam-access-management",
        why="to see what the functional IDs may do",
    ),
)


@dataclass(frozen=True, slots=True)
class Taker:
    """A functional ID as the accounts file has it; no groups means every group."""

    name: str
    resource_groups: tuple[str, ...] = ()
    is_service_id: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """What one identity needs.

    Attributes:
        name: What people call it.
        stand_in: The word in capitals that its e-mail or id is to be put in place of.
        is_service_id: Whether it is a service ID, and no user.
        grants: What is to be given to it.
    """

    name: str
    stand_in: str
    grants: tuple[Grant, ...]
    is_service_id: bool = False


@dataclass(frozen=True, slots=True)
class Permissions:
    """All that one account needs: ``reading``, and one part a functional ID."""

    account_id: str
    account_name: str
    reading: Needed
    acting: tuple[Needed, ...]


def permissions(
    account_id: str, account_name: str, takers: Iterable[Taker]
) -> Permissions:
    """Say what is to be granted in an account.

    Args:
        account_id: The account.
        account_name: What people call it, if it has a name.
        takers: Its functional IDs, as the accounts file has them.
    """
    reading = Needed("whoever reads", READER, _READING)
    used = {READER}
    acting = []
    for one in takers:
        stand_in = _stand_in(one.name, used)
        used.add(stand_in)
        grants = tuple(_acting(one))
        acting.append(Needed(one.name, stand_in, grants, one.is_service_id))
    return Permissions(account_id, account_name, reading, tuple(acting))


def _acting(taker: Taker) -> Iterator[Grant]:
    """List a functional ID's grants, those on one service and group as one."""
    merged: dict[tuple[str, str], Grant] = {}
    for need in all_needs(is_service_id=taker.is_service_id):
        for group in taker.resource_groups or ("",):
            grant = need.grant(group, is_by_name=not is_group_id(group))
            where = grant.service, grant.group
            known = merged.get(where)
            if known is None:
                merged[where] = grant
            elif not set(grant.roles) <= set(known.roles):
                merged[where] = replace(
                    known,
                    roles=(*known.roles, *grant.roles),
                    why=f"{known.why}; {grant.why}",
                )
    yield from merged.values()


def _stand_in(name: str, used: set[str]) -> str:
    """Make a word in capitals of a name, another for each."""
    letters = [one if one.isascii() and one.isalnum() else "_" for one in name.upper()]
    word = "".join(letters).strip("_") or "FUNCTIONAL_ID"
    number, found = 2, word
    while found in used:
        number, found = number + 1, f"{word}_{number}"
    return found
