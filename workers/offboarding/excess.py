"""Rights of a functional ID that go far beyond what its clusters need. Pure.

Its raw key lies in every cluster that hangs on it, readable by whoever administers the
cluster: each right too many is theirs as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from workers.offboarding.advice import cleaned
from workers.offboarding.errors import Reason
from workers.offboarding.findings import Finding, missing, short_who, who
from workers.offboarding.grants import look_command
from workers.offboarding.model import KeyOwner, Right
from workers.offboarding.needs import KUBERNETES
from workers.offboarding.rights import Policy, right_to
from workers.offboarding.standing import Standing

_MANAGEMENT: Final = {
    "iam-access-management": "IAM Access Management",
    "user-management": "User Management",
    "billing": "Billing",
    "iam-groups": "IAM Access Groups",
}
# Stands for every service that no cluster needs: no policy names it, so only one for
# all services gives a role on it.
_ANY_SERVICE: Final = "any-service-that-no-cluster-needs"
_READABLE: Final = (
    "Its raw key lies in each of its clusters, readable by their administrators."
)


def broad(
    standing: Standing, group_names: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Warn of rights far beyond what is needed, as far as policies prove them.

    Args:
        standing: What was seen of the functional ID.
        group_names: The resource groups' names by id, since the accounts file may give
            either.
    """
    for what in _excess(standing, group_names or {}):
        yield missing(
            Reason.FUNCTIONAL_ID_BROAD,
            f"{who(standing)} {what}. {_READABLE}",
            look_command(standing.identity),
        )


def shared_ids(ids: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Find the identities that are functional IDs of more than one account.

    Args:
        ids: The IAM IDs of each account's functional IDs, by the account's id.

    Returns:
        The accounts of each such identity, by its IAM ID.
    """
    accounts: dict[str, set[str]] = {}
    for account_id, theirs in ids.items():
        for each in theirs:
            accounts.setdefault(each, set()).add(account_id)
    return {
        each: tuple(sorted(found))
        for each, found in sorted(accounts.items())
        if len(found) > 1
    }


def shared(identity: KeyOwner, name: str, elsewhere: Iterable[str]) -> Finding | None:
    """Warn of a functional ID that is one of other accounts too.

    Args:
        identity: Who it is.
        name: What the accounts file calls it.
        elsewhere: The other accounts, by name or id.
    """
    others = sorted(cleaned(one, 100) for one in elsewhere)
    if not others:
        return None
    accounts = "account" if len(others) == 1 else "accounts"
    return missing(
        Reason.FUNCTIONAL_ID_SHARED,
        f"{short_who(identity, name)} is a functional ID of {accounts} "
        f"{', '.join(others)} as well: who administers a cluster here can read its raw "
        "key, and act there. Give each account one of its own.",
    )


def _excess(standing: Standing, group_names: Mapping[str, str]) -> Iterator[str]:
    policies = standing.policies
    if _may(policies, _ANY_SERVICE, "Administrator"):
        yield "is Administrator on all services of the account"
    managed = [
        f"{title} ({service})"
        for service, title in _MANAGEMENT.items()
        if _may(policies, service, "Editor")
    ]
    if managed:
        yield f"is Editor or Administrator on {', '.join(managed)}"
    outside = _outside(standing, group_names)
    if outside:
        yield (
            "is Administrator on Kubernetes Service "
            f"{outside}, outside of the resource groups that the accounts file gives it"
        )


def _may(policies: Iterable[Policy], service: str, role: str) -> bool:
    return right_to(policies, service, role) is Right.OK


def _outside(standing: Standing, group_names: Mapping[str, str]) -> str:
    """Say where it administers clusters outside of its groups; empty where nowhere."""
    own = set(standing.resource_groups)
    if not own:
        return ""
    if any(_may([one], KUBERNETES, "Administrator") for one in _anywhere(standing)):
        return "in every resource group"
    found = sorted(
        cleaned(name or group_id, 100)
        for group_id, name in group_names.items()
        if not own & {group_id, name} and _administers(standing, group_id)
    )
    return f"in {', '.join(found)}" if found else ""


def _administers(standing: Standing, group_id: str) -> bool:
    return any(
        right_to([one], KUBERNETES, "Administrator", None, group_id) is Right.OK
        for one in _anywhere(standing)
    )


def _anywhere(standing: Standing) -> Iterator[Policy]:
    """Return the policies as if none was limited to a region: one is enough here."""
    for one in standing.policies:
        kept = tuple(each for each in one.attributes if each[0] != "region")
        yield Policy(kept, one.roles, one.has_condition, one.state, one.actions)
