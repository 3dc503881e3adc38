"""May this functional ID own this target? Judged before any write. Pure.

Three answers, and no guess: ``ok``, ``missing``, ``cannot_tell``. Only a reset proves
it; a red preflight proves that there must be none.

Classic infrastructure is left out on purpose: its permissions are not IAM's, nothing
shows them of somebody who does not own the key yet, and ``cannot_tell`` for every
classic target would have people let everything through. The doctor says it instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from workers.offboarding.advice import cleaned
from workers.offboarding.errors import Reason
from workers.offboarding.findings import (
    Finding,
    because,
    missing,
    unseen,
    who,
    worst_first,
)
from workers.offboarding.grants import command_of, look_command, service_id_of
from workers.offboarding.model import Right, Target
from workers.offboarding.needs import Need, Where, needs_of
from workers.offboarding.rights import Policy, right_to, right_to_group
from workers.offboarding.soundness import faults_of, key_slots
from workers.offboarding.standing import Standing

__all__ = ["Finding", "Preflight", "preflight"]

_UNCLEAR: Final = (
    "what its policies give hangs on a condition, on a custom role or on an attribute "
    "that cannot be judged from here"
)
_SETTINGS_UNREAD: Final = (
    "whether the account restricts who creates API keys could not be read, and no "
    "policy of its own gives that role"
)


@dataclass(frozen=True, slots=True)
class Preflight:
    """What preflight says of one functional ID in one target; the worst comes first."""

    at: datetime
    findings: tuple[Finding, ...] = ()

    @property
    def right(self) -> Right:
        """Return the worst of all that was looked at."""
        return self.findings[0].right if self.findings else Right.OK

    @property
    def text(self) -> str:
        """Say all that is not in order, the worst first; empty where all is."""
        return " ".join(one.text for one in self.findings)

    @property
    def command(self) -> str | None:
        """Return one line for a shell that mends all that a command can mend."""
        commands = dict.fromkeys(one.command for one in self.findings if one.command)
        return " && ".join(commands) or None


def preflight(
    standing: Standing,
    target: Target,
    *,
    leaver_id: str | None = None,
    planned: int = 0,
) -> Preflight:
    """Judge whether a functional ID may own *target*.

    Args:
        standing: What was seen of it.
        target: Where; which services it needs rights for follows from the clusters.
        leaver_id: The IAM ID of who leaves; nobody takes over from themselves.
        planned: How many resets to it are to be made before this one; each takes one
            of its key slots.
    """
    if leaver_id is not None and leaver_id == standing.identity.id:
        text = f"{who(standing)} is the one who leaves, and cannot take over."
        return Preflight(standing.at, (missing(Reason.WRONG_IDENTITY, text),))
    findings = (
        *faults_of(standing),
        *role_findings(standing, target),
        *key_slots(standing, planned),
    )
    return Preflight(standing.at, worst_first(findings))


def role_findings(standing: Standing, target: Target) -> Iterator[Finding]:
    """Say which roles for *target* a functional ID lacks, or may lack."""
    is_service_id = service_id_of(standing.identity) is not None
    restricted = standing.is_key_creation_restricted
    needs = needs_of(
        [one for one in target.clusters if one.readable],
        is_service_id=is_service_id,
        makes_keys=restricted is not False,
    )
    for need in needs:
        right, why = _judged(standing, need, target)
        if need.role == "UserApiKeyCreator" and restricted is None:
            # Without the role all is well only if the account does not ask for it.
            right = Right.OK if right is Right.OK else Right.CANNOT_TELL
            why = _SETTINGS_UNREAD
        if right is not Right.OK:
            yield _finding(standing, need, target, right, why)


def _judged(standing: Standing, need: Need, target: Target) -> tuple[Right, str]:
    """Judge one need, and say what kept it from being judged."""
    right = _right(standing.policies, need, target)
    if right is Right.MISSING and standing.policies_fault:
        return Right.CANNOT_TELL, standing.policies_fault
    return right, _UNCLEAR


def _right(policies: tuple[Policy, ...], need: Need, target: Target) -> Right:
    group = target.resource_group.id
    match need.where:
        case Where.THE_GROUP:
            return right_to_group(policies, group, need.role)
        case Where.TARGET:
            return right_to(
                policies, need.service, need.role, target.region, group, need.action
            )
        case Where.GROUP:
            return _in_any_region(policies, need, group)
        case Where.ACCOUNT:
            return _in_any_region(policies, need, None)


def _in_any_region(
    policies: tuple[Policy, ...], need: Need, group: str | None
) -> Right:
    """Judge a need at a service whose regions are not those of clusters.

    A policy for a region of its own may be the one that counts, or not.
    """
    right = right_to(policies, need.service, need.role, None, group)
    if right is not Right.MISSING:
        return right
    regional = [_without_region(one) for one in policies]
    may = right_to(regional, need.service, need.role, None, group)
    return Right.MISSING if may is Right.MISSING else Right.CANNOT_TELL


def _without_region(policy: Policy) -> Policy:
    kept = tuple(one for one in policy.attributes if one[0] != "region")
    return replace(policy, attributes=kept)


def _finding(
    standing: Standing, need: Need, target: Target, right: Right, why: str
) -> Finding:
    service = f" ({need.service})" if need.service else ""
    wanted = f"the {need.role_title} on {need.title}{service}{_place(need, target)}"
    grant = command_of(need.grant(target.resource_group.id), standing.identity)
    if right is Right.MISSING:
        text = f"{who(standing)} lacks {wanted}."
        return missing(Reason.MISSING_ROLE, text, grant)
    text = f"It cannot be told whether {who(standing)} has {wanted}{because(why)}"
    # What was not seen may be there: look first, and grant it then.
    is_unread = why == standing.policies_fault
    return unseen(text, look_command(standing.identity) if is_unread else grant)


def _place(need: Need, target: Target) -> str:
    group = cleaned(target.resource_group.name or target.resource_group.id, 100)
    if need.where is Where.TARGET:
        return f" in {cleaned(target.region, 100)} / {group}"
    if need.where is Where.ACCOUNT:
        return " for the whole account"
    return f" {group}" if need.where is Where.THE_GROUP else f" in {group}"
