"""Policies → rights: does somebody have a role on a service, and where. No I/O.

A policy gives its roles where all of its attributes fit; an attribute that is missing
fits everything. What hangs on a time, a tag or a role of somebody's own cannot be told
here, and that is an answer of its own: it is neither yes nor no.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from workers.offboarding.model import Right

# Key, operator, value: several values for the operators that take any of them.
Attribute = tuple[str, str, str | tuple[str, ...]]

# Not among "all services": a policy has to name these, or account management.
ACCOUNT_MANAGEMENT: Final = frozenset(
    {
        "billing",
        "iam-access-management",
        "iam-groups",
        "iam-identity",
        "user-management",
    }
)
_SERVICE_KEYS: Final = ("serviceName", "serviceType", "service_group_id")
_EQUALS: Final = ("stringEquals", "stringEqualsAnyOf")
_MATCHES: Final = ("stringMatch", "stringMatchAnyOf")
_EXISTS: Final = "stringExists"
_ROLE: Final = re.compile(
    r"crn:v1:bluemix:public:([a-z0-9-]+)::::(?:role|serviceRole):(\w+)"
)
_ENOUGH: Final = {
    "Viewer": {"Viewer", "Operator", "Editor", "Administrator"},
    "Operator": {"Operator", "Administrator"},
    "Editor": {"Editor", "Administrator"},
    "Administrator": {"Administrator"},
    "Reader": {"Reader", "Writer", "Manager"},
    "Writer": {"Writer", "Manager"},
    "Manager": {"Manager"},
}
# Roles of one service that hold nothing but what their name says.
_NARROW: Final = frozenset({"ServiceIdCreator", "UserApiKeyCreator"})
_ORDER: Final = (Right.MISSING, Right.CANNOT_TELL, Right.OK)


@dataclass(frozen=True, slots=True)
class Policy:
    """One access policy.

    Attributes:
        attributes: What it is limited to; all of them have to fit.
        roles: The CRNs of the roles it gives.
        has_condition: Whether it holds only at times, or for what has certain tags.
        state: ``active``, or it gives nothing.
        actions: What its roles allow, as ``containers-kubernetes.cluster.create``, for
            roles an account made up too; None where IAM did not say.
    """

    attributes: tuple[Attribute, ...] = ()
    roles: tuple[str, ...] = ()
    has_condition: bool = False
    state: str = "active"
    actions: tuple[str, ...] | None = None


def right_to(
    policies: Iterable[Policy],
    service: str,
    role: str,
    region: str | None = None,
    resource_group_id: str | None = None,
    action: str = "",
) -> Right:
    """Tell whether *policies* give *role*, or a better one, on *service*.

    Args:
        policies: All that the identity has, those of its access groups included.
        service: As IAM names it, ``containers-kubernetes``.
        role: The last part of a role's CRN, ``Viewer``.
        region: Where; None asks for every region.
        resource_group_id: In which group; None asks for every group.
        action: What the role is wanted for, ``containers-kubernetes.cluster.create``: a
            role that is known to allow it is as good, whoever made it up.

    Returns:
        ``missing`` only as far as these policies go: whether they are all is for the
        caller to know. Policies that give the role piece by piece are not put together.
    """
    where = {"region": region, "resourceGroupId": resource_group_id}
    return _best(
        _gives(
            one,
            _may(one, role, action),
            _covers_service(_parts(one)[0], service),
            where,
        )
        for one in policies
    )


def right_to_group(
    policies: Iterable[Policy], resource_group_id: str | None, role: str = "Viewer"
) -> Right:
    """Tell whether *policies* give *role* on a resource group itself.

    That is another right than the same role on what lies in the group.

    Args:
        policies: All that the identity has, those of its access groups included.
        resource_group_id: The group; None asks for every group.
        role: The last part of a role's CRN.
    """
    where = {"resourceType": "resource-group", "resource": resource_group_id}
    return _best(
        _gives(one, _may(one, role), _covers_groups(one), where) for one in policies
    )


def _gives(
    policy: Policy, role: Right, service: Right, where: dict[str, str | None]
) -> Right:
    if policy.state != "active" or Right.MISSING in (role, service):
        return Right.MISSING
    places = (_covers_place(one, where) for one in _parts(policy)[1])
    right = _least(role, service, *places)
    if policy.has_condition and right is Right.OK:
        return Right.CANNOT_TELL
    return right


def _parts(policy: Policy) -> tuple[list[Attribute], list[Attribute]]:
    """Split the attributes into those that name services, and the others."""
    named = [one for one in policy.attributes if one[0] in _SERVICE_KEYS]
    others = [one for one in policy.attributes if one[0] not in _SERVICE_KEYS]
    return named, others


def _may(policy: Policy, role: str, action: str = "") -> Right:
    """Tell whether one of a policy's roles is *role*, or allows *action*."""
    held = _best(_holds(one, role) for one in policy.roles)
    if held is Right.OK or not action or policy.actions is None:
        return held
    # All that the roles allow is known, so a role of somebody's own hides nothing.
    return Right.OK if action in policy.actions else Right.MISSING


def _covers_groups(policy: Policy) -> Right:
    """Tell whether a policy is for resource groups themselves.

    One for all services is not; whether one for account management, or one that names
    no service at all, is, is nowhere said.
    """
    named, others = _parts(policy)
    if any(key == "resourceType" for key, _, _ in others):
        return Right.CANNOT_TELL if named else Right.OK
    rights = [
        _fits(operator, value, "platform_service")
        if key == "serviceType"
        else Right.MISSING
        for key, operator, value in named
    ]
    return _least(Right.CANNOT_TELL, *rights)


@lru_cache(maxsize=1024)
def _holds(role_crn: str, wanted: str) -> Right:
    """Tell whether having one role is having another."""
    found = _ROLE.fullmatch(role_crn)
    if found is None:
        # A role somebody made up may hold anything.
        return Right.CANNOT_TELL
    service, name = found.groups()
    if name in _ENOUGH.get(wanted, {wanted}):
        return Right.OK
    # An editor may do most of what an operator may, and on some services all of it.
    is_unclear = (name, wanted) == ("Editor", "Operator")
    is_known = name in _NARROW or (service == "iam" and name in _ENOUGH)
    return Right.MISSING if is_known and not is_unclear else Right.CANNOT_TELL


def _covers_service(named: list[Attribute], service: str) -> Right:
    is_management = service in ACCOUNT_MANAGEMENT
    if not named:
        return Right.MISSING if is_management else Right.OK
    return _least(*(_names_service(one, service, is_management) for one in named))


def _names_service(attribute: Attribute, service: str, is_management: bool) -> Right:
    key, operator, value = attribute
    if key == "service_group_id":
        return _names_group(_fits(operator, value, "IAM"), service, is_management)
    if key == "serviceType":
        return _fits(
            operator, value, "platform_service" if is_management else "service"
        )
    right = _fits(operator, value, service)
    # Whether "any service" means account management too is nowhere said.
    is_by_name = operator in _EQUALS
    unclear = right is Right.OK and is_management and not is_by_name
    return Right.CANNOT_TELL if unclear else right


def _names_group(is_iam: Right, service: str, is_management: bool) -> Right:
    """Of IAM's group of services only one is known; of other groups nothing is."""
    if is_iam is not Right.OK:
        return Right.CANNOT_TELL
    if service == "iam-identity":
        return Right.OK
    return Right.CANNOT_TELL if is_management else Right.MISSING


def _covers_place(attribute: Attribute, where: dict[str, str | None]) -> Right:
    key, operator, value = attribute
    if key == "accountId":
        return Right.OK
    wanted = where.get(key)
    if wanted is not None:
        return _fits(operator, value, wanted)
    # It narrows to a part of the account, or of the place asked for, unless to any.
    if operator in _MATCHES and "*" in _several(value):
        return Right.OK
    # A cluster has a region and a group; what of the rest it has is nowhere said.
    if operator == _EXISTS and (value == "true" or key not in where):
        return Right.CANNOT_TELL
    is_known = operator in (*_EQUALS, *_MATCHES, _EXISTS)
    return Right.MISSING if is_known else Right.CANNOT_TELL


def _fits(operator: str, value: str | tuple[str, ...], actual: str) -> Right:
    values = _several(value)
    if operator in _EQUALS:
        fits = actual in values
    elif operator in _MATCHES:
        fits = any(_is_like(actual, one) for one in values)
    elif operator == _EXISTS:
        fits = value == "true"
    else:
        return Right.CANNOT_TELL
    return Right.OK if fits else Right.MISSING


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _is_like(actual: str, pattern: str) -> bool:
    """Match a pattern in which ``*`` stands for any text and ``?`` for one letter."""
    parts = (
        ".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern
    )
    return re.fullmatch("".join(parts), actual, re.DOTALL) is not None


def _best(rights: Iterable[Right]) -> Right:
    best = Right.MISSING
    for one in rights:
        if one is Right.OK:
            # What is proven once needs no other: a plan asks thousands of times.
            return one
        best = max(best, one, key=_ORDER.index)
    return best


def _least(*rights: Right) -> Right:
    return min(rights, key=_ORDER.index)
